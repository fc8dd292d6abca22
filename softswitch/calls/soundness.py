"""Whether what was folded of a conversation hangs together. It does unless facts are missing from the journal.

A conversation that does not is not guessed at: its legs are set to where their dialogs last stood, which tells how each
phone is to be told, and it is ended.
"""

from __future__ import annotations

from typing import Final

from softswitch.calls.state import Conversation, Leg
from softswitch.calls.tables import ConversationState, LegState, PortState
from softswitch.core.errors import JournalError
from softswitch.sip.ua.client_states import ClientState
from softswitch.sip.ua.server_states import ServerState
from softswitch.sip.ua.snapshot import SessionSnapshot

_FITTING: Final = {
    ("server", ServerState.RECEIVED.value): (LegState.NEW, LegState.RINGING),
    ("server", ServerState.EARLY.value): (LegState.RINGING,),
    ("server", ServerState.ACCEPTED.value): (LegState.ANSWERED,),
    ("server", ServerState.CONFIRMED.value): (LegState.TALKING,),
    ("client", ClientState.CALLING.value): (LegState.INVITED, LegState.RINGING),
    ("client", ClientState.EARLY.value): (LegState.RINGING,),
    ("client", ClientState.ANSWERED.value): (LegState.TALKING,),
    ("client", ClientState.CONFIRMED.value): (LegState.TALKING,),
}
"""The states of a leg that a dialog in this state allows."""
_SPEAKING: Final = frozenset({LegState.ANSWERED, LegState.TALKING})


def unsound(conversation: Conversation) -> str:
    """Tell what does not hang together in a conversation; nothing where all does."""
    legs = list(conversation.legs.values())
    live = [leg for leg in legs if leg.is_live]
    ended = conversation.state is ConversationState.ENDED  # its caller may have been moved elsewhere by a transfer
    if not legs or not (legs[0].is_caller or ended):
        return "its caller is unknown"
    if any(not _fits_its_dialog(leg) for leg in live):
        return "a leg and its dialog contradict each other"
    if ended:
        return "it has ended and a leg has not" if live else ""
    if conversation.state is not ConversationState.TALKING:
        early = any(leg.state in _SPEAKING for leg in live if not _may_speak_early(conversation, leg))
        return "people talk in it and it is not answered" if early or conversation.deadline_s is None else ""
    if conversation.conference is not None:
        members = [conversation.legs.get(leg) for leg in conversation.conference.members]
        return "" if members and all(leg is not None and _speaks(leg) for leg in members) else "a member is missing"
    if conversation.supervision is not None:
        return "" if any(_speaks(leg) for leg in live) else "the supervisor is missing"
    talking = [conversation.legs.get(leg) for leg in conversation.talking or _waiting(conversation)]
    return "" if all(leg is not None and _speaks(leg) for leg in talking) else "nobody knows who talks in it"


def _may_speak_early(conversation: Conversation, leg: Leg) -> bool:
    """Tell whether a leg may be answered before anybody has taken the call: a guide's, or one that let us dial."""
    return leg.side == "dialler" or (bool(conversation.guide) and (leg.is_caller or leg.leg == conversation.seeker))


def _waiting(conversation: Conversation) -> tuple[str, ...]:
    """Return the legs of an answered call that wait while nobody talks."""
    if conversation.parked is not None:
        return (conversation.parked.leg,)
    held = [leg for leg in conversation.legs.values() if leg.held_by and leg.is_live]
    if held:
        return tuple(name for leg in held for name in (leg.leg, leg.held_by))
    if conversation.transfer is not None or conversation.is_ringing:
        return (conversation.seeker,)
    return ("",)


def _speaks(leg: Leg) -> bool:
    return leg.state in _SPEAKING and (leg.port_state is PortState.OPEN or leg.moving)


def _fits_its_dialog(leg: Leg) -> bool:
    if leg.dialog:
        return leg.state in _states_of(leg)
    return leg.side != "caller" and leg.state is LegState.NEW


def _states_of(leg: Leg) -> tuple[LegState, ...]:
    try:
        snapshot = SessionSnapshot.from_values(leg.dialog)
    except JournalError:
        return ()
    return _FITTING.get((snapshot.role, snapshot.state), ())


def align(conversation: Conversation) -> None:
    """Set an unsound conversation's legs to where their dialogs stand, so that it can be ended."""
    for leg in conversation.legs.values():
        if leg.is_live and not _fits_its_dialog(leg):
            leg.state = next(iter(_states_of(leg)), LegState.NEW)
    if any(leg not in conversation.legs for leg in conversation.talking or ()):
        conversation.talking = None
    conversation.conference = None
    conversation.supervision = None
    conversation.state = ConversationState.RINGING
    conversation.attempting = False
