"""Deciding what happens between invitation and hang-up: ringing, answering, holding, moving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from softswitch.calls import facts, guide_facts, transfer_facts
from softswitch.calls.causes import NO_MEDIA, SRTP_REQUIRED
from softswitch.calls.control_facts import ConversationAnswered
from softswitch.calls.description import (
    OUR_FORMATS,
    answer_for,
    audio_of,
    codec_of,
    encrypted,
    has_speech,
    in_order_of,
    no_common_format,
    offer_for,
    wanted_of,
)
from softswitch.calls.dialling import called_on, is_own_phone
from softswitch.calls.ending import COMPLETED, completed_elsewhere, end_all, end_of, nobody_reached
from softswitch.calls.hearing import talkers
from softswitch.calls.inputs import (
    Announce,
    CalleeAnswered,
    CalleeProgressed,
    CallerAcknowledged,
    PhoneRefusedMove,
    PhoneReoffered,
    PhoneTookMove,
    SteerPlaying,
)
from softswitch.calls.joining import HOLD_MUSIC, freed, hears_us, hushed, join, playing, unparked
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState, PortState
from softswitch.core.errors import SdpError
from softswitch.directory.encryption import REQUIRED
from softswitch.sdp.model import PayloadFormat

Facts = list[Any]

SUCCESS = ("tone:beep",)
"""What one hears who asks somebody at the moment when they answer."""
_WAITING = frozenset({LegState.INVITED, LegState.RINGING})
_UNANSWERED = frozenset({LegState.NEW, LegState.RINGING})


def progressed(state: CallsState, given: CalleeProgressed) -> Facts:
    """A phone rings, or sends early media: tell the caller what it does not know yet."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or leg.state not in _WAITING:
        return []
    out: Facts = [facts.LegProgressed(given.leg, given.status, given.sdp)]
    if is_own_phone(conversation, leg):
        return out
    caller = conversation.caller
    if caller.state not in _UNANSWERED:  # a guide has taken its call, or it is transferred
        return [*out, *_ring_for_transferor(conversation, given.status)]
    if given.sdp and not caller.early and caller.remote_sdp:
        answer = _answer_to_caller(caller, given.sdp)
        if answer:
            return [*out, facts.LegAlerted(caller.leg, 183, answer, leg.leg)]
    if given.status == 180 and caller.alerted != 180 and not caller.early:
        out.append(facts.LegAlerted(caller.leg, 180))
    return out


