"""Deciding what one of several does with their own place in a conference: leave it for a while, or give it away.

Whoever holds hears music and is not heard, while the others go on; their line is free. Whoever transfers gives their
place to somebody else: at once, whose phones are rung then, or to the party of another call of theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.calls import conference_facts, control_inputs, facts, inputs
from softswitch.calls.conferencing import joined, left
from softswitch.calls.control_facts import LegAnswerAsked, LegHeld, LegRetrieved
from softswitch.calls.destinations import Refuse, RingPhones
from softswitch.calls.detours import added_phone, planned
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.ending import COMPLETED
from softswitch.calls.holding import others_on_hold
from softswitch.calls.joining import HOLD_MUSIC, freed, hushed, parted, playing
from softswitch.calls.refusals import live_leg, refused, usable
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.calls.transfer_facts import LegMoved, TransferEnded, TransferRefused, TransferStarted
from softswitch.calls.undertakings import Conference
from softswitch.core.errors import CommandError
from softswitch.core.ids import leg_id

Facts = list[Any]

RING_S: Final = 60.0
"""How long somebody is rung who is to have a place."""
_TRANSFERRED: Final = "Call transferred"


def hold(state: CallsState, given: control_inputs.HoldOrdered) -> Facts:
    """Leave a conference for a while.

    Raises:
        CommandError: the leg takes no part in it now.
    """
    _, leg, _ = _seat(state, given.leg)
    if leg.held_by:
        raise refused(f"{leg.leg} is on hold already", "held")
    return [LegHeld(leg.leg, leg.leg), *([] if leg.sounds == HOLD_MUSIC else [playing(leg, HOLD_MUSIC)])]


def connect(state: CallsState, given: control_inputs.ConnectOrdered) -> Facts:
    """Be back in a conference; whom the same user talks with in another call waits from now on.

    Raises:
        CommandError: the leg was not on hold.
    """
    conversation, leg, conference = _seat(state, given.leg)
    if not leg.held_by:
        raise refused(f"{leg.leg} is in the conference: it does not hold it", "not-held")
    alone = len(conference.members) == 1 or not conference.is_open()
    return [
        *others_on_hold(state, conversation, leg),
        LegRetrieved(leg.leg),
        *([] if alone else hushed(leg)),
        *([LegAnswerAsked(leg.leg)] if leg.held else []),
    ]


def transfer(state: CallsState, given: control_inputs.TransferOrdered) -> Facts:
    """Let somebody be rung for one's place, and leave it at once.

    Raises:
        CommandError: nobody can be reached at that number, or somebody is rung for this conference already.
    """
    conversation, leg, conference = _seat(state, given.leg)
    destination = usable(given.destination)
    if not _may_leave(conference, leg):
        raise refused(f"{leg.leg} cannot be replaced: the others are there for its sake, or nobody else is", "no-place")
    if not isinstance(destination, RingPhones):
        raise refused("Only a phone takes a place in a conference", "no-phone", "number")
    if conversation.invited():
        raise refused("Somebody is rung for this conference already", "already-inviting")
    return _given_away(conversation, leg, destination)


def confirm(state: CallsState, given: control_inputs.ConfirmOrdered) -> Facts:
    """Give one's place to the party of another call of one's own.

    Raises:
        CommandError: that is no call of the same user in which somebody talks or waits.
    """
    _, leg, _ = _seat(state, given.leg)
    if not given.other_leg:
        raise refused(f"No consultation is under way at {leg.leg}: name a leg of the other call", "no-consultation")
    live_leg(state, given.other_leg, "other_leg")
    decided = _to_party(state, leg, given.other_leg)
    if decided is None:
        raise refused(f"{given.other_leg} is no other call of the same user", "not-transferable", "other_leg")
    return decided


def asked(state: CallsState, given: inputs.TransferAsked) -> Facts:
    """A phone transfers out of a conference: whoever it names takes its place."""
    leg, conversation = state.leg_and_conversation(given.leg)
    conference = conversation.conference
    if conference is None or not _may_leave(conference, leg) or conversation.invited():
        return [_not_given(given)]
    stays = next(name for name in conference.members if name != leg.leg)
    if isinstance(given.destination, Refuse) and not given.other_leg:
        return [TransferRefused(leg.leg, given.destination.status, given.destination.reason, given.subscription)]
    decided = _to_party(state, leg, given.other_leg) if given.other_leg else _at_once(conversation, leg, given)
    if decided is None:
        return [_not_given(given)]
    kind = "attended" if given.other_leg else "blind"
    return [
        TransferStarted(leg.leg, stays, kind, given.to_number, given.subscription),
        TransferEnded(leg.leg, 200, "OK", given.subscription),
        *decided,
    ]


def _at_once(conversation: Conversation, leg: Leg, given: inputs.TransferAsked) -> Facts | None:
    if not isinstance(given.destination, RingPhones):
        return None
    # A transfer has begun by then, which counts as an attempt of its own.
    return _given_away(conversation, leg, given.destination, attempts=2)


def _not_given(given: inputs.TransferAsked) -> TransferRefused:
    return TransferRefused(given.leg, 603, "That is nobody who can take a place in a conference", given.subscription)


def _given_away(conversation: Conversation, leg: Leg, to: RingPhones, *, attempts: int = 1) -> Facts:
    return [
        *_rung(conversation, leg, to, attempts=attempts),
        _gone(leg),
        *left(conversation, (leg,), COMPLETED, rings=True),
    ]


def _rung(conversation: Conversation, leg: Leg, to: RingPhones, *, attempts: int) -> Facts:
    most = max(1, leg.max_forwards - 1)
    first = conversation.next_leg()
    return [
        conference_facts.ConferenceInvited(conversation.attempt + attempts, leg.leg, RING_S),
        *(
            added_phone(leg_id(conversation.conversation_id, number), phone, most)
            for number, phone in enumerate(to.phones, start=first)
        ),
        *(planned(to.detours, most) or [facts.DetoursPlanned(())]),
    ]


def _to_party(state: CallsState, leg: Leg, other_leg: str) -> Facts | None:
    """Let the party of another call of the same user take a place; None where there is none."""
    conversation = state.conversations[leg.conversation_id]
    conference = conversation.conference
    if conference is None or not _may_leave(conference, leg):
        return None
    coming = _party_comes(state, conversation, leg, other_leg, moderator=leg.leg in conference.moderators)
    return None if coming is None else [*coming, _gone(leg), *left(conversation, (leg,), COMPLETED, arriving=1)]


def _may_leave(conference: Conference, leg: Leg) -> bool:
    """Tell whether a member may give its place away: others stay, and it is not what holds them together."""
    holds_together = conference.page == leg.leg or (conference.ends and leg.leg in conference.moderators)
    return leg.leg in conference.members and len(conference.members) > 1 and not holds_together


def _alone_in_room(conference: Conference, leg: Leg) -> bool:
    """Tell whether a member is the only one of a room, where whoever comes in its place keeps the room open."""
    return bool(conference.room) and list(conference.members) == [leg.leg] and not conference.ends


def _party_comes(
    state: CallsState, conversation: Conversation, leg: Leg, other_leg: str, *, moderator: bool = False
) -> Facts | None:
    """Let the party of another call of the same user come in; their own leg there ends."""
    own, there = state.legs.get(other_leg), state.conversation_of(other_leg)
    if own is None or there is None or there is conversation or own.user != leg.user or not own.user:
        return None
    if there.transfer is not None or there.consultation is not None or conversation.conference is None:
        return None
    party = there.peer_of(own.leg) or there.held_by(own.leg)
    if party is None or party is own or party.state is not LegState.TALKING:
        return None
    gone = there.conversation_id
    return [
        *(Elsewhere(gone, fact) for fact in (*parted(there), *freed(party))),
        LegMoved(party.leg, gone),
        Elsewhere(gone, _gone(own)),
        Elsewhere(gone, facts.ConversationEnded("transferred", 200)),
        *joined(conversation, conversation.conference, party, conversation.segment + 1, moderator=moderator),
    ]


def taken_by(plain: Conversation, remaining: Leg, given: inputs.TransferAsked, there: Conversation, own: Leg) -> Facts:
    """A phone transfers the party of a plain call to the place that its user has in a conference.

    Args:
        plain: the call of two.
        remaining: whoever talks in it with the user, or waits for them.
        given: what the phone asked for.
        there: the conference.
        own: the user's leg in it.
    """
    conference, leg = there.conference, plain.legs[given.leg]
    if conference is None or not (_may_leave(conference, own) or _alone_in_room(conference, own)):
        return [_not_given(given)]
    into = there.conversation_id
    moving: Facts = [
        LegMoved(remaining.leg, plain.conversation_id),
        *joined(there, conference, remaining, there.segment + 1, moderator=own.leg in conference.moderators),
        _gone(own),
        *left(there, (own,), COMPLETED, arriving=1),
    ]
    return [
        TransferStarted(leg.leg, remaining.leg, "attended", given.to_number, given.subscription),
        *parted(plain),
        *freed(remaining),
        TransferEnded(leg.leg, 200, "OK", given.subscription),
        _gone(leg),
        *(Elsewhere(into, fact) for fact in moving),
        facts.ConversationEnded("transferred", 200),
    ]


def no_consultation(state: CallsState, given: control_inputs.ConsultOrdered) -> Facts:
    """Nobody is asked from within a conference.

    Raises:
        CommandError: always, with what to do in its place.
    """
    reason = f"{given.leg} is in a conference: hold it, dial {given.to_number}, then confirm with both legs"
    raise refused(reason, "in-conference")


def _seat(state: CallsState, name: str) -> tuple[Conversation, Leg, Conference]:
    conversation, leg = live_leg(state, name)
    if conversation.conference is None or name not in conversation.conference.members:
        raise _no_member(name)
    return conversation, leg, conversation.conference


def _no_member(name: str) -> CommandError:
    return refused(f"{name} takes no part in the conference", "not-a-member")


def _gone(leg: Leg) -> facts.LegEnded:
    return facts.LegEnded(leg.leg, "switch", "bye", 0, 16, _TRANSFERRED)


DECISIONS: Final[dict[type, Callable[[CallsState, Any], Facts]]] = {
    inputs.TransferAsked: asked,
    control_inputs.HoldOrdered: hold,
    control_inputs.ConnectOrdered: connect,
    control_inputs.TransferOrdered: transfer,
    control_inputs.ConfirmOrdered: confirm,
    control_inputs.ConsultOrdered: no_consultation,
}
"""What is decided otherwise in a conference than in a call of two, where a member moves."""
