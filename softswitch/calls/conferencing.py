"""Deciding for conferences: the same inputs as elsewhere, where more than two talk.

A conference lasts as long as two are in it. One of people who were brought together is a plain call again when two are
left; one that was dialled as a room stays one, and whoever is alone in it, or waits for its moderator, hears music. A
page lasts as long as the one who speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any, Final

from softswitch.calls import conference_facts, control_inputs, facts, guide_facts, inputs
from softswitch.calls.causes import MEDIA_LOST, NO_ANSWER, Failure, cause_of, failure_for_caller
from softswitch.calls.control_facts import LegRetrieved
from softswitch.calls.description import (
    OUR_FORMATS,
    agreed_formats,
    codec_of_leg,
    conference_offer_for,
    convertible,
    offer_for,
)
from softswitch.calls.detours import next_way
from softswitch.calls.ending import COMPLETED, end_by_phone, end_of
from softswitch.calls.joining import HOLD_MUSIC, held, hushed, playing
from softswitch.calls.moving import offer_new_port
from softswitch.calls.own_port import OwnPort, already_over, rejection
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState, PortState
from softswitch.calls.undertakings import Conference

Facts = list[Any]

JOINED, PARTED = ("tone:joined",), ("tone:parted",)
"""What those who are there hear when somebody comes, or goes."""
MOST_WITH_TONES: Final = 16
"""In rooms of more people nobody is told of each who comes and goes."""
_WAITING: Final = frozenset({LegState.NEW, LegState.INVITED, LegState.RINGING})


def started(
    conversation: Conversation,
    legs: Iterable[Leg],
    made: conference_facts.ConferenceStarted | None = None,
    *,
    moderator: Leg | None = None,
) -> Facts:
    """Make a conference of a conversation's legs.

    Args:
        conversation: theirs.
        legs: who takes part.
        made: what kind of conference it is; one of people who were brought together unless given.
        moderator: who of them moderates it.
    """
    out: Facts = [made or conference_facts.ConferenceStarted()]
    for number, leg in enumerate(legs, start=conversation.segment + 1):
        out += _joined(leg, number, moderator=leg is moderator)
    return out


def joined(
    conversation: Conversation, conference: Conference, leg: Leg, segment: int, *, moderator: bool = False
) -> Facts:
    """Let a leg take part in a conference; those who are there are told, or hear one another with its moderator."""
    out = _joined(leg, segment, moderator=moderator)
    there = [conversation.legs[name] for name in conference.members]
    opens = moderator and not conference.is_open()
    if opens or (len(there) == 1 and conference.is_open()):
        out += [fact for one in there if one.sounds == HOLD_MUSIC and not one.held_by for fact in hushed(one)]
    if not (opens or conference.is_open()):
        return [*out, playing(leg, HOLD_MUSIC)]
    return [*out, *_told(conference, there, JOINED)]


def _joined(leg: Leg, segment: int, *, moderator: bool) -> Facts:
    out: Facts = [*hushed(leg), conference_facts.ConferenceJoined(leg.leg, segment, codec_of_leg(leg), moderator)]
    if not convertible(agreed_formats(leg)) and not leg.pending_offer:  # it was relayed, and can be no more
        out.append(facts.LegOffered(leg.leg, offer_for(leg, OUR_FORMATS)))
    return out


def _told(conference: Conference, there: Iterable[Leg], sounds: tuple[str, ...]) -> Facts:
    if not conference.tones or len(conference.members) > MOST_WITH_TONES:
        return []
    return [guide_facts.LegPlaying(leg.leg, leg.plays + 1, sounds) for leg in there if not leg.sounds]


def left(
    conversation: Conversation,
    gone: Iterable[Leg],
    failure: Failure,
    *,
    rung: bool = True,
    rings: bool = False,
    arriving: int = 0,
) -> Facts:
    """Go on without legs that have ended, or are about to be elsewhere.

    Args:
        conversation: a conference.
        gone: the legs.
        failure: what the others are told where it is over thereby.
        rung: whether whoever is rung may still come.
        rings: whether further people are rung in the same moment.
        arriving: how many come in the same moment; they take the places of those who are gone.
    """
    conference = conversation.conference
    if conference is None:
        return []
    names = {leg.leg for leg in gone}
    members = conference.members
    out: Facts = [conference_facts.ConferenceLeft(name, members[name]) for name in members if name in names]
    there = [conversation.legs[name] for name in members if name not in names]
    if arriving:
        return [*out, *_told(conference, there, PARTED)]
    ringing = rings or (rung and any(leg.leg not in names for leg in conversation.invited()))
    if _ends_without(conference, names, len(there), waits=ringing):
        return [*out, *over(conversation, there, failure, but=names)]
    if len(there) == 2 and not ringing and not conference.lasts:
        return [*out, *_call_again(conversation, there)]
    closed = conference.is_open() and not conference.is_open(but=names)
    if out and (closed or (len(there) == 1 and not rings and not conference.page)):
        return [*out, *(playing(leg, HOLD_MUSIC) for leg in there if leg.sounds != HOLD_MUSIC)]
    return [*out, *(_told(conference, there, PARTED) if out else [])]


def _ends_without(conference: Conference, gone: Container[str], left_there: int, *, waits: bool) -> bool:
    """Tell whether a conference is over without those who are gone; ``waits``: somebody else may still come."""
    if conference.page:
        return conference.page in gone or (left_there < 2 and not waits)
    if conference.ends and conference.moderators and all(leg in gone for leg in conference.moderators):
        return True
    return left_there == 0 or (left_there == 1 and not waits and not conference.room)


def over(conversation: Conversation, there: Iterable[Leg], failure: Failure, *, but: Iterable[str] = ()) -> Facts:
    """End a conference: those who are ``there`` leave it, and every live leg ends, ``but`` those that have already."""
    members = {} if conversation.conference is None else conversation.conference.members
    out: Facts = [conference_facts.ConferenceLeft(leg.leg, members[leg.leg]) for leg in there]
    out += [end_of(leg, failure) for leg in conversation.legs.values() if leg.is_live and leg.leg not in set(but)]
    return [*out, conference_facts.ConferenceEnded(), facts.ConversationEnded(failure.word, failure.status)]


def _call_again(conversation: Conversation, there: list[Leg]) -> Facts:
    """Two are left: they talk on, as in any call."""
    one, other = there
    members = {} if conversation.conference is None else conversation.conference.members
    out: Facts = [conference_facts.ConferenceLeft(leg.leg, members[leg.leg]) for leg in there]
    out += [conference_facts.ConferenceEnded()]
    holder = next((leg for leg in there if leg.held_by), None)
    if holder is not None:  # who has left the others alone for a moment lets the other one wait from now on
        party = other if holder is one else one
        return [*out, LegRetrieved(holder.leg), *held(party, holder)]
    out.append(facts.SegmentStarted(conversation.segment + 1, one.leg, other.leg, codec_of_leg(other)))
    for leg, peer in ((one, other), (other, one)):
        if leg.held and not peer.sounds:
            out.append(guide_facts.LegPlaying(peer.leg, peer.plays + 1, HOLD_MUSIC, repeat=True))
    return out


# What happens


def media_opened(state: CallsState, given: inputs.MediaOpened) -> Facts:
    """A port is there: a phone is invited, or told of its new one."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if leg.port_state is not PortState.OPENING:
        return []
    out: Facts = [facts.LegMediaOpened(leg.leg, given.port)]
    if leg.moving:
        return out + offer_new_port(conversation, leg, given.port)
    if leg.called_us:
        return [*out, facts.LegEnded(leg.leg, "switch", "reject", 603, *cause_of(603))]
    if leg.is_live and leg.state is LegState.NEW:
        out.append(facts.LegInvited(leg.leg, conference_offer_for(leg, given.port)))
    return out


