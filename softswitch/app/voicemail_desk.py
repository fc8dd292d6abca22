"""Voicemail: recordings for boxes become messages, which lamps tell of, mail brings, and people hear, delete, keep."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.calls.recording.facts import RecordingKept
from softswitch.calls.voicemail import facts
from softswitch.calls.voicemail.state import APPLIED, Mailboxes, Message
from softswitch.core.clock import iso_utc
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.directory.site import Site
from softswitch.scenario.errands import DELETE, MAIL, Errand, ErrandOver, Errands
from softswitch.sip.bodies.message_summary import MailCounts

TICKET: Final = "voicemail:"
"""Before the name of the message that an errand is about."""
SHORTEST_S: Final = 1.0
"""A shorter recording is no message: somebody hung up at the tone."""
MAIL_AGAIN_S: Final = (60, 300, 900, 3600, 10_800, 43_200)
"""How long after a mail that did not go out the next one is tried."""
_RETENTION_S: Final = 3600.0
_MAIL: Final = "voicemail-mail"
_KEEP: Final = "voicemail-keep"


class VoicemailDesk:
    """The one who writes the mailboxes; implements :class:`softswitch.app.events.message_summary.Mailboxes`.

    Args:
        boxes: the folded state.
        turn: gives facts their place.
        site: returns the site in force.
        errands: sends mail and deletes files.
        wake_ups: wakes us for mail that is tried again, and to delete what is old.
        storage: the storage directory.
        mail: how mail is sent: host, port, tls, username, password_env, sender; empty: not at all.
        keep_s: after how long messages are deleted; 0: never.
        log: tells an event for people.
    """

    follows: Collection[type] = (facts.VoicemailLeft, facts.VoicemailHeard, facts.VoicemailDeleted)
    """The facts that change how many messages there are."""
    sees: Final = frozenset({*APPLIED, RecordingKept})
    """The facts that :meth:`follow` is to be told of."""

    def __init__(
        self,
        boxes: Mailboxes,
        turn: Turn,
        *,
        site: Callable[[], Site],
        errands: Errands,
        wake_ups: WakeUps,
        storage: str,
        mail: Mapping[str, Any],
        keep_s: float,
        log: Callable[..., None],
    ) -> None:
        self.boxes = boxes
        self._turn = turn
        self._site = site
        self._errands = errands
        self._wake_ups = wake_ups
        self._storage = storage
        self._mail = mail
        self._keep_s = keep_s
        self._log = log
        self._kept: list[tuple[RecordingKept, str]] = []
        self._tries: dict[str, int] = {}
        wake_ups.serve(_MAIL, self._mail_again)
        wake_ups.serve(_KEEP, lambda _: self._delete_old())

    # What happens

    def follow(self, record: Record) -> None:
        """Fold a fact, and note what follows from it at the end of the turn."""
        fact, before = record.fact, len(self.boxes.useless)
        if isinstance(fact, RecordingKept) and self.boxes.begun_as(fact.recording) is not None:
            self._kept.append((fact, record.conversation_id))
        self.boxes.apply(record)
        for path in list(self.boxes.useless)[before:]:
            self._delete_file(path)

    def _delete_file(self, path: str) -> None:
        self._errands.send(f"{TICKET}{path}", Errand(DELETE, {"path": self._file(path)}, 10.0))

    def end_turn(self) -> None:
        """Make messages and greetings of the recordings that have become whole."""
        if not self._kept:
            return
        kept, self._kept = self._kept, []
        for fact, conversation_id in kept:
            begun = self.boxes.begun_as(fact.recording)
            if begun is None:
                continue
            if fact.seconds < SHORTEST_S or fact.why == "lost":
                self._drop(begun, fact, conversation_id)
                continue
            if begun.greeting:
                self._turn.place(facts.VoicemailGreetingSet(begun.box, begun.path), conversation_id)
                continue
            left = facts.VoicemailLeft(
                begun.box, fact.recording, begun.path, begun.from_number, begun.from_name, fact.seconds
            )
            self._turn.place(left, conversation_id)
            self._send_mail(begun.box, fact.recording)

    def _drop(self, begun: facts.VoicemailBegun, fact: RecordingKept, conversation_id: str) -> None:
        why = "lost" if fact.why == "lost" else "too-short"
        self._turn.place(facts.VoicemailDropped(begun.path, why), conversation_id)

    def resume(self) -> None:
        """Go on where an earlier brain was: mail that may not have gone out goes out, with the same id.

        Files that may not have been deleted are.
        """
        for path in self.boxes.useless:
            self._delete_file(path)
        for box in self.boxes.boxes():
            for message in self.boxes.messages(box):
                if not message.mailed:
                    self._send_mail(box, message.message)
        if self._keep_s:
            self._wake_ups.arm(_KEEP, "all", self._turn.wall_s + _RETENTION_S)

    # Mail

    def _send_mail(self, box: str, name: str) -> None:
        message, to = self.boxes.get(box, name), self._address(box)
        if message is None or message.mailed or not to or not self._mail:
            return
        who = f"{message.from_name} {message.from_number}".strip()
        text = f"{who}\n{iso_utc(message.at_s)}\n{message.seconds:.0f} s\n"
        values = {
            **self._mail,
            "to": to,
            "id": name,
            "subject": f"Voicemail from {who}",
            "text": text,
            "path": self._file(message.path),
        }
        self._errands.send(f"{TICKET}mail/{box}/{name}", Errand(MAIL, values, 60.0))

    def _address(self, box: str) -> str:
        site = self._site()
        found = site.users.get(box) or site.groups.get(box)
        return "" if found is None else found.email

    def errand_over(self, ticket: str, over: ErrandOver) -> None:
        """Take what became of a mail or a file; a mail that did not go out is tried again, later and later.

        A file that could not be deleted is tried again after the next start.
        """
        what, _, rest = ticket.removeprefix(TICKET).partition("/")
        if what != "mail":
            self._file_over(ticket.removeprefix(TICKET), over)
            return
        box, _, name = rest.partition("/")
        if over.ok:
            self._tries.pop(rest, None)
            self._turn.place(facts.VoicemailMailed(box, name, ""))
            return
        tries = self._tries.get(rest, 0)
        self._log("voicemail.mail_failed", box=box, message=name, reason=over.word, tries=tries + 1)
        if tries >= len(MAIL_AGAIN_S):
            self._turn.place(facts.VoicemailMailed(box, name, over.word))
            return
        self._tries[rest] = tries + 1
        self._wake_ups.arm(_MAIL, rest, self._turn.wall_s + MAIL_AGAIN_S[tries])

    def _file_over(self, path: str, over: ErrandOver) -> None:
        if over.ok:
            self._turn.place(facts.VoicemailFileDeleted(path))
        else:
            self._log("voicemail.file_not_deleted", path=path, reason=over.word)

    def _mail_again(self, subject: str) -> None:
        box, _, name = subject.partition("/")
        self._send_mail(box, name)

    # Retention

    def _delete_old(self) -> None:
        before_s = self._turn.wall_s - self._keep_s
        for box in self.boxes.boxes():
            for message in self.boxes.messages(box):
                if message.at_s < before_s:
                    self._turn.place(facts.VoicemailDeleted(box, message.message, "retention"))
        self._wake_ups.arm(_KEEP, "all", self._turn.wall_s + _RETENTION_S)

    # What people ask and do

    def file_of(self, box: str, name: str) -> str:
        """Return the file of a message.

        Raises:
            CommandError: there is no such message.
        """
        return self._file(self._message(box, name).path)

    def mark_heard(self, box: str, name: str, by: str) -> None:
        """Note that somebody has listened to a message.

        Raises:
            CommandError: there is no such message.
        """
        if not self._message(box, name).heard:
            self._turn.place(facts.VoicemailHeard(box, name, by))

    def delete(self, box: str, name: str, by: str) -> None:
        """Delete a message and its file.

        Raises:
            CommandError: there is no such message.
        """
        self._message(box, name)
        self._turn.place(facts.VoicemailDeleted(box, name, by))

    def _message(self, box: str, name: str) -> Message:
        found = self.boxes.get(box, name)
        if found is None:
            text = f"There is no message {name} in the box {box}."
            raise CommandError(text, status=404, error_id="no-message", field="message")
        return found

    def _file(self, path: str) -> str:
        return f"{self._storage}/{path}"

    # Lamps

    def counts(self, user: str) -> MailCounts:
        """Return how many messages a user has: the own ones, and those of groups that the user is in."""
        messages = [message for box in self._boxes_of(user) for message in self.boxes.messages(box)]
        heard = sum(message.heard for message in messages)
        return MailCounts(len(messages) - heard, heard)

    def touched(self, record: Record) -> Iterable[str]:
        """Return the users whose messages a fact changes."""
        box = record.fact.box
        group = self._site().groups.get(box)
        return (box,) if group is None else tuple(name for name, _ in group.members)

    def _boxes_of(self, user: str) -> list[str]:
        groups = self._site().groups.values()
        return [user, *(group.name for group in groups if any(name == user for name, _ in group.members))]
