"""What the switch knows of its calls: conversations, their legs and segments.

This state is a fold of facts and has one writer, :mod:`softswitch.calls.apply`. Everybody else only reads it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from softswitch.calls.deadlines import Deadlines
from softswitch.calls.parting import Parting
from softswitch.calls.tables import ConversationState, LegState, PortState
from softswitch.calls.undertakings import (
    Conference,
    Consultation,
    DialledCall,
    Note,
    Origin,
    Parked,
    Supervision,
    Transfer,
)
from softswitch.directory.encryption import OFF
from softswitch.directory.key_policy import AUTO
from softswitch.sip.flow import Flow

_ENDED: Final = LegState.ENDED
"""By a name of its own: to find a member of an enumeration costs Python 3.11 more than all the rest of the question."""


@dataclass(slots=True)
class Leg:
    """One dialog and its media port."""

    leg: str
    conversation_id: str
    side: str
    user: str
    number: str
    uri: str
    flow: Flow
    media_address: str
    advertised_address: str
    max_forwards: int
    route: tuple[str, ...] = ()
    trunk: str = ""
    caller: str = ""
    headers: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ()
    srtp: str = OFF
    """As in ``leg.added``."""
    state: LegState = LegState.NEW
    port_state: PortState = PortState.NONE
    port: int = 0
    remote_sdp: str = ""
    """The last description the phone sent that was agreed upon."""
    local_sdp: str = ""
    """The last description we sent."""
    alerted: int = 0
    """The last provisional status that the caller was told."""
    early: str = ""
    """Of a caller: the leg whose early media it hears; its own where it hears us."""
    held: bool = False
    muted: bool = False
    """Whether nobody hears it, by a command."""
    moving: bool = False
    """Whether its worker died while it talked, and its phone has not taken the new port yet."""
    answer_awaited: bool = False
    """Whether ``local_sdp`` is an offer in our 2xx whose answer comes with the ACK."""
    dialog: tuple[Any, ...] = ()
    """The last snapshot of its dialog (:class:`softswitch.sip.ua.snapshot.SessionSnapshot`)."""
    dialog_at_s: float = 0.0
    """Wall time of that snapshot."""
    plays: int = 0
    """Number of the last order to let it hear something."""
    sounds: tuple[str, ...] = ()
    """What it is let hear now."""
    sounds_repeat: bool = False
    play_paused: bool = False
    """Whether that stands still."""
    play_moves: int = 0
    """How many times it was moved, and where last: to which sound, and how far into it."""
    play_sound: int = 0
    play_at_ms: int = 0
    keys: int = 0
    """Number of the last key that its port told of."""
    attempt: int = 0
    """Of a callee that a guide rang: by which attempt."""
    replaces: str = ""
    """Of a picker: the leg whose place it takes."""
    held_by: str = ""
    """The leg of whoever put this one on hold by a command; it hears music meanwhile."""
    held_at_s: float = 0.0
    """Wall time at which that was, or at which its own phone began to hold."""
    pending_offer: str = ""
    """Our re-INVITE's description whose answer is outstanding."""
    cancelling: bool = False
    """Whether a cancelled INVITE's final answer is still outstanding."""
    dtmf: str = AUTO
    """How keys are told (:mod:`softswitch.directory.key_policy`)."""
    end_status: int = 0
    end_cause: int = 0
    end_reason: str = ""

    @property
    def is_caller(self) -> bool:
        """Whether phones are rung for this leg from the beginning: it called us, or let us dial."""
        return self.side in {"caller", "dialler"}

    @property
    def called_us(self) -> bool:
        """Whether we answer its INVITE: a caller's or a picker's."""
        return self.side in {"caller", "picker"}

    @property
    def is_live(self) -> bool:
        """Whether its dialog is not over."""
        return self.state is not _ENDED