def answered(state: CallsState, given: inputs.CalleeAnswered) -> Facts:
    """Somebody who was invited comes; further phones of theirs ring no more."""
    leg, conversation = state.leg_and_conversation(given.leg)
    conference = conversation.conference
    if conference is None or leg.state not in {LegState.INVITED, LegState.RINGING}:
        return []
    out: Facts = [facts.LegAnswered(leg.leg, given.sdp, leg.user)]
    out += [
        facts.LegEnded(other.leg, "switch", "cancel", 200, 26, "Call completed elsewhere")
        for other in conversation.invited()
        if other is not leg and (not conference.page or other.user == leg.user)
    ]
    told = _refer_told(conference, 200)
    return [*out, *joined(conversation, conference, leg, conversation.segment + 1), *told]


def rejected(state: CallsState, given: inputs.CalleeRejected) -> Facts:
    """A phone refused, or came to nothing."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if (over_already := already_over(leg)) is not None:
        return over_already
    end = rejection(given)
    if detour := next_way(conversation, leg, given.status):
        return [end, *detour]
    return [end, *_not_coming(conversation, leg, failure_for_caller([given.status]))]


def phone_ended(state: CallsState, given: inputs.PhoneEnded) -> Facts:
    """A member hung up, or its dialog died: the others go on."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if (over_already := already_over(leg)) is not None:
        return over_already
    end = end_by_phone(given)
    failure = COMPLETED if given.how == "bye" else Failure(given.status, end.cause, given.reason, "lost")
    return [end, *left(conversation, (leg,), failure)]


