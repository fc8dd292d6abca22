"""What is recorded now: a fold of facts, its own and those of calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from typing import Any, Final, NamedTuple

from softswitch.calls import facts as calls
from softswitch.calls.recording import facts
from softswitch.core.facts import Record

Values = tuple[Any, ...]
ECHO: Final = "echo"


class File(NamedTuple):
    """A file of an interval."""

    recording: str
    path: str
    """Within the storage directory."""
    channels: tuple[tuple[str, ...], ...]
    """By channel, legs."""


class Heard(NamedTuple):
    """A leg that is heard in an interval from some time on."""

    recording: str
    channel: int
    leg: str
    from_s: float
    """Wall time."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What is recorded of a conversation, or was last."""

    number: int
    began_at_s: float
    """Wall time."""
    by: str
    files: tuple[File, ...]
    heard: tuple[Heard, ...]
    ended_at_s: float = 0.0
    """Wall time; 0 while it goes on."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a guide records of its caller."""

    leg: str
    recording: str
    path: str
    limit_s: float
    silence_s: float
    began_at_s: float


@dataclass(slots=True)
class Recorded:
    """What is known of one conversation."""

    trunk: str = ""
    """The trunk it came in by."""
    caller: str = ""
    """The leg that was left first."""
    left: str = ""
    """The caller's side: a leg."""
    right: str = ""
    interval: Interval | None = None
    """The last one."""
    messages: int = 0
    message: Message | None = None
    keyed: tuple[str, str, float] = ("", "", 0.0)
    """The leg that has begun to key a code, its keys, and when."""

    @property
    def running(self) -> Interval | None:
        """The interval that goes on."""
        return self.interval if self.interval is not None and not self.interval.ended_at_s else None


class RecordingState:
    """All conversations that are not over."""

    def __init__(self) -> None:
        self.conversations: dict[str, Recorded] = {}
        self.unkept: dict[str, float] = {}
        """Recordings that have ended and of which no worker has said so yet: when, in wall time."""
        self.failing: dict[str, str] = {}
        """Recordings that cannot be written now, and why."""

    def of(self, conversation_id: str) -> Recorded:
        """Return what is known of a conversation; one that is not there was never talked in."""
        return self.conversations.get(conversation_id) or Recorded()

    def apply(self, record: Record) -> None:
        """Change the state by a fact; others change nothing."""
        change = _CHANGES.get(type(record.fact))
        if change is not None:
            change(self, record, record.fact)

    def values(self) -> Values:
        """Return the state as plain values."""
        conversations = tuple(
            (
                name,
                (one.trunk, one.caller, one.left, one.right),
                _plain(one.interval),
                one.messages,
                _plain(one.message),
                one.keyed,
            )
            for name, one in self.conversations.items()
        )
        return (conversations, tuple(self.unkept.items()), tuple(self.failing.items()))

    def restore(self, values: Values) -> None:
        """Put into an empty state what :meth:`values` gave."""
        conversations, unkept, *more = values or ((), ())
        self.unkept.update(unkept)
        for failing in more:
            self.failing.update(failing)
        for name, sides, interval, messages, message, keyed in conversations:
            trunk, caller, left, right = sides
            self.conversations[name] = Recorded(
                trunk,
                caller,
                left,
                right,
                None if interval is None else _interval(interval),
                messages,
                None if message is None else Message(*message),
                keyed,
            )

    # Facts

    def _started(self, record: Record, fact: calls.ConversationStarted) -> None:
        if fact.kind == "call":
            self.conversations[record.conversation_id] = Recorded(fact.trunk)

    def _segment_started(self, record: Record, fact: calls.SegmentStarted) -> None:
        known = self.conversations.get(record.conversation_id)
        if known is not None:
            known.caller = known.caller or fact.leg_a
            known.left, known.right = sides_after(known, fact.leg_a, fact.leg_b)

    def _over(self, record: Record, fact: calls.ConversationEnded) -> None:
        known = self.conversations.get(record.conversation_id)
        if known is not None and known.running is None and known.message is None:
            del self.conversations[record.conversation_id]

    def _recording_started(self, record: Record, fact: facts.RecordingStarted) -> None:
        known = self.conversations[record.conversation_id]
        files = files_of(fact.files)
        known.interval = Interval(fact.number, record.wall_s, fact.by, files, heard_in(files, (), record.wall_s))

    def _recording_changed(self, record: Record, fact: facts.RecordingChanged) -> None:
        known = self.conversations[record.conversation_id]
        if known.interval is not None:
            files = files_of(fact.files)
            heard = heard_in(files, known.interval.heard, record.wall_s)
            known.interval = replace(known.interval, files=files, heard=heard)

    def _recording_stopped(self, record: Record, fact: facts.RecordingStopped) -> None:
        known = self.conversations[record.conversation_id]
        if known.interval is not None:
            known.interval = replace(known.interval, ended_at_s=record.wall_s)
            self.unkept.update((file.recording, record.wall_s) for file in known.interval.files)
        if fact.by == "end":
            self._forget_if_over(record.conversation_id)

    def _keyed(self, record: Record, fact: facts.RecordingKeyed) -> None:
        self.conversations[record.conversation_id].keyed = (fact.leg, fact.keys, record.wall_s)

    def _message_started(self, record: Record, fact: facts.MessageStarted) -> None:
        known = self.conversations[record.conversation_id]
        known.messages += 1
        known.message = Message(fact.leg, fact.recording, fact.path, fact.limit_s, fact.silence_s, record.wall_s)

    def _message_ended(self, record: Record, fact: facts.MessageEnded) -> None:
        self.conversations[record.conversation_id].message = None
        self.unkept[fact.recording] = record.wall_s

    def _kept(self, record: Record, fact: facts.RecordingKept) -> None:
        self.unkept.pop(fact.recording, None)
        self.failing.pop(fact.recording, None)

    def _failed(self, record: Record, fact: facts.RecordingFailed) -> None:
        self.failing[fact.recording] = fact.reason

    def _recovered(self, record: Record, fact: facts.RecordingRecovered) -> None:
        self.failing.pop(fact.recording, None)

    def _forget_if_over(self, conversation_id: str) -> None:
        known = self.conversations[conversation_id]
        if known.message is None:
            del self.conversations[conversation_id]


