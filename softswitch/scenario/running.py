"""What a step does while it runs: it begins, hears what happens, and either waits for more or is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from softswitch.calls.destinations import Phone
from softswitch.calls.voicemail.state import Message
from softswitch.scenario.errands import Errand, ErrandOver
from softswitch.scenario.texts import LANGUAGE, filled

LONGEST_S: Final = 3600.0
"""No step keeps a caller longer without anything happening."""


SCENARIO: Final = "scenario:"
"""What a step that enters another scenario says that it goes into."""
INSTEAD: Final = "instead:"
"""The same of one that does not come back."""


class KeyCame(NamedTuple):
    """A key was pressed, or waits since before the step began."""

    key: str
    kept: str = ""
    """How it may stand in facts: sealed where it may belong to a code."""


class NobodyReached(NamedTuple):
    """An attempt of this step to reach somebody is over."""

    word: str
    status: int


class PlayOver(NamedTuple):
    """What this step played is at its end, or could not be played."""

    problem: str = ""


class TimeOver(NamedTuple):
    """The time that the step set itself is over."""


class GivenBack(NamedTuple):
    """Another guide, to which this step had handed the caller, gives up."""

    why: str


class MessageOver(NamedTuple):
    """What the caller said is recorded."""

    why: str
    """``asked`` for by the step, ``limit``, ``silence``, or ``lost`` where it could not be written."""


class RecordingWhole(NamedTuple):
    """The file of what the caller said is whole; this comes a moment behind :class:`MessageOver`."""

    seconds: float


Event = KeyCame | NobodyReached | PlayOver | TimeOver | MessageOver | RecordingWhole | ErrandOver | GivenBack


class Wait(NamedTuple):
    """The step does something and waits."""

    phase: str
    for_s: float = LONGEST_S
    memory: tuple[str, ...] = ()
    keys_used: int = 0
    also: tuple[object, ...] = ()
    """Facts that go with it."""


class Over(NamedTuple):
    """The step is over and nobody has the call."""

    how: str
    into: str = ""
    """The block within it that runs next."""
    keys_used: int = 0
    sets: tuple[tuple[str, str], ...] = ()
    """Variables and the values that they have from now on."""
    also: tuple[object, ...] = ()
    """Facts that go with its end."""


class World(Protocol):
    """What a step can ask of the switch at the moment."""

    def phones_of(self, user: str) -> Sequence[Phone]:
        """Return the phones of a user that may be rung now: none for one who is offline or busy or does not want."""
        ...

    def is_online(self, user: str) -> bool:
        """Tell whether a user has a live phone, free or not."""
        ...

    def mobiles_of(self, user: str) -> Sequence[Phone]:
        """Return the mobile phones of a user as they can be reached outside, first the first in the list."""
        ...

    def outside(self, number: str, route: str) -> Sequence[Phone]:
        """Return the ways to a number outside, the first first; empty where no route leads there."""
        ...

    def user_of(self, extension: str) -> str:
        """Return the user of an extension, or an empty text."""
        ...

    def longest_extension(self) -> int:
        """Return how many digits the longest extension has."""
        ...

    def responsible_for(self, number: str) -> str:
        """Return the user who is responsible for a caller's number, or an empty text."""
        ...

    def is_contact(self, number: str) -> bool:
        """Tell whether a caller's number is that of a known contact."""
        ...

    def crm(self, number: str) -> Errand | None:
        """Return the errand that asks elsewhere who is responsible for a number, or None where nobody is asked."""
        ...

    def user_named(self, text: str) -> str:
        """Return the user of a name, an extension or a SIP address, or an empty text."""
        ...

    def named_like(self, keys: str) -> Sequence[str]:
        """Return the users whose shown name, or a word in it, begins with the letters of these keys."""
        ...

    def at_address(self, to: str, host: str, port: int) -> Sequence[Phone]:
        """Return the way to a SIP address outside, whose host was found at an IP address; empty where none is."""
        ...

    def spoken(self, text: str, language: str) -> Sequence[str] | None:
        """Return the sounds that say a text, or None where it has to be spoken first."""
        ...

    def speech_order(self, text: str, language: str) -> Mapping[str, object]:
        """Return what an errand needs to have a text spoken."""
        ...

    def phrase(self, name: str, language: str) -> Sequence[str]:
        """Return the sounds of a fixed phrase of the switch; none where it has no such recording."""
        ...

    def counted_messages(self, count: int, greeting_key: str, language: str) -> Sequence[str]:
        """Return the sounds that say how many new messages there are, and by which key the greeting is recorded."""
        ...

    def greeting(self, box: str) -> Sequence[str]:
        """Return the sound of a box's own greeting; none where it has none."""
        ...

    def kept_sound(self, path: str) -> str:
        """Return a file in the storage directory as the media engine names sounds."""
        ...

    def mailbox(self, box: str) -> Sequence[Message]:
        """Return the messages of a user's or a group's box."""
        ...

    def mailbox_pin(self, box: str) -> str:
        """Return the code of a box; an empty text where it has none."""
        ...

    def box_at(self, extension: str) -> str:
        """Return the box of an extension; an empty text where there is none."""
        ...

    def message_sound(self, box: str, message: str) -> str:
        """Return a message as the media engine names sounds."""
        ...

    def in_calendar(self, file: str, zone: str, wall_s: float) -> bool:
        """Tell whether an event of a calendar beside the scenario lasts at a moment."""
        ...

    def counted(self, name: str, key: str, day: str) -> int:
        """Return how far a counter of a day has come."""
        ...

    def sound(self, file: str, language: str = "") -> str:
        """Return an audio file as the media engine names sounds: that of the language where there is one."""
        ...

    def is_full(self, group: str) -> bool:
        """Tell whether as many callers as a group may have wait for an answer of it."""
        ...

    def begin_group(self, conversation_id: str, group: str) -> tuple[str, ...]:
        """Begin to search a group, chance drawn now; what to remember of it, nothing where nobody can be rung."""
        ...

    def go_on_with_group(
        self, conversation_id: str, memory: tuple[str, ...], status: int, word: str
    ) -> tuple[str, ...]:
        """Go on with the search when a try is over; nothing where the group gives up."""
        ...

    def phones_in_group(self, memory: tuple[str, ...]) -> Sequence[Phone]:
        """Return the phones that a search rings now."""
        ...

    def ring_s_of(self, group: str) -> float:
        """Return how long a group rings each turn."""
        ...

    def members_of(self, group: str) -> Sequence[str]:
        """Return the members of a group in their order."""
        ...