@dataclass(slots=True)
class Conversation:
    """What a person calls a call, from first ring to last hang-up."""

    conversation_id: str
    kind: str
    from_number: str
    from_name: str
    from_user: str
    to_number: str
    started_at_s: float
    """Wall time."""
    state: ConversationState = ConversationState.SETUP
    legs: dict[str, Leg] = field(default_factory=dict)
    deadline_s: float | None = None
    """Wall time at which the present transient state is given up; None while people talk."""
    remind_at_s: float | None = None
    """Wall time at which whoever lets somebody wait on hold is reminded of them; None where nobody does."""
    answered_at_s: float | None = None
    segment: int = 0
    """Number of the last segment."""
    talking: tuple[str, str] | None = None
    """The legs of the running segment."""
    detours: tuple[tuple[Any, ...], ...] = ()
    """Further ways to the number that was called."""
    guide: str = ""
    """Who decides what becomes of the caller while nobody talks with them: ``kind:name``; empty where nobody does, and
    a call that nobody takes fails."""
    first_guide: str = ""
    """Where the caller was sent on from: the guide that has the caller back when the present one gives up."""
    attempt: int = 0
    """Number of the guide's last attempt to reach somebody."""
    attempting: bool = False
    """Whether that attempt is not over."""

    seeker: str = ""
    """The leg for which phones are rung: the caller's, or that of whoever is transferred."""
    transfer: Transfer | None = None
    origin: Origin | None = None
    """How the call of a customer began that has come here from another conversation."""
    tags: tuple[str, ...] = ()
    """What it is about, in the words of whoever served it."""
    notes: tuple[Note, ...] = ()
    """What users have noted about it, one each, the oldest first."""
    consultation: Consultation | None = None
    parked: Parked | None = None
    dialled: DialledCall | None = None
    """Where the switch dials for a user none of whose phones has answered yet."""
    conference: Conference | None = None
    """Where more than two talk; then ``talking`` is None."""
    supervision: Supervision | None = None
    """Where it is a supervisor's."""

    @property
    def caller(self) -> Leg:
        """The leg for which phones are rung: the one that called us, or the one that is transferred."""
        found = self.legs.get(self.seeker)
        return found if found is not None else next(iter(self.legs.values()))

    @property
    def callees(self) -> list[Leg]:
        """The legs that are rung now, or came to take a call that rings; one of them gets the caller."""
        return [leg for leg in self.legs.values() if not leg.is_caller and leg.attempt == self.attempt]

    def rivals_of(self, leg: Leg) -> list[Leg]:
        """Return the legs that are rung together with a leg, itself among them."""
        if leg.side != "dialler":
            return self.callees
        return [one for one in self.legs.values() if one.side == "dialler"]

    @property
    def is_ringing(self) -> bool:
        """Whether phones ring, or are about to."""
        return any(leg.state in {LegState.NEW, LegState.INVITED, LegState.RINGING} for leg in self.callees)

    def invited(self) -> list[Leg]:
        """Return the legs that are rung for a conference now."""
        members = () if self.conference is None else self.conference.members
        return [leg for leg in self.callees if leg.leg not in members and leg.is_live]

    def next_leg(self) -> int:
        """Return the number of its next leg; legs that moved here keep the names of where they came from."""
        own = (leg.rpartition(".") for leg in self.legs)
        return 1 + max((int(number) for name, _, number in own if name == self.conversation_id), default=0)

    def peer_of(self, leg: str) -> Leg | None:
        """Return the leg that ``leg`` talks with in the running segment, or None."""
        if self.talking is None or leg not in self.talking:
            return None
        first, second = self.talking
        other = second if leg == first else first
        return self.legs.get(other) if other != leg else None

    def held_by(self, leg: str) -> Leg | None:
        """Return the leg that ``leg`` has put on hold by a command and that waits for it, or None."""
        waiting = (one for one in self.legs.values() if one.held_by == leg and one.leg != leg and one.is_live)
        return next(waiting, None)

    @property
    def has_held(self) -> bool:
        """Whether anybody waits on hold by a command."""
        return any(leg.held_by and leg.is_live for leg in self.legs.values())

    def waiting(self) -> list[tuple[Leg, Leg]]:
        """Return who waits, each with whoever lets them wait: by a command, or by a phone's own key in a talk."""
        by_command = [(leg, self.legs[leg.held_by]) for leg in self.legs.values() if leg.held_by and leg.is_live]
        pairs = [(self.legs.get(name), self.peer_of(name)) for name in self.talking or ()]
        return by_command + [(peer, leg) for leg, peer in pairs if leg is not None and leg.held and peer is not None]


@dataclass(slots=True)
class CallsState:
    """All conversations that are not wholly over."""

    deadlines: Deadlines = field(default_factory=Deadlines)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    legs: dict[str, Leg] = field(default_factory=dict)
    """All of them; :meth:`keep` and :meth:`forget` change it."""
    by_user: dict[str, dict[str, Leg]] = field(default_factory=dict)
    """Those of each user."""
    supervisors: dict[str, None] = field(default_factory=dict)
    """Those conversations that are supervisors'."""
    partings: deque[Parting] = field(default_factory=deque)
    """Dialogs that ended a moment ago, in the order of their ends."""

    def keep(self, leg: Leg) -> None:
        """Know a leg from now on."""
        self.legs[leg.leg] = leg
        if leg.user:
            self.by_user.setdefault(leg.user, {})[leg.leg] = leg

    def forget(self, leg: str) -> None:
        """Know a leg no more; one that is not known is fine."""
        found = self.legs.pop(leg, None)
        theirs = None if found is None else self.by_user.get(found.user)
        if found is not None and theirs is not None:
            theirs.pop(leg, None)
            if not theirs:
                del self.by_user[found.user]

    def of_user(self, user: str) -> Collection[Leg]:
        """Return the legs of a user, in the order in which they came to be."""
        return self.by_user.get(user, {}).values()

    def leg_and_conversation(self, leg: str) -> tuple[Leg, Conversation]:
        """Return a leg that there is, with its conversation."""
        found = self.legs[leg]
        return found, self.conversations[found.conversation_id]

    def conversation_of(self, leg: str) -> Conversation | None:
        """Return the conversation of a leg, or None where either is gone."""
        found = self.legs.get(leg)
        return None if found is None else self.conversations.get(found.conversation_id)

    def parked_in(self, slot: str) -> Leg | None:
        """Return the leg that waits in a slot, or None."""
        found = (one.parked for one in self.conversations.values() if one.parked is not None)
        return next((self.legs.get(parked.leg) for parked in found if parked.slot == slot), None)

    def is_busy(self, user: str) -> bool:
        """Tell whether a user is in a call: has dialled or talks; a phone that only rings is not busy.

        Whoever has put the other one on hold by a command has a free line meanwhile.
        """
        return any(
            (leg.is_caller or leg.state is LegState.TALKING) and leg.is_live and not self._line_is_free(leg)
            for leg in self.of_user(user)
        )

    def _line_is_free(self, leg: Leg) -> bool:
        conversation = self.conversations[leg.conversation_id]
        lets_wait = leg.held_by == leg.leg or conversation.held_by(leg.leg) is not None
        return conversation.consultation is None and lets_wait
