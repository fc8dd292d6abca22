"""Deciding how a conference comes about: calls that are joined, people who are invited, a room that is dialled."""

from __future__ import annotations

from typing import Any, Final

from softswitch.calls import conference_facts, facts, transfer_facts
from softswitch.calls.conference_inputs import GatherConsultation, InviteToConference, JoinCalls, MuteLeg
from softswitch.calls.conferencing import joined, started
from softswitch.calls.consulting import CANCELLED, target_of
from softswitch.calls.control_facts import ConsultationEnded, LegRetrieved
from softswitch.calls.detours import added_phone, planned
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.ending import end_of
from softswitch.calls.guide_inputs import EnterRoom, PageMembers
from softswitch.calls.guided import guided
from softswitch.calls.joining import HOLD_MUSIC, parted, playing
from softswitch.calls.refusals import live_leg, not_moving, refused, stands
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import ConsultationState, LegState
from softswitch.calls.undertakings import Conference
from softswitch.core.ids import leg_id

Facts = list[Any]

MOST_MEMBERS: Final = 1000
_JOINED: Final = "joined"
_INTO_CONFERENCE: Final = "Joined a conference"


def gather(state: CallsState, given: GatherConsultation) -> Facts:
    """Whoever waits, whoever asks and whoever was asked become a conference.

    Raises:
        CommandError: there is no consultation, or nobody has answered yet.
    """
    conversation, leg = live_leg(state, given.leg)
    consultation = conversation.consultation
    if consultation is None or consultation.leg != leg.leg:
        raise refused(f"No consultation is under way at {leg.leg}", "no-consultation")
    if consultation.state is ConsultationState.RINGING:
        raise refused(f"{consultation.to_number} has not answered yet", "not-answered")
    people = (leg, conversation.legs[consultation.held], target_of(conversation, consultation))
    ended = ConsultationEnded(leg.leg, _JOINED)
    return [*parted(conversation), ended, *_retrieved(people), *started(conversation, people, moderator=leg)]


def join_calls(state: CallsState, given: JoinCalls) -> Facts:
    """The party of one call comes into another one; the user's own leg in the first ends.

    Raises:
        CommandError: these are not two calls of one user in which somebody talks or waits.
    """
    conversation, own = live_leg(state, given.own)
    other, joining = live_leg(state, given.joining)
    not_moving(conversation, own)
    not_moving(other, joining)
    if own.user != joining.user or not own.user or conversation is other:
        raise refused(f"{joining.leg} and {own.leg} are not two calls of one user", "not-ones-own")
    there, company = _company_of(conversation, own), _company_of(other, joining)
    coming = [leg for leg in company if leg is not joining]
    _not_full(len(there) + len(coming))
    gone = other.conversation_id
    out: Facts = [Elsewhere(gone, fact) for fact in (*_apart(other), *_retrieved(coming))]
    out += [transfer_facts.LegMoved(leg.leg, gone) for leg in coming]
    out.append(Elsewhere(gone, facts.LegEnded(joining.leg, "switch", "bye", 0, 16, _INTO_CONFERENCE)))
    rung = (leg for leg in other.legs.values() if leg.is_live and leg not in company)
    out += [Elsewhere(gone, end_of(leg, CANCELLED)) for leg in rung]
    out.append(Elsewhere(gone, facts.ConversationEnded(_JOINED, 200)))
    told = [conference_facts.ConferenceReferTold(own.leg, 200, given.subscription)] if given.subscription else []
    if conversation.conference is None:
        together = started(conversation, (*there, *coming), moderator=own)
        return [*parted(conversation), *out, *_retrieved(there), *together, *told]
    for number, leg in enumerate(coming, start=conversation.segment + 1):
        out += joined(conversation, conversation.conference, leg, number)
    return [*out, *told]


def _retrieved(legs: tuple[Leg, ...] | list[Leg]) -> Facts:
    return [LegRetrieved(leg.leg) for leg in legs if leg.held_by]


def _apart(conversation: Conversation) -> Facts:
    """End what binds those who talk in a conversation."""
    if conversation.conference is None:
        return parted(conversation)
    members = conversation.conference.members
    left = [conference_facts.ConferenceLeft(leg, segment) for leg, segment in members.items()]
    return [*left, conference_facts.ConferenceEnded()]


