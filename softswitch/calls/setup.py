"""Deciding how a call begins: the caller's leg, the ports, the invitations."""

from __future__ import annotations

from typing import Any, Final

from softswitch.calls import facts
from softswitch.calls.causes import NO_MEDIA, NO_PORT, OVERLOAD, SRTP_IMPOSSIBLE, SRTP_REQUIRED, Failure
from softswitch.calls.description import OUR_FORMATS as OURS
from softswitch.calls.description import (
    answer_for,
    audio_of,
    codec_of,
    has_speech,
    invitation_for,
    offer_for,
    transfer_offer_for,
)
from softswitch.calls.destinations import Attend, Confirm, Echo, Place, Refuse, RingPhones, Supervise
from softswitch.calls.detours import added_phone, planned
from softswitch.calls.dialling import is_own_phone
from softswitch.calls.ending import end_all, end_of_caller, give_up_callee
from softswitch.calls.inputs import CallArrived, MediaClosed, MediaOpened, MediaRefused
from softswitch.calls.moving import offer_new_port
from softswitch.calls.replacing import take_place
from softswitch.calls.state import CallsState, Conversation
from softswitch.calls.supervising import begun
from softswitch.calls.tables import LegState, PortState
from softswitch.core.errors import SdpError
from softswitch.core.ids import leg_id
from softswitch.directory.encryption import IMPOSSIBLE, REQUIRED

Facts = list[Any]


def arrive(state: CallsState, given: CallArrived) -> Facts:
    """A caller's INVITE: start the conversation, add its legs, or refuse it."""
    refusal = _refusal(given)
    kind = _KINDS.get(type(given.destination), "call")
    guide = given.destination.guide if isinstance(given.destination, Attend) else ""
    caller = leg_id(given.conversation_id, 1)
    out: Facts = [
        facts.ConversationStarted(
            given.from_number, given.to_number, given.from_name, given.from_user, given.trunk, kind, guide
        ),
        added(
            caller,
            "caller",
            given.from_user,
            given.from_number,
            given.place,
            given.sdp,
            given.max_forwards,
            needs_port=refusal is None,
        ),
    ]
    if refusal is not None:
        out.append(end_of_caller(caller, refusal))
        out.append(facts.ConversationEnded(refusal.word, refusal.status))
        return out
    if isinstance(given.destination, Supervise):
        out.insert(1, begun(given.destination))
    if isinstance(given.destination, RingPhones):
        for number, phone in enumerate(given.destination.phones, start=2):
            leg = leg_id(given.conversation_id, number)
            out.append(added_phone(leg, phone, given.max_forwards - 1))
        out += planned(given.destination.detours, given.max_forwards - 1)
    return out


_KINDS: Final = {Echo: "echo", Confirm: "code", Supervise: "supervision"}
"""Conversations in which the caller is alone."""


def _refusal(given: CallArrived) -> Failure | None:
    destination = given.destination
    if isinstance(destination, Refuse):
        return Failure(destination.status, destination.cause, destination.reason, destination.word)
    if given.place.srtp == IMPOSSIBLE:
        return SRTP_IMPOSSIBLE
    if given.sdp:
        audio = audio_of(given.sdp)
        if audio is None or not has_speech(audio.formats):
            return NO_MEDIA
        if given.place.srtp == REQUIRED and not audio.crypto:
            return SRTP_REQUIRED
    return None


def added(
    leg: str,
    side: str,
    user: str,
    number: str,
    place: Place,
    sdp: str,
    max_forwards: int,
    *,
    needs_port: bool = True,
) -> facts.LegAdded:
    """Write the fact of a leg that begins; one that is refused at once needs no port."""
    flow = place.flow
    return facts.LegAdded(
        leg,
        side,
        user,
        number,
        place.uri,
        (flow.transport, *flow.local, *flow.remote, flow.connection),
        place.media_address if needs_port else "",
        place.advertised_address,
        sdp,
        max_forwards,
        place.route,
        srtp=place.srtp,
        dtmf=place.dtmf,
    )


def media_opened(state: CallsState, given: MediaOpened) -> Facts:
    """A port is there: invite the phones that can be invited now, or answer an echo test."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or leg.port_state is not PortState.OPENING:
        return []
    out: Facts = [facts.LegMediaOpened(given.leg, given.port)]
    if leg.moving:
        return out + offer_new_port(conversation, leg, given.port)
    if leg.replaces:
        return out + take_place(conversation, leg, given.port)
    if is_own_phone(conversation, leg):
        return [*out, facts.LegInvited(leg.leg, offer_for(leg, OURS, given.port))]
    caller = conversation.caller
    if leg is caller:
        if conversation.kind in _KINDS.values():
            return out + _answer_alone(conversation, given.port)
        ready = [one for one in conversation.callees if one.port_state is PortState.OPEN]
    else:
        ready = [leg] if caller.port_state is PortState.OPEN and leg.attempt == conversation.attempt else []
    for callee in ready:
        if callee.state is LegState.NEW:
            port = given.port if callee is leg else callee.port
            offer = invitation_for if conversation.transfer is None else transfer_offer_for
            out.append(facts.LegInvited(callee.leg, offer(callee, caller, port)))
    return out


def _answer_alone(conversation: Conversation, port: int) -> Facts:
    caller = conversation.caller
    audio = audio_of(caller.remote_sdp)
    try:
        sdp = answer_for(caller, caller.remote_sdp, audio.formats, port) if audio else offer_for(caller, OURS, port)
    except SdpError as error:
        return end_all(conversation, NO_MEDIA.because(error))
    accepted = facts.LegAccepted(caller.leg, sdp)
    if conversation.kind == "code":  # ended as soon as the ACK is here
        return [accepted]
    return [accepted, facts.SegmentStarted(1, caller.leg, caller.leg, codec_of(sdp))]


def media_refused(state: CallsState, given: MediaRefused) -> Facts:
    """No port: the leg cannot live, and without the caller's or the last callee's the call cannot."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or leg.port_state not in {PortState.OPENING, PortState.CLOSING}:
        return []
    out: Facts = [facts.LegMediaRefused(given.leg, given.reason)]
    if not leg.is_live:
        return out
    failure = OVERLOAD if given.reason == OVERLOAD.word else NO_PORT
    if leg.is_caller or (leg.moving and conversation.conference is None):  # nobody can wait for it
        return out + end_all(conversation, failure)
    return out + give_up_callee(conversation, leg, failure)


def media_closed(state: CallsState, given: MediaClosed) -> Facts:
    """A port is free again: keep what its RTP did."""
    leg = state.legs.get(given.leg)
    if leg is None or leg.port_state is PortState.NONE:
        return []
    return [
        facts.LegMediaClosed(
            given.leg,
            given.packets_received,
            given.packets_sent,
            given.packets_lost,
            given.jitter_ms,
            given.packets_refused,
            given.packets_forged,
            given.packets_replayed,
            given.packets_late,
            given.packets_lost_by_phone,
            given.round_trip_ms,
            given.mos_in,
            given.mos_out,
        )
    ]
