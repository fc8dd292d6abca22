"""Deciding what becomes of legs whose media worker died.

Two people who talk are moved: each leg gets a port in another worker, and its phone is told by re-INVITE. Each side
goes by itself, as with hold. A phone that refuses, or does not answer in time, ends the call on both sides, as it ends
where nobody talks yet. A glare is no refusal: the offer is made again when the wait of RFC 3261 §14.1 is over.
"""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts
from softswitch.calls.causes import MEDIA_LOST
from softswitch.calls.description import OUR_FORMATS, audio_of, has_speech, in_order_of, offer_for
from softswitch.calls.ending import end_all
from softswitch.calls.inputs import MediaLost, PhoneRefusedMove, PhoneTookMove
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState, PortState
from softswitch.calls.talking import formats_of_peer, offer_answered, offer_refused

Facts = list[Any]

_CONNECTED = frozenset({LegState.ANSWERED, LegState.TALKING})
_GLARE = frozenset({491, 500})
"""Statuses after which the offer is made again: a glare; a phone that is still busy with a former brain's offer."""


def media_lost(state: CallsState, given: MediaLost) -> Facts:
    """A leg's worker died: give it another port, or end the conversation that has no sound now."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or leg.port_state is PortState.NONE:
        return []
    if leg.is_live and (leg.port_state is PortState.OPENING or _is_talking(conversation, leg)):
        return [facts.LegMediaLost(leg.leg)]
    out: Facts = end_all(conversation, MEDIA_LOST) if leg.is_live else []
    return [*out, facts.LegMediaClosed(given.leg, 0, 0, 0, 0.0, 0)]


def _is_talking(conversation: Conversation, leg: Leg) -> bool:
    """Tell whether a leg talks, or lets somebody wait, or waits."""
    if conversation.parked is not None and conversation.parked.leg == leg.leg:
        return leg.state in _CONNECTED
    peer = conversation.peer_of(leg.leg) or conversation.held_by(leg.leg) or conversation.legs.get(leg.held_by)
    return peer is not None and leg.state in _CONNECTED and peer.state in _CONNECTED


def offer_new_port(conversation: Conversation, leg: Leg, port: int) -> Facts:
    """Offer a phone the port that its leg has now, with the formats that it talks in."""
    current = audio_of(leg.remote_sdp)
    formats = in_order_of(formats_of_peer(conversation, leg), current.formats) if current else ()
    return [facts.LegReinvited(leg.leg, offer_for(leg, formats or OUR_FORMATS, port))]


def took_move(state: CallsState, given: PhoneTookMove) -> Facts:
    """A phone took a re-INVITE of ours: the move is done, if it was that which was offered."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is not None and not leg.moving:
        return offer_answered(state, given)
    if leg is None or conversation is None or not _awaits_answer(leg):
        return []
    if given.offered != leg.local_sdp:  # an earlier one, e.g. a refresh of the session
        return [facts.LegReinvited(leg.leg, leg.local_sdp)]
    audio = audio_of(given.sdp)
    if audio is None or not has_speech(audio.formats):
        return end_all(conversation, MEDIA_LOST)
    return [facts.LegReinviteAnswered(leg.leg, given.sdp, held=audio.on_hold)]


def refused_move(state: CallsState, given: PhoneRefusedMove) -> Facts:
    """A phone refused a re-INVITE of ours: without it there is no sound."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is not None and not leg.moving:
        return offer_refused(state, given)
    if leg is None or conversation is None or not _awaits_answer(leg):
        return []
    if given.status in _GLARE:
        return [facts.LegReinvited(leg.leg, leg.local_sdp)]
    return end_all(conversation, MEDIA_LOST)


def _awaits_answer(leg: Leg) -> bool:
    return leg.moving and leg.is_live and leg.port_state is PortState.OPEN