def answered(state: CallsState, given: CalleeAnswered) -> Facts:
    """The first phone that answers has the call; the others are cancelled, the caller is answered."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or leg.state not in _WAITING:
        return []
    sdp = given.sdp or leg.remote_sdp
    if leg.srtp == REQUIRED and not encrypted(leg.local_sdp, sdp):
        taken = facts.LegAnswered(given.leg, given.sdp, leg.user)
        return [taken, _end_of_plain(leg), *nobody_reached(conversation, SRTP_REQUIRED, but=leg.leg)]
    if is_own_phone(conversation, leg):
        return called_on(conversation, leg, given.sdp)
    if not conversation.caller.is_live:
        return []
    out: Facts = [facts.LegAnswered(given.leg, given.sdp, leg.user), *completed_elsewhere(conversation, leg)]
    return [*out, *connect(conversation, leg, sdp)]


def _end_of_plain(leg: Leg) -> facts.LegEnded:
    """Hang up at a phone that took the call without the encryption that it was told to use."""
    return facts.LegEnded(leg.leg, "switch", "bye", 0, SRTP_REQUIRED.cause, SRTP_REQUIRED.reason)


def connect(conversation: Conversation, winner: Leg, sdp: str) -> Facts:
    """Let whoever waits talk with the phone that took the call.

    Args:
        conversation: theirs.
        winner: the leg of that phone.
        sdp: the description with the formats that it takes.
    """
    caller = conversation.caller
    if caller.state not in _UNANSWERED:
        first = caller.side == "dialler" and conversation.answered_at_s is None
        answered = [ConversationAnswered()] if first else []
        told = [] if conversation.consultation is None else [playing(caller, SUCCESS, repeat=False)]
        return [
            *freed(caller),
            *unparked(conversation),
            *answered,
            *join(conversation, caller, winner, codecs=audio_of(sdp)),
            *told,
        ]
    if hears_us(caller):
        accepted = facts.LegAccepted(caller.leg, caller.local_sdp)
        return [accepted, *freed(caller), *join(conversation, caller, winner, codecs=audio_of(sdp))]
    answer = _answer_to_caller(caller, sdp)
    if not answer:
        return _fail(conversation, winner, sdp)
    segment = facts.SegmentStarted(conversation.segment + 1, caller.leg, winner.leg, codec_of(answer))
    return [facts.LegAccepted(caller.leg, answer), segment]


def _ring_for_transferor(conversation: Conversation, status: int) -> Facts:
    transfer = conversation.transfer
    if transfer is None or transfer.rang or status < 180:
        return []
    return [transfer_facts.TransferProgressed(transfer.leg, 180, transfer.subscription)]


def _answer_to_caller(caller: Leg, callee_sdp: str) -> str:
    """Write what the caller's 200 carries, or an empty string where the phone's answer fits nothing."""
    audio = audio_of(callee_sdp)
    if audio is None:
        return ""
    if not caller.remote_sdp:
        formats = in_order_of(audio.formats, OUR_FORMATS)
        return offer_for(caller, formats) if has_speech(formats) else ""
    offer = audio_of(caller.remote_sdp)
    try:
        return answer_for(caller, caller.remote_sdp, wanted_of(audio.formats, offer.formats if offer else ()))
    except SdpError:
        return ""


def _fail(conversation: Conversation, callee: Leg, callee_sdp: str) -> Facts:
    """The phone took the call with a description that fits nothing: hang up there, refuse the caller."""
    how = "reject" if callee.called_us else "bye"
    offered, taken = audio_of(conversation.caller.remote_sdp), audio_of(callee_sdp)
    why = NO_MEDIA.because(no_common_format(offered.formats if offered else (), taken.formats if taken else ()))
    return [
        facts.LegEnded(callee.leg, "switch", how, 488, why.cause, why.reason),
        end_of(conversation.caller, why),
        facts.ConversationEnded(NO_MEDIA.word, NO_MEDIA.status),
    ]


def offer_answered(state: CallsState, given: PhoneTookMove) -> Facts:
    """A phone took our re-INVITE; one that only refreshed the session and changed nothing is no fact."""
    leg = state.legs.get(given.leg)
    if leg is None or not leg.is_live or not (leg.pending_offer or given.sdp not in {"", leg.remote_sdp}):
        return []
    return [facts.LegOfferAnswered(given.leg, given.sdp)]


def offer_refused(state: CallsState, given: PhoneRefusedMove) -> Facts:
    """A phone refused our re-INVITE; after a glare it is offered the same formats once more."""
    leg = state.legs.get(given.leg)
    if leg is None or not leg.is_live or not leg.pending_offer:
        return []
    audio = audio_of(leg.pending_offer)
    if given.status == 491 and audio is not None:
        return [facts.LegOffered(given.leg, offer_for(leg, audio.formats))]
    return [facts.LegOfferRefused(given.leg, given.status)]


def acknowledged(state: CallsState, given: CallerAcknowledged) -> Facts:
    """The caller's ACK; where our 200 made the offer it brings the answer."""
    leg = state.legs.get(given.leg)
    if leg is None or not leg.is_live:
        return []
    if leg.state is LegState.TALKING and not leg.answer_awaited:
        return []
    out: Facts = [facts.LegAcknowledged(given.leg, given.sdp if leg.answer_awaited else "")]
    conversation = state.conversation_of(given.leg)
    if conversation is not None and conversation.kind == "code":
        out += end_all(conversation, COMPLETED)
    return out