_CHANGES: Final[dict[type, Callable[[RecordingState, Record, Any], None]]] = {
    calls.ConversationStarted: RecordingState._started,
    calls.SegmentStarted: RecordingState._segment_started,
    calls.ConversationEnded: RecordingState._over,
    facts.RecordingStarted: RecordingState._recording_started,
    facts.RecordingChanged: RecordingState._recording_changed,
    facts.RecordingStopped: RecordingState._recording_stopped,
    facts.RecordingKeyed: RecordingState._keyed,
    facts.MessageStarted: RecordingState._message_started,
    facts.MessageEnded: RecordingState._message_ended,
    facts.RecordingKept: RecordingState._kept,
    facts.RecordingFailed: RecordingState._failed,
    facts.RecordingRecovered: RecordingState._recovered,
}
OF_CALLS: Final = frozenset({calls.ConversationStarted, calls.SegmentStarted, calls.ConversationEnded})
"""The types of the facts of calls that change something here."""

RECORDED: Final = frozenset(_CHANGES)
"""The facts that change :class:`RecordingState`."""


def sides_after(known: Recorded, one: str, other: str) -> tuple[str, str]:
    """Return who is left and right when two legs begin to talk.

    The caller is left whenever it talks; otherwise whoever was there before stays on its side.
    """
    for left in (known.caller, known.left):
        if left in (one, other):
            return left, other if left == one else one
    if known.right in (one, other):
        return (other if known.right == one else one), known.right
    return one, other


def heard_in(files: tuple[File, ...], before: tuple[Heard, ...], wall_s: float) -> tuple[Heard, ...]:
    """Return who is heard, and since when: those before, and those who are new."""
    known = {(one.recording, one.channel, one.leg) for one in before}
    fresh = [
        Heard(file.recording, channel, leg, wall_s)
        for file in files
        for channel, legs in enumerate(file.channels)
        for leg in legs
        if (file.recording, channel, leg) not in known
    ]
    return (*before, *fresh)


def files_of(values: Values) -> tuple[File, ...]:
    """Make an interval's files of their plain values."""
    return tuple(File(name, path, tuple(tuple(legs) for legs in channels)) for name, path, channels in values)


def _interval(values: Values) -> Interval:
    number, began_at_s, by, files, heard, ended_at_s = values
    return Interval(number, began_at_s, by, files_of(files), tuple(Heard(*one) for one in heard), ended_at_s)


def _plain(made: Interval | Message | None) -> Values | None:
    return None if made is None else astuple(made)