def invite(state: CallsState, given: InviteToConference) -> Facts:
    """Somebody is rung; a call of two is a conference from then on, and a call again if they do not come.

    Raises:
        CommandError: the leg talks with nobody, somebody is rung already, or whoever is wanted is there.
    """
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    there = _company_of(conversation, leg)
    if conversation.conference is not None and conversation.invited():
        raise refused("Somebody is rung for this conference already", "already-inviting")
    _not_full(len(there) + 1)
    present = {leg.user for leg in there if leg.user}
    if given.phones and present.issuperset(phone.user for phone in given.phones):
        raise refused(f"{given.phones[0].user} takes part already", "already-there")
    out: Facts = []
    if conversation.conference is None:
        out += [*parted(conversation), *_retrieved(there), *started(conversation, there, moderator=leg)]
    out.append(conference_facts.ConferenceInvited(conversation.attempt + 1, leg.leg, given.ring_s, given.subscription))
    most = max(1, leg.max_forwards - 1)
    for number, phone in enumerate(given.phones, start=conversation.next_leg()):
        out.append(added_phone(leg_id(conversation.conversation_id, number), phone, most))
    return out + (planned(given.detours, most) or [facts.DetoursPlanned(())])


def mute(state: CallsState, given: MuteLeg) -> Facts:
    """A leg is not heard any more, or again; what is so already is no fact.

    Raises:
        CommandError: there is no such leg.
    """
    _, leg = live_leg(state, given.leg)
    return [] if leg.muted == given.muted else [conference_facts.LegMuted(leg.leg, given.muted)]


def enter_room(state: CallsState, given: EnterRoom) -> Facts:
    """A caller comes into a room: it becomes one with its first caller, and is left to itself with its last."""
    conversation = guided(state, given.conversation_id)
    if conversation is None:
        return []
    caller = conversation.caller
    there = _room(state, given.room)
    if there is None or there.conference is None:
        made = conference_facts.ConferenceStarted(given.room, given.tones, waits=given.waits, ends=given.ends)
        return [
            *started(conversation, (caller,), made, moderator=caller if given.moderator else None),
            playing(caller, HOLD_MUSIC),
        ]
    return _entering(conversation, there, there.conference, moderator=given.moderator)


def _entering(conversation: Conversation, there: Conversation, conference: Conference, *, moderator: bool) -> Facts:
    """Let a caller come into a conference that there is."""
    caller = conversation.caller
    facts_there: Facts = [
        transfer_facts.LegMoved(caller.leg, conversation.conversation_id),
        *joined(there, conference, caller, there.segment + 1, moderator=moderator),
    ]
    into = there.conversation_id
    return [*(Elsewhere(into, fact) for fact in facts_there), facts.ConversationEnded(_JOINED, 200)]


def page(state: CallsState, given: PageMembers) -> Facts:
    """A caller speaks to phones that are rung for it: each that answers hears the caller, and nobody hears it."""
    conversation = guided(state, given.conversation_id)
    if conversation is None or not given.phones:
        return []
    caller = conversation.caller
    most = max(1, caller.max_forwards - 1)
    return [
        *started(conversation, (caller,), conference_facts.ConferenceStarted(page=caller.leg)),
        conference_facts.ConferenceInvited(conversation.attempt + 1, caller.leg, given.ring_s),
        *(
            added_phone(leg_id(conversation.conversation_id, number), phone, most)
            for number, phone in enumerate(given.phones, start=conversation.next_leg())
        ),
    ]


def _room(state: CallsState, name: str) -> Conversation | None:
    every = state.conversations.values()
    return next((one for one in every if one.conference is not None and one.conference.room == name), None)


def _company_of(conversation: Conversation, own: Leg) -> list[Leg]:
    """Return whoever talks with a leg, or waits for it, itself among them; in a room it may be alone.

    Raises:
        CommandError: there is nobody else, or somebody is not connected.
    """
    names = conversation.talking or (() if conversation.conference is None else conversation.conference.members)
    found = [conversation.legs[name] for name in dict.fromkeys(names)]
    waiting = conversation.held_by(own.leg)
    if not found and waiting is not None:
        found = [own, waiting]
    least = 1 if conversation.conference is not None and conversation.conference.room else 2
    if len(found) < least or own not in found:
        raise refused(f"{own.leg} {stands(conversation, own)}: it talks with nobody", "not-talking")
    if any(leg.state is not LegState.TALKING or leg.moving for leg in found):
        raise refused(f"Not everybody in the call of {own.leg} is connected", "not-connected")
    return found


def _not_full(count: int) -> None:
    if count > MOST_MEMBERS:
        raise refused(f"A conference has at most {MOST_MEMBERS} members", "conference-full")