def reoffered(state: CallsState, given: PhoneReoffered) -> Facts:
    """A re-INVITE: answered here, whatever its peer does; the peer's dialog is not disturbed.

    The switch anchors the media, so hold, resume and a moved address concern one leg alone. What must stay is a
    format in common with the peer, or one that the switch can convert to the peer's; without either the re-INVITE is
    refused and the session goes on as it was.
    """
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or not leg.is_live:
        return []
    if leg.port_state is not PortState.OPEN:
        return [facts.LegReofferRefused(leg.leg, 491, "the switch is about to offer another port")]
    wanted: Sequence[PayloadFormat] = formats_of_peer(conversation, leg)
    if not given.sdp:
        current = audio_of(leg.remote_sdp)
        formats = in_order_of(wanted_of(wanted, current.formats), current.formats) if current else ()
        offered = facts.LegReoffered(leg.leg, "", offer_for(leg, formats or OUR_FORMATS), held=False)
        return [offered, *_music(conversation, leg, held=False)]
    audio = audio_of(given.sdp)
    try:
        sdp = answer_for(leg, given.sdp, wanted_of(wanted, audio.formats if audio else ()))
    except SdpError as error:
        return [facts.LegReofferRefused(leg.leg, 488, str(error))]
    held = audio is not None and audio.on_hold
    offered = facts.LegReoffered(leg.leg, given.sdp, sdp, held)
    return [offered, *_music(conversation, leg, held=held), *_taken_back(conversation, leg, held=held)]


def _taken_back(conversation: Conversation, leg: Leg, *, held: bool) -> Facts:
    """Let a phone that ends its own hold talk again with whoever waits for it by a command: that is what is meant."""
    party = conversation.held_by(leg.leg)
    busy = conversation.consultation or conversation.transfer or conversation.conference or conversation.parked
    if held or not leg.held or busy or party is None or party.state is not LegState.TALKING:
        return []
    music = [playing(leg, HOLD_MUSIC)] if party.held else []
    return [*freed(party), *hushed(leg), *join(conversation, leg, party), *music]


def _music(conversation: Conversation, leg: Leg, *, held: bool) -> Facts:
    """Let the other one hear music while a phone holds, and the phone again when it does not."""
    peer = conversation.peer_of(leg.leg)
    if peer is None or not peer.is_live:
        return []
    if held and not peer.sounds:
        return [guide_facts.LegPlaying(peer.leg, peer.plays + 1, HOLD_MUSIC, repeat=True)]
    return hushed(peer) if not held and peer.sounds == HOLD_MUSIC else []


def formats_of_peer(conversation: Conversation, leg: Leg) -> tuple[PayloadFormat, ...]:
    """Return the formats that the leg's peer takes; an echo takes whatever is offered, a conference what is mixed."""
    if conversation.conference is not None or conversation.supervision is not None:
        return OUR_FORMATS
    peer = conversation.peer_of(leg.leg)
    audio = audio_of(peer.remote_sdp if peer is not None else leg.remote_sdp)
    if audio is None:
        return OUR_FORMATS
    if peer is None:
        return (*audio.formats, *OUR_FORMATS)
    ours = audio_of(peer.local_sdp)
    return in_order_of(audio.formats, ours.formats) if ours else audio.formats


def announce(state: CallsState, given: Announce) -> Facts:
    """Let one who talks hear something; who hears something already is left alone."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or given.leg not in talkers(conversation) or leg.sounds:
        return []
    return [playing(leg, given.sounds, repeat=False)]


def steer_playing(state: CallsState, given: SteerPlaying) -> Facts:
    """Let what a leg hears stand still, go on or move; nothing of that where it hears nothing any more."""
    leg = state.legs.get(given.leg)
    if leg is None or not leg.sounds:
        return []
    place = leg.play_moves, leg.play_sound, leg.play_at_ms
    if given.sound >= 0:
        place = leg.play_moves + 1, given.sound, given.at_ms
    return [guide_facts.LegPlaySteered(leg.leg, leg.plays, given.paused, *place)]
