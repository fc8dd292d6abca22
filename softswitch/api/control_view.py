"""What the API sees of the calls on users' lines, and asks of them; the brain fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LineCallView:
    """One call of a user's line."""

    leg: str
    """The user's own leg: what commands name."""
    user: str
    number: str
    """The user's own."""
    state: str
    """``new``, ``invited``, ``ringing``, ``answered``, ``talking`` or ``held``."""
    codec: str
    conversation_id: str = ""
    party: str = ""
    """The other one's number."""
    party_name: str = ""
    party_leg: str = ""
    direction: str = ""
    """``in``: the user was called; ``out``: the user called."""
    consultation: str = ""
    """``ringing``, ``advising`` or ``returned`` while the user asks somebody; empty where not."""
    since: str = ""
    """When the conversation began, ISO 8601 in UTC."""
    held_since: str = ""
    """Since when the other one waits on hold for this user, or this one for the other; empty where nobody does."""


@dataclass(frozen=True, slots=True)
class TargetView:
    """Whom a call can be transferred to."""

    kind: str
    """``user``, ``group``, ``queue`` or ``contact``."""
    name: str
    number: str
    title: str
    available: bool
    """Whether a call would be taken on now; else it is refused at once."""
    why_not: str
    status: str
    """Of a user."""


@dataclass(frozen=True, slots=True)
class ParkedView:
    """Somebody who waits in a slot."""

    slot: str
    conversation_id: str
    leg: str
    number: str
    parked_by: str
    """The name of the user who parked them."""
    until: str
    """When they go back to that user, ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class NoteView:
    """What a user has noted about a conversation."""

    user: str
    text: str
    at: str
    """ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class CardView:
    """The customer's entry among the site's contacts."""

    name: str
    numbers: tuple[str, ...]
    email: str
    responsible: str
    """Name of the user who looks after them."""


@dataclass(frozen=True, slots=True)
class InformationView:
    """What whoever has a call may know of it, as those before them left it."""

    conversation_id: str
    number: str
    """The customer's, or whoever began it."""
    name: str
    """What that one is called by their phone or trunk."""
    dialled: str
    """The number that was called first."""
    card: CardView | None
    """None: no contact has that number."""
    tags: tuple[str, ...]
    notes: tuple[NoteView, ...]


class ControlView(Protocol):
    """Commands about the calls of the running switch.

    Every method returns at once; what it changes is kept first. A command that does not fit raises ``CommandError``
    with the field that is to blame, and changes nothing.
    """

    def line(self, user: str) -> Sequence[LineCallView]:
        """List a user's calls."""
        ...

    def may_command(self, user: str, leg: str) -> bool:
        """Tell whether a user may command a leg: their own, or that of a member of a conference that they moderate."""
        ...

    def targets(self, user: str, *, everybody: bool) -> Sequence[TargetView]:
        """List whom a user can transfer to now; ``everybody``: those to whom not, too."""
        ...

    def dial(self, user: str, number: str, route: str, caller_id: str, *, auto_answer: bool) -> Sequence[LineCallView]:
        """Ring a user's phones, then a number; return the user's calls."""
        ...

    def pick_up(self, user: str, number: str) -> Sequence[LineCallView]:
        """Let a user's phones take a call that rings at a number; return the user's calls."""
        ...

    def answer(self, leg: str) -> LineCallView:
        """Let the phone of a leg that rings answer."""
        ...

    def hold(self, leg: str) -> LineCallView:
        """Let the other party wait with music."""
        ...

    def connect(self, leg: str) -> LineCallView:
        """Talk again with whoever waits."""
        ...

    def hang_up(self, leg: str) -> LineCallView:
        """End a call."""
        ...

    def transfer(self, leg: str, number: str, route: str, caller_id: str) -> LineCallView:
        """Transfer the other party at once."""
        ...

    def consult(self, leg: str, number: str, route: str, caller_id: str) -> LineCallView:
        """Ask somebody while the other party waits."""
        ...

    def confirm(self, leg: str, other_leg: str) -> LineCallView:
        """Bring together whom the leg talks with in turn, or has in two calls."""
        ...

    def cancel(self, leg: str) -> LineCallView:
        """End a consultation, and talk with the other party again."""
        ...

    def toggle(self, leg: str) -> LineCallView:
        """Talk with the other one of the two."""
        ...

    def keys(self, leg: str, keys: str) -> LineCallView:
        """Send the other party keys."""
        ...

    def information(self, leg: str) -> InformationView:
        """Return what is known about the call of a leg."""
        ...

    def tag(self, leg: str, tags: Sequence[str]) -> InformationView:
        """Say what the call of a leg is about."""
        ...

    def note(self, leg: str, text: str) -> InformationView:
        """Write the note of a leg's user about their call; an empty one takes it away."""
        ...

    def playback(self, leg: str, *, paused: bool | None, sound: int | None, at_s: float | None) -> LineCallView:
        """Let what a leg hears stand still, go on or move; None leaves as it is."""
        ...

    def park(self, leg: str, slot: str) -> ParkedView:
        """Let the other party wait in a slot; empty: the first that is free."""
        ...

    def parked(self) -> Sequence[ParkedView]:
        """List who waits in slots."""
        ...

    def retrieve(self, user: str, slot: str) -> Sequence[LineCallView]:
        """Let a user's phones take whoever waits in a slot; return the user's calls."""
        ...
