"""The mailboxes: a fold of facts, with one writer (``app/voicemail_desk.py``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from typing import Any, Final

from softswitch.calls.recording.facts import MessageStarted
from softswitch.calls.voicemail import facts
from softswitch.core.facts import Record


@dataclass(slots=True)
class Message:
    """One message."""

    box: str
    message: str
    path: str
    """Within the storage directory."""
    from_number: str
    from_name: str
    at_s: float
    """When it was left, wall time."""
    seconds: float
    heard: bool = False
    mailed: bool = False
    """Whether it went out by mail, or will not any more."""


class Mailboxes:
    """All messages, and what is being recorded for boxes."""

    def __init__(self) -> None:
        self._boxes: dict[str, dict[str, Message]] = {}
        self._begun: dict[str, facts.VoicemailBegun] = {}
        self._recordings: dict[str, str] = {}
        self._greetings: dict[str, str] = {}
        self.useless: dict[str, None] = {}
        """Files that are to be deleted and may be there still, within the storage directory, in order."""

    def messages(self, box: str) -> list[Message]:
        """Return the messages of a box, the oldest first."""
        return list(self._boxes.get(box, {}).values())

    def get(self, box: str, message: str) -> Message | None:
        """Return a message, or None where there is none of that name."""
        return self._boxes.get(box, {}).get(message)

    def greeting(self, box: str) -> str:
        """Return the file of a box's own greeting, within the storage directory; empty where it has none."""
        return self._greetings.get(box, "")

    def boxes(self) -> Iterable[str]:
        """Return the names of the boxes that have messages."""
        return [box for box, messages in self._boxes.items() if messages]

    def begun_as(self, recording: str) -> facts.VoicemailBegun | None:
        """Return for which box a recording is, or None where it is for none."""
        return self._begun.get(self._recordings.get(recording, ""))

    def apply(self, record: Record) -> None:
        """Change this state by a fact; others change nothing."""
        change = _CHANGES.get(type(record.fact))
        if change is not None:
            change(self, record, record.fact)

    def values(self) -> tuple[Any, ...]:
        """Return the state as plain values, for a snapshot."""
        messages = tuple(astuple(each) for box in self._boxes.values() for each in box.values())
        begun = tuple((b.box, b.path, b.from_number, b.from_name, b.greeting) for b in self._begun.values())
        greetings = tuple(self._greetings.items())
        return (messages, begun, tuple(self._recordings.items()), greetings, tuple(self.useless))

    def restore(self, values: tuple[Any, ...]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        messages, begun, recordings, *later = values or ((), (), ())
        greetings, useless = (*later, (), ())[:2]  # older snapshots end before these
        self._greetings.update(greetings)
        self.useless.update(dict.fromkeys(useless))
        for each in messages:
            made = Message(*each)
            self._boxes.setdefault(made.box, {})[made.message] = made
        self._begun.update((each[1], facts.VoicemailBegun(*each)) for each in begun)
        self._recordings.update(recordings)

    def _begin(self, record: Record, fact: facts.VoicemailBegun) -> None:
        self._begun[fact.path] = fact

    def _recorded(self, record: Record, fact: MessageStarted) -> None:
        if fact.path in self._begun:
            self._recordings[fact.recording] = fact.path

    def _left(self, record: Record, fact: facts.VoicemailLeft) -> None:
        made = Message(fact.box, fact.message, fact.path, fact.from_number, fact.from_name, record.wall_s, fact.seconds)
        self._boxes.setdefault(fact.box, {})[fact.message] = made
        self._over(fact.path)

    def _greeting_set(self, record: Record, fact: facts.VoicemailGreetingSet) -> None:
        before = self._greetings.pop(fact.box, "")
        if before:
            self.useless[before] = None
        if fact.path:
            self._greetings[fact.box] = fact.path
        self._over(fact.path)

    def _dropped(self, record: Record, fact: facts.VoicemailDropped) -> None:
        self.useless[fact.path] = None
        self._over(fact.path)

    def _file_deleted(self, record: Record, fact: facts.VoicemailFileDeleted) -> None:
        self.useless.pop(fact.path, None)

    def _over(self, path: str) -> None:
        self._begun.pop(path, None)
        self._recordings = {name: kept for name, kept in self._recordings.items() if kept != path}

    def _heard(self, record: Record, fact: facts.VoicemailHeard) -> None:
        message = self.get(fact.box, fact.message)
        if message is not None:
            message.heard = True

    def _deleted(self, record: Record, fact: facts.VoicemailDeleted) -> None:
        message = self._boxes.get(fact.box, {}).pop(fact.message, None)
        if message is not None:
            self.useless[message.path] = None

    def _mailed(self, record: Record, fact: facts.VoicemailMailed) -> None:
        message = self.get(fact.box, fact.message)
        if message is not None:
            message.mailed = True


_CHANGES: Final[dict[type, Callable[[Mailboxes, Record, Any], None]]] = {
    facts.VoicemailBegun: Mailboxes._begin,
    MessageStarted: Mailboxes._recorded,
    facts.VoicemailLeft: Mailboxes._left,
    facts.VoicemailDropped: Mailboxes._dropped,
    facts.VoicemailGreetingSet: Mailboxes._greeting_set,
    facts.VoicemailHeard: Mailboxes._heard,
    facts.VoicemailDeleted: Mailboxes._deleted,
    facts.VoicemailFileDeleted: Mailboxes._file_deleted,
    facts.VoicemailMailed: Mailboxes._mailed,
}

APPLIED: Final = frozenset(_CHANGES)
"""The types of the facts that change something here."""
