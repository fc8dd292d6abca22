"""Deciding for callers whom a guide leads: a scenario, a group or a queue.

A guide is whoever decides what becomes of a caller while nobody talks with them. It sees the conversation's facts, and
asks here for what it wants: that the call is answered, that phones are tried, that it ends. An attempt that reaches
nobody gives the caller back to the guide; a plain call would fail at that point.
"""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts, guide_facts
from softswitch.calls.causes import NO_ANSWER, NO_MEDIA, Failure
from softswitch.calls.description import OUR_FORMATS, answer_for, audio_of, in_order_of, offer_for
from softswitch.calls.detours import added_phone, planned
from softswitch.calls.ending import RINGBACK, end_all, end_of, nobody_reached
from softswitch.calls.guide_inputs import (
    AnswerCaller,
    Dismiss,
    HandOver,
    HushCaller,
    PlayToCaller,
    RingAlso,
    RingForCaller,
    StopRinging,
    StopRingingUser,
)
from softswitch.calls.inputs import KeyPressed, PlayOver
from softswitch.calls.joining import hears_us, hushed
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import ConversationState, LegState, PortState
from softswitch.core.errors import SdpError
from softswitch.core.ids import leg_id

Facts = list[Any]


def guided(state: CallsState, conversation_id: str) -> Conversation | None:
    """Return a conversation that its guide may lead now: its caller is there, and nobody has taken the call yet."""
    conversation = state.conversations.get(conversation_id)
    if (
        conversation is None
        or not conversation.guide
        or conversation.talking is not None
        or conversation.conference is not None
        or conversation.transfer is not None
        or conversation.dialled is not None
        or conversation.state is ConversationState.TALKING
    ):
        return None
    caller = conversation.caller
    return conversation if caller.is_live and caller.port_state is PortState.OPEN else None


def answer_caller(state: CallsState, given: AnswerCaller) -> Facts:
    """Answer the call, unless it is answered, or open its sound before that."""
    conversation = guided(state, given.conversation_id)
    if conversation is None or conversation.caller.state not in {LegState.NEW, LegState.RINGING}:
        return []
    caller = conversation.caller
    try:
        if not given.early or not caller.remote_sdp:
            return [facts.LegAccepted(caller.leg, _answer(caller))]
        return [] if hears_us(caller) else [facts.LegAlerted(caller.leg, 183, _answer(caller), caller.leg)]
    except SdpError as error:
        return end_all(conversation, NO_MEDIA.because(error))


def _answer(caller: Leg) -> str:
    """Write our own answer to the caller: what it offered of what the switch can hear and speak itself.

    What a 183 has said is said again (RFC 3261 §13.2.1: an offer has one answer).
    """
    if hears_us(caller):
        return caller.local_sdp
    audio = audio_of(caller.remote_sdp)
    if audio is None:
        return offer_for(caller, OUR_FORMATS)
    return answer_for(caller, caller.remote_sdp, in_order_of(audio.formats, OUR_FORMATS))


def play(state: CallsState, given: PlayToCaller) -> Facts:
    """Let the caller hear something; one whose sound is not open hears nothing of ours."""
    conversation = guided(state, given.conversation_id)
    if conversation is None or not hears_us(conversation.caller):
        return []
    return [_playing(conversation.caller, given.sounds, repeat=given.repeat)]


def _playing(caller: Leg, sounds: tuple[str, ...], *, repeat: bool) -> guide_facts.LegPlaying:
    return guide_facts.LegPlaying(caller.leg, caller.plays + 1, sounds, repeat)


def hush(state: CallsState, given: HushCaller) -> Facts:
    """End what the caller hears."""
    conversation = guided(state, given.conversation_id)
    return [] if conversation is None else hushed(conversation.caller)


def play_over(state: CallsState, given: PlayOver) -> Facts:
    """What a leg heard is over; the end of an earlier order tells nothing."""
    leg = state.legs.get(given.leg)
    if leg is None or not leg.sounds or leg.plays != given.number:
        return []
    return [guide_facts.LegPlayEnded(given.leg, given.number, stopped=False, problem=given.problem)]


def ring(state: CallsState, given: RingForCaller) -> Facts:
    """Try to reach somebody."""
    conversation = guided(state, given.conversation_id)
    if conversation is None or not given.phones:
        return []
    out = nobody_reached(conversation, NO_ANSWER) if conversation.attempting else []
    out.append(guide_facts.AttemptStarted(conversation.attempt + 1, given.ring_s))
    if hears_us(conversation.caller) and not conversation.caller.sounds:
        out.append(_playing(conversation.caller, RINGBACK, repeat=True))
    most = max(1, conversation.caller.max_forwards - 1)
    first = conversation.next_leg()
    for number, phone in enumerate(given.phones, start=first):
        leg = leg_id(conversation.conversation_id, number)
        out.append(added_phone(leg, phone, most))
    if given.detours or conversation.detours:
        out += planned(given.detours, most) or [facts.DetoursPlanned(())]
    return out


def stop_ringing(state: CallsState, given: StopRinging) -> Facts:
    """Give the running attempt up."""
    conversation = guided(state, given.conversation_id)
    return nobody_reached(conversation, NO_ANSWER) if conversation is not None and conversation.attempting else []


def ring_also(state: CallsState, given: RingAlso) -> Facts:
    """Let further phones ring in the running attempt; its time stays as it was."""
    conversation = guided(state, given.conversation_id)
    if conversation is None or not conversation.attempting:
        return []
    most = max(1, conversation.caller.max_forwards - 1)
    return [
        added_phone(leg_id(conversation.conversation_id, number), phone, most)
        for number, phone in enumerate(given.phones, start=conversation.next_leg())
    ]


def stop_ringing_user(state: CallsState, given: StopRingingUser) -> Facts:
    """Let one user's phones ring no more; with the last phone the attempt is over."""
    conversation = guided(state, given.conversation_id)
    if conversation is None or not conversation.attempting:
        return []
    live = [leg for leg in conversation.callees if leg.is_live]
    theirs = [leg for leg in live if leg.user == given.user]
    if not theirs:
        return []
    if len(theirs) == len(live):
        return nobody_reached(conversation, NO_ANSWER)
    return [end_of(leg, NO_ANSWER) for leg in theirs]


def hand_over(state: CallsState, given: HandOver) -> Facts:
    """Let another guide lead the caller; phones that ring are given up, and what the caller hears ends."""
    conversation = guided(state, given.conversation_id)
    if conversation is None or conversation.guide == given.guide:
        return []
    out = nobody_reached(conversation, NO_ANSWER) if conversation.attempting else []
    if not any(isinstance(fact, guide_facts.LegPlayEnded) for fact in out):
        out += hushed(conversation.caller)
    who = (conversation.from_number, conversation.from_name, conversation.to_number, conversation.from_user)
    return [*out, guide_facts.ConversationGuided(given.guide, given.why, who, given.priority, given.skills)]


def dismiss(state: CallsState, given: Dismiss) -> Facts:
    """End a call whose guide has nothing more to do for it."""
    conversation = guided(state, given.conversation_id)
    if conversation is None:
        return []
    return end_all(conversation, Failure(given.status, given.cause, given.reason, given.word))


def key_pressed(state: CallsState, given: KeyPressed) -> Facts:
    """Note a key of a caller who is led."""
    leg = state.legs.get(given.leg)
    if leg is None or not leg.is_caller or guided(state, leg.conversation_id) is None:
        return []
    if given.number and given.number <= leg.keys:  # told again by a worker to a brain that was restarted
        return []
    return [guide_facts.LegKeyPressed(given.leg, given.key, given.number)]