class Knower(Protocol):
    """What is found out of a caller only where a step asks."""

    def named_above(self, conversation_id: str, world: World) -> tuple[str, ...]:
        """Return the employees of the steps above the present one."""
        ...

    def revealed(self, conversation_id: str, kept: str) -> str:
        """Return what is kept of keys in clear."""
        ...


class Here(NamedTuple):
    """Where a step stands: what it may look at, none of which it changes."""

    conversation_id: str
    caller_number: str
    phase: str
    memory: tuple[str, ...]
    wall_s: float
    world: World
    variables: Mapping[str, str]
    """What was set so far, and what every call has: see :mod:`softswitch.scenario.texts`."""

    moves: int = 0
    """How often steps of this call have moved."""
    knower: Knower | None = None
    """Who knows what a step seldom asks."""

    def named_above(self) -> tuple[str, ...]:
        """Return the employees of the steps above the present one, each once, members of groups included."""
        return () if self.knower is None else self.knower.named_above(self.conversation_id, self.world)

    def revealed(self, kept: str) -> str:
        """Return what is kept of keys in clear; for comparing, and for what leaves the switch, never for facts."""
        return kept if self.knower is None else self.knower.revealed(self.conversation_id, kept)

    def phrase(self, name: str) -> tuple[str, ...]:
        """Return the sounds of a fixed phrase in the caller's language."""
        return tuple(self.world.phrase(name, self.variables.get(LANGUAGE, "")))

    def text(self, written: str) -> str:
        """Return what was written with the values of its variables, secret ones in clear: not for facts."""
        return filled(written, self.variables, self.revealed)

    def kept_text(self, written: str) -> str:
        """Return the same as it may stand in facts."""
        return filled(written, self.variables)

    def sound(self, file: str) -> str:
        """Return an audio file in the caller's language."""
        return self.world.sound(file, self.variables.get(LANGUAGE, ""))
