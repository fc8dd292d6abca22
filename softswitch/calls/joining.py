"""Bringing two legs that are answered together, and letting one wait on hold meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from softswitch.calls import facts, guide_facts, transfer_facts
from softswitch.calls.control_facts import CallUnparked, ConsultationEnded, LegHeld, LegRetrieved
from softswitch.calls.description import agreed_formats, in_order_of, offer_for
from softswitch.calls.state import Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.sdp.audio import RemoteAudio
from softswitch.sdp.model import PayloadFormat

Facts = list[Any]

ANSWERED = frozenset({LegState.ANSWERED, LegState.TALKING})
"""Who is in a call: its phone took ours, or has our 200, whether or not its ACK has come yet."""
HOLD_MUSIC = ("music:",)
"""What one hears whom the other has put on hold."""


def hears_us(leg: Leg) -> bool:
    """Tell whether a caller hears what we play: it is answered, or a 183 has opened its sound for us."""
    return leg.state in ANSWERED or (leg.state is LegState.RINGING and leg.early == leg.leg)


def hushed(leg: Leg) -> Facts:
    """End what a leg is let hear."""
    return [guide_facts.LegPlayEnded(leg.leg, leg.plays, stopped=True)] if leg.sounds else []


def playing(leg: Leg, sounds: tuple[str, ...], *, repeat: bool = True) -> guide_facts.LegPlaying:
    """Let a leg hear something."""
    return guide_facts.LegPlaying(leg.leg, leg.plays + 1, sounds, repeat)


def join(conversation: Conversation, one: Leg, other: Leg, *, codecs: RemoteAudio | None = None) -> Facts:
    """Start a segment of two legs that are answered, and bring a transfer under way to its end.

    Where ``one`` was agreed upon other formats than ``other`` takes, it is offered those.

    Args:
        conversation: theirs, from now on at least.
        one: the leg that was there before.
        other: the leg that has come.
        codecs: what the other takes; as its last description says unless given.
    """
    formats = codecs.formats if codecs is not None else agreed_formats(other)
    out: Facts = [facts.SegmentStarted(conversation.segment + 1, one.leg, other.leg, _codec_name(formats))]
    fitting = in_order_of(formats, agreed_formats(one))
    spoken = [form for form in formats if form.carries_sound]
    if not one.pending_offer and any(form[1:4] not in {fit[1:4] for fit in fitting} for form in spoken[:1]):
        out.append(facts.LegOffered(one.leg, offer_for(one, formats)))
    return [*out, *_let_transferor_go(conversation)]


def _codec_name(formats: Sequence[PayloadFormat]) -> str:
    return next((form.encoding for form in formats if form.carries_sound), "")


def _let_transferor_go(conversation: Conversation) -> Facts:
    """The transfer has succeeded: tell the transferor, and hang up there if it has not itself."""
    transfer = conversation.transfer
    if transfer is None:
        return []
    out: Facts = [transfer_facts.TransferEnded(transfer.leg, 200, "OK", transfer.subscription)]
    leg = conversation.legs.get(transfer.leg)
    if leg is not None and leg.is_live:
        out.append(facts.LegEnded(leg.leg, "switch", "bye", 0, 16, "Call transferred"))
    return out


def parted(conversation: Conversation) -> Facts:
    """End the running segment, where there is one."""
    return [] if conversation.talking is None else [facts.SegmentEnded(conversation.segment)]


def unparked(conversation: Conversation) -> Facts:
    """Free the slot in which somebody waits, where it is so."""
    parked = conversation.parked
    return [] if parked is None else [CallUnparked(parked.leg, parked.slot)]


def held(party: Leg, by: Leg) -> Facts:
    """Put a leg on hold: it hears music, and ``by`` no longer whatever its phone's hold let that one hear."""
    out: Facts = [LegHeld(party.leg, by.leg)]
    if party.sounds != HOLD_MUSIC:
        out.append(playing(party, HOLD_MUSIC))
    return [*out, *hushed(by)]


def freed(leg: Leg) -> Facts:
    """Let a leg wait no longer, and hear no more of what it heard meanwhile."""
    return [*([LegRetrieved(leg.leg)] if leg.held_by else []), *hushed(leg)]


def brought_back(conversation: Conversation, by: Leg, party: Leg) -> Facts:
    """Let whoever put ``party`` on hold talk with them again; a phone that holds by itself still does."""
    return [*freed(party), *hushed(by), *join(conversation, by, party), *music_of(by, party)]


def music_of(one: Leg, other: Leg) -> Facts:
    """Let either hear music whose other's phone holds by itself."""
    out: Facts = [playing(other, HOLD_MUSIC)] if one.held else []
    return [*out, playing(one, HOLD_MUSIC)] if other.held else out


def fallen_back(conversation: Conversation, outcome: str) -> Facts:
    """End a consultation whose target is not there, or no more: whoever asked has the other one again."""
    consultation = conversation.consultation
    if consultation is None:
        return []
    ended = ConsultationEnded(consultation.leg, outcome)
    by, party = conversation.legs[consultation.leg], conversation.legs[consultation.held]
    if conversation.peer_of(by.leg) is party:
        return [ended]
    return [*parted(conversation), ended, *brought_back(conversation, by, party)]
