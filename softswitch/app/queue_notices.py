"""Tells supervisors of lost calls and of callers who wait too long: by mail, by webhook, and in the API.

What is to be told is a fact before it goes out, so a restart forgets nothing; a server that is down is asked again,
later and later, and delays nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from softswitch.app.folded_state import FoldedState
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.core.clock import iso_utc
from softswitch.core.facts import Record
from softswitch.directory.site import Queue, Site
from softswitch.queues.notices.facts import NoticeOver, NoticeRaised
from softswitch.queues.notices.state import Notice
from softswitch.queues.router.facts import QueueEntered, QueueFinished, QueueLeft
from softswitch.queues.router.state import Entry, EntryState
from softswitch.scenario.errands import HTTP, MAIL, Errand, ErrandOver, Errands

TICKET: Final = "notice:"
AGAIN_S: Final = (30, 120, 600, 3600, 10_800, 43_200)
"""How long after a try that failed the next one is made."""
QUIET_S: Final = 300.0
"""For how long after a notice that somebody waits too long a queue gives no other of that kind."""
_SLA: Final = "queue-sla"
_AGAIN: Final = "queue-notice"
_WEBHOOK: Final = "webhook"
_SEES: Final = frozenset({QueueEntered, QueueLeft, QueueFinished})
_WHAT: Final = {"lost": "hung up", "callback": "was not called back", "sla": "has not been answered"}
_CALLBACK_LOST: Final = frozenset({"expired", "failed"})


class _Lost(NamedTuple):
    """Somebody who wanted something of a queue and was not helped."""

    kind: str
    queue: str
    entry: int
    number: str
    waited_s: float
    conversation_id: str


class QueueNotices:
    """Raises notices and has them sent.

    Args:
        folded: who waits, and the notices.
        turn: gives facts their place.
        site: returns the site in force.
        errands: sends mail and requests.
        wake_ups: wakes us when somebody has waited long enough, and for another try.
        mail: how mail is sent; empty: not at all.
        log: tells an event for people.
    """

    def __init__(
        self,
        folded: FoldedState,
        turn: Turn,
        *,
        site: Callable[[], Site],
        errands: Errands,
        wake_ups: WakeUps,
        mail: Mapping[str, Any],
        log: Callable[..., None],
    ) -> None:
        self.state = folded.notices
        self._entries = folded.queues.entries
        self._turn = turn
        self._site = site
        self._errands = errands
        self._wake_ups = wake_ups
        self._mail = mail
        self._log = log
        self._lost: list[_Lost] = []
        self._tries: dict[str, int] = {}
        self._failed: dict[tuple[int, str], str] = {}
        """Why the last try by a channel came to nothing; another one is to come."""
        turn.listen(self._note, _SEES)
        wake_ups.serve(_SLA, self._waits_long)
        wake_ups.serve(_AGAIN, self._again)

    # What happens

    def _note(self, record: Record) -> None:
        fact = record.fact
        if isinstance(fact, QueueEntered) and fact.kind == "call":
            queue = self._site().queues.get(fact.queue)
            if queue is not None and _tells(queue):
                self._wake_ups.arm(_SLA, str(fact.entry), record.wall_s + queue.sla_s)
        elif isinstance(fact, QueueLeft):
            self._wake_ups.arm(_SLA, str(fact.entry), None)
            entry = self._entries.get(fact.entry)
            if fact.how == "abandoned":
                number = "" if entry is None else entry.number
                self._lost.append(_Lost("lost", fact.queue, fact.entry, number, fact.waited_s, record.conversation_id))
            elif fact.how in _CALLBACK_LOST and entry is not None:
                self._note_callback(entry, record)
        elif isinstance(fact, QueueFinished):
            entry = self._entries.get(fact.entry)
            if entry is not None and entry.kind == "callback" and not entry.reached:
                self._note_callback(entry, record)

    def _note_callback(self, entry: Entry, record: Record) -> None:
        waited_s = record.wall_s - entry.entered_s
        self._lost.append(_Lost("callback", entry.queue, entry.entry, entry.number, waited_s, record.conversation_id))

    def end_turn(self) -> None:
        """Raise what the turn came to."""
        if not self._lost:
            return
        lost, self._lost = self._lost, []
        for each in lost:
            queue = self._site().queues.get(each.queue)
            if queue is not None and _tells(queue) and each.waited_s >= queue.short_abandon_s:
                self._raise(queue, each.kind, each.entry, each.number, each.waited_s, each.conversation_id)

    def _waits_long(self, subject: str) -> None:
        entry = self._entries.get(int(subject))
        queue = None if entry is None else self._site().queues.get(entry.queue)
        if entry is None or queue is None or not _still_waits(entry):
            return
        now = self._turn.wall_s
        told_s = self.state.last_at_s("sla", queue.name)
        if told_s is None or now >= told_s + QUIET_S:
            self._raise(queue, "sla", entry.entry, entry.number, now - entry.entered_s, entry.conversation_id)

    def _raise(self, queue: Queue, kind: str, entry: int, number: str, waited_s: float, conversation_id: str) -> None:
        mails = tuple(f"mail:{address}" for address in queue.notify_mail)
        channels = (*mails, *((_WEBHOOK,) if queue.notify_webhook else ()))
        notice = self.state.last + 1
        fact = NoticeRaised(notice, queue.name, kind, entry, number, waited_s, channels, conversation_id)
        self.state.apply(self._turn.place(fact))
        self._send(self.state.notices[fact.notice])

    # Sending

    def _send(self, notice: Notice) -> None:
        for channel in sorted(notice.pending):
            errand = self._errand(notice, channel)
            if errand is None:
                self._over(notice.raised.notice, channel, self._why_not(channel))
            else:
                self._errands.send(self._ticket(f"{notice.raised.notice}/{channel}"), errand)

    def _why_not(self, channel: str) -> str:
        if channel != _WEBHOOK and not self._mail:
            return "no mail server: [mail] has no host"
        return "the site names it no more"

    def _errand(self, notice: Notice, channel: str) -> Errand | None:
        queue = self._site().queues.get(notice.raised.queue)
        if queue is None:
            return None
        if channel == _WEBHOOK:
            if not queue.notify_webhook:
                return None
            asked = {"method": "POST", "url": queue.notify_webhook, "headers": {}, "token_env": "", "into": {}}
            return Errand(HTTP, {**asked, "json": _document(notice)}, 10.0)
        told = {
            "to": channel.removeprefix("mail:"),
            "id": f"queue-notice-{notice.raised.notice}",
            "subject": _subject(notice),
            "text": _text(notice),
            "path": "",
        }
        return Errand(MAIL, {**self._mail, **told}, 60.0) if self._mail else None

    def errand_over(self, ticket: str, over: ErrandOver) -> None:
        """Take what became of a notice; one that did not go out is tried again."""
        _, number, channel = ticket.removeprefix(TICKET).split("/", 2)
        notice = self.state.notices.get(int(number))
        if notice is None or channel not in notice.pending:
            return
        key = f"{number}/{channel}"
        tries = self._tries.pop(key, 0)
        if over.ok:
            self._over(int(number), channel, "")
        elif tries >= len(AGAIN_S):
            self._over(int(number), channel, over.word)
        else:
            self._failed[int(number), channel] = over.word
            self._log("queue.notice_failed", notice=int(number), reason=over.word, tries=tries + 1)
            self._tries[key] = tries + 1
            self._wake_ups.arm(_AGAIN, key, self._turn.wall_s + AGAIN_S[tries])

    def problems(self, notice: Notice) -> dict[str, str]:
        """Return by which channels a notice has not gone out, and why: given up, or to be tried again."""
        tried = {channel: self._failed.get((notice.raised.notice, channel), "") for channel in notice.pending}
        return notice.problems | {channel: reason for channel, reason in tried.items() if reason}

    def _over(self, number: int, channel: str, problem: str) -> None:
        self._failed.pop((number, channel), None)
        self.state.apply(self._turn.place(NoticeOver(number, channel, problem)))

    def _again(self, key: str) -> None:
        number, _, channel = key.partition("/")
        notice = self.state.notices.get(int(number))
        errand = None if notice is None or channel not in notice.pending else self._errand(notice, channel)
        if errand is not None:
            self._errands.send(self._ticket(key), errand)

    def _ticket(self, key: str) -> str:
        """Name a try: one that is known already is not begun again."""
        return f"{TICKET}{self._tries.get(key, 0)}/{key}"

    def resume(self) -> None:
        """Go on where an earlier brain was."""
        for entry in self._entries.values():
            queue = self._site().queues.get(entry.queue)
            if queue is not None and _tells(queue) and _still_waits(entry):
                self._wake_ups.arm(_SLA, str(entry.entry), max(self._turn.wall_s, entry.entered_s + queue.sla_s))
        for notice in list(self.state.notices.values()):
            self._send(notice)


def _tells(queue: Queue) -> bool:
    """Tell whether anybody wants to know of this queue."""
    return bool(queue.supervisors or queue.notify_mail or queue.notify_webhook)


def _still_waits(entry: Entry) -> bool:
    return entry.kind == "call" and entry.state is not EntryState.SERVED


def _subject(notice: Notice) -> str:
    who = notice.raised.number or "somebody"
    if notice.raised.kind == "lost":
        return f"{notice.raised.queue}: lost call of {who}"
    if notice.raised.kind == "callback":
        return f"{notice.raised.queue}: {who} was not called back"
    return f"{notice.raised.queue}: {who} waits too long"


def _text(notice: Notice) -> str:
    raised = notice.raised
    what = _WHAT[raised.kind]
    who = raised.number or "Somebody"
    told = f"{who} {what} after {raised.waited_s:.0f} s in {raised.queue}.\n{iso_utc(notice.at_s)}\n"
    call = raised.conversation_id or raised.number
    return told + (f"Why: softswitch why {call}\n" if call else "")


def _document(notice: Notice) -> dict[str, object]:
    raised = notice.raised
    return {
        "type": f"queue.{raised.kind}",
        "notice": raised.notice,
        "queue": raised.queue,
        "entry": raised.entry,
        "number": raised.number,
        "conversation_id": raised.conversation_id,
        "waited_s": round(raised.waited_s, 1),
        "at": iso_utc(notice.at_s),
    }
