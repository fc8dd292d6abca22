"""Deciding an INVITE that takes the place of a leg (RFC 3891): the pickup of a ringing call, or of one's own talk."""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts
from softswitch.calls.causes import Failure, cause_of
from softswitch.calls.description import OUR_FORMATS, agreed_formats, answer_for, audio_of
from softswitch.calls.ending import alone_without, completed_elsewhere
from softswitch.calls.inputs import ReplacementArrived
from softswitch.calls.joining import join
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.calls.talking import connect
from softswitch.core.errors import SdpError
from softswitch.sdp.model import PayloadFormat

Facts = list[Any]

_RINGING = frozenset({LegState.INVITED, LegState.RINGING})


def refusal_of_replacement(state: CallsState, replaced: str, from_user: str, *, early_only: bool) -> int:
    """Return the status that refuses such an INVITE, or 0 (RFC 3891 §3).

    A call that rings may be taken by any user of the switch, as the lamps on their phones offer it; a talk only by
    whose it is.
    """
    leg = state.legs.get(replaced)
    if leg is None or not leg.is_live:
        return 603
    conversation = state.conversation_of(replaced)
    if conversation is not None and _is_parked(conversation, leg):
        return 0 if from_user else 403
    if leg.state in _RINGING and leg.side == "callee":
        return 0 if from_user else 403
    if leg.state is not LegState.TALKING:
        return 481
    if early_only:
        return 486
    return 0 if from_user and leg.user == from_user else 403


def arrive(state: CallsState, given: ReplacementArrived) -> Facts:
    """The INVITE came, and may be: its leg needs a port."""
    place = given.place
    flow = place.flow
    return [
        facts.LegAdded(
            given.leg,
            "picker",
            given.from_user,
            given.from_number,
            place.uri,
            (flow.transport, *flow.local, *flow.remote, flow.connection),
            place.media_address,
            place.advertised_address,
            given.sdp,
            given.max_forwards,
            replaces=given.replaced,
            srtp=place.srtp,
            dtmf=place.dtmf,
        )
    ]


def take_place(conversation: Conversation, picker: Leg, port: int) -> Facts:
    """The port is there: answer it, and let the leg that it replaces go.

    A phone that has stopped ringing meanwhile, and left the caller waiting, does not keep the picker from the call.
    """
    replaced = conversation.legs.get(picker.replaces)
    ringing = replaced is not None and (
        _is_parked(conversation, replaced) or _still_waits(conversation, replaced, picker)
    )
    if replaced is None or not (replaced.is_live or ringing):
        return _refused(conversation, picker, 603)
    other = conversation.caller if ringing else conversation.peer_of(replaced.leg)
    if other is None or not other.is_live:
        return _refused(conversation, picker, 603)
    try:
        sdp = answer_for(picker, picker.remote_sdp, _formats_for(other), port)
    except SdpError:
        return _refused(conversation, picker, 488)
    accepted = facts.LegAccepted(picker.leg, sdp)
    if ringing:
        return [*completed_elsewhere(conversation, picker), accepted, *connect(conversation, picker, sdp)]
    return [
        facts.SegmentEnded(conversation.segment),
        accepted,
        facts.LegEnded(replaced.leg, "switch", "bye", 0, 16, "Call taken over"),
        *join(conversation, other, picker, codecs=audio_of(sdp)),
    ]


def _formats_for(other: Leg) -> tuple[PayloadFormat, ...]:
    if other.state in {LegState.ANSWERED, LegState.TALKING}:
        return agreed_formats(other)
    audio = audio_of(other.remote_sdp)
    return OUR_FORMATS if audio is None else audio.formats


def _is_parked(conversation: Conversation, leg: Leg) -> bool:
    return conversation.parked is not None and conversation.parked.leg == leg.leg


def _still_waits(conversation: Conversation, replaced: Leg, picker: Leg) -> bool:
    """Tell whether whoever was rung for at the replaced leg still waits for somebody."""
    same_try = replaced.side == "callee" and replaced.attempt == picker.attempt == conversation.attempt
    return same_try and conversation.talking is None


def _refused(conversation: Conversation, picker: Leg, status: int) -> Facts:
    cause, reason = cause_of(status)
    end = facts.LegEnded(picker.leg, "switch", "reject", status, cause, reason)
    return [end, *alone_without(conversation, picker, Failure(status, cause, reason, "failed"))]