def cancelled(state: CallsState, given: inputs.CallerCancelled) -> Facts:
    """Somebody who would have come gave up."""
    leg, _ = state.leg_and_conversation(given.leg)
    if not leg.is_live:
        return []
    return [facts.LegEnded(leg.leg, "phone", "cancel", 487, 16, "Caller gave up")]


def deadline_passed(state: CallsState, given: inputs.DeadlinePassed) -> Facts:
    """Whoever is rung does not come; phones that did not take their new ports leave."""
    conversation = state.conversations[given.conversation_id]
    moving = [leg for leg in conversation.legs.values() if leg.moving and leg.is_live]
    ringing = conversation.invited()
    out: Facts = [end_of(leg, MEDIA_LOST) for leg in moving]
    out += [end_of(leg, NO_ANSWER) for leg in ringing if leg not in moving]
    out += _no_invitation(conversation, NO_ANSWER) if ringing else []
    return [*out, *left(conversation, (*moving, *ringing), MEDIA_LOST, rung=False)]


def end(state: CallsState, given: inputs.EndConversation) -> Facts:
    """A command ends it for all."""
    conversation = state.conversations[given.conversation_id]
    members = () if conversation.conference is None else conversation.conference.members
    there = [conversation.legs[name] for name in members]
    return over(conversation, there, Failure(480, 16, given.reason, given.word))


def hang_up(state: CallsState, given: control_inputs.HangUpOrdered) -> Facts:
    """A command lets one of them go."""
    leg, conversation = state.leg_and_conversation(given.leg)
    return _given_up(conversation, leg, COMPLETED) if leg.is_live else []


def _given_up(conversation: Conversation, leg: Leg, failure: Failure) -> Facts:
    return [end_of(leg, failure), *_not_coming(conversation, leg, failure)]


def _not_coming(conversation: Conversation, leg: Leg, failure: Failure) -> Facts:
    """Go on where a leg is over that took part, or that was rung."""
    rings = leg in conversation.invited()
    last = rings and len(conversation.invited()) == 1
    out = _no_invitation(conversation, failure) if last else []
    return [*out, *left(conversation, (leg,), failure)]


def _no_invitation(conversation: Conversation, failure: Failure) -> Facts:
    ended = conference_facts.ConferenceInvitationEnded(conversation.attempt, failure.status, failure.word)
    return [ended, *_refer_told(conversation.conference, failure.status)]


def _refer_told(conference: Conference | None, status: int) -> Facts:
    """Tell the phone whose REFER asked for somebody what came of it."""
    if conference is None or not conference.subscription:
        return []
    return [conference_facts.ConferenceReferTold(conference.inviter, status, conference.subscription)]


_OWN_PORT: Final = OwnPort(_given_up)

DECISIONS: Final[dict[type, Callable[[CallsState, Any], Facts]]] = {
    inputs.MediaOpened: media_opened,
    inputs.MediaRefused: _OWN_PORT.media_refused,
    inputs.MediaLost: _OWN_PORT.media_lost,
    inputs.CalleeAnswered: answered,
    inputs.CalleeRejected: rejected,
    inputs.CallerCancelled: cancelled,
    inputs.PhoneTookMove: _OWN_PORT.took_offer,
    inputs.PhoneRefusedMove: _OWN_PORT.refused_offer,
    inputs.PhoneEnded: phone_ended,
    inputs.DeadlinePassed: deadline_passed,
    inputs.EndConversation: end,
    control_inputs.HangUpOrdered: hang_up,
}
"""What is decided otherwise in a conference than in a call of two."""
