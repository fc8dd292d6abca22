"""Why commands are refused: with the field that is to blame and a reason for people, before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from softswitch.calls.destinations import Attend, Destination, Phone, Refuse, RingPhones
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import ConversationState, LegState
from softswitch.core.errors import CommandError

_STATUSES: Final = {403: 403, 404: 404}
"""HTTP statuses for SIP ones; all others stand for a state of the target that may pass: 409."""


def refused(reason: str, error_id: str, field: str = "leg", *, status: int = 409) -> CommandError:
    """Make the error of a command that does not fit the state."""
    return CommandError(reason, status=status, error_id=error_id, field=field)


def live_leg(state: CallsState, name: str, field: str = "leg") -> tuple[Conversation, Leg]:
    """Return a leg that is not over, with its conversation; ``field`` of the command named it.

    Raises:
        CommandError: there is none of that name.
    """
    leg, conversation = state.legs.get(name), state.conversation_of(name)
    if leg is None or conversation is None or not leg.is_live or conversation.state is ConversationState.ENDED:
        raise refused(f"There is no leg {name or '(empty)'} in a call now", "unknown-leg", field, status=404)
    return conversation, leg


def other_party(conversation: Conversation, leg: Leg) -> Leg:
    """Return whom a leg talks with, or has on hold.

    Raises:
        CommandError: there is nobody.
    """
    found = conversation.peer_of(leg.leg) or conversation.held_by(leg.leg)
    if found is None or LegState.TALKING not in {leg.state} or found.state is not LegState.TALKING:
        raise refused(f"{leg.leg} {stands(conversation, leg)}: it talks with nobody", "not-talking")
    return found


def stands(conversation: Conversation, leg: Leg) -> str:
    """Say in words how a leg stands."""
    if leg.held_by:
        return "is on hold"
    if conversation.held_by(leg.leg) is not None and conversation.peer_of(leg.leg) is None:
        return "holds the other party"
    return {
        LegState.NEW: "is being set up",
        LegState.INVITED: "is being called",
        LegState.RINGING: "rings",
        LegState.ANSWERED: "is being answered",
        LegState.TALKING: "is connected",
    }.get(leg.state, "is over")


def not_moving(conversation: Conversation, leg: Leg) -> None:
    """See that nothing else is being done with a conversation.

    Raises:
        CommandError: a transfer or a consultation is under way.
    """
    if conversation.transfer is not None:
        raise refused(f"The call of {leg.leg} is being transferred already", "transfer-running")
    if conversation.consultation is not None:
        reason = "A consultation is under way: confirm it, cancel it or toggle"
        raise refused(reason, "consultation-running")


_IN_WORDS: Final = {
    "offline": "No phone is registered there now",
    "busy": "That user is busy",
    "do-not-disturb": "That user does not want to be disturbed",
}
"""What the standard reason phrases of SIP mean, for people."""


def usable(destination: Destination, field: str = "number") -> RingPhones | Attend:
    """Return where a number leads.

    Raises:
        CommandError: nobody can be reached there now.
    """
    if isinstance(destination, Refuse):
        status = _STATUSES.get(destination.status, 409)
        reason = _IN_WORDS.get(destination.word, destination.reason)
        raise CommandError(reason, status=status, error_id=destination.word, field=field)
    if not isinstance(destination, RingPhones | Attend):
        raise CommandError("That is a code and reaches nobody", status=409, error_id="a-code", field=field)
    return destination


def is_phone_of(phones: Sequence[Phone], leg: Leg) -> bool:
    """Tell whether the one phone to be rung is the one that a leg of the same user is at."""
    return bool(leg.user) and [(one.user, one.place.flow) for one in phones] == [(leg.user, leg.flow)]
