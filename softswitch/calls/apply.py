"""Facts to state: the single writer of :class:`~softswitch.calls.state.CallsState`.

Folding the same facts always gives the same state; nothing here draws from a clock or from chance. A fact about a leg
that is already gone changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from softswitch.calls import (
    conference_apply,
    control_apply,
    facts,
    guide_apply,
    information_apply,
    supervision_apply,
    transfer_apply,
)
from softswitch.calls.dialog_values import changed_values
from softswitch.calls.parting import Parting
from softswitch.calls.soundness import align
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import (
    CONVERSATION_TABLE,
    LEG_TABLE,
    ConsultationInput,
    ConsultationState,
    ConversationInput,
    ConversationState,
    LegInput,
    LegState,
    PortState,
)
from softswitch.core.facts import Record
from softswitch.sip.flow import Flow

_NONE: Final = PortState.NONE
_OPEN: Final = (PortState.OPEN, PortState.OPENING)


def apply(state: CallsState, record: Record) -> None:
    """Change ``state`` by one fact; a fact of another kind changes nothing."""
    change = CHANGES.get(type(record.fact))
    if change is not None:
        change(state, record, record.fact)


def _started(state: CallsState, record: Record, fact: facts.ConversationStarted) -> None:
    state.conversations[record.conversation_id] = Conversation(
        record.conversation_id,
        fact.kind,
        fact.from_number,
        fact.from_name,
        fact.from_user,
        fact.to_number,
        record.wall_s,
        deadline_s=record.wall_s + state.deadlines.setup_s,
        guide=fact.guide,
    )


def _added(state: CallsState, record: Record, fact: facts.LegAdded) -> None:
    transport, local_host, local_port, remote_host, remote_port, connection = fact.flow
    leg = Leg(
        fact.leg,
        record.conversation_id,
        fact.side,
        fact.user,
        fact.number,
        fact.uri,
        Flow(transport, (local_host, local_port), (remote_host, remote_port), connection),
        fact.media_address,
        fact.advertised_address,
        fact.max_forwards,
        fact.route,
        fact.trunk,
        fact.caller,
        fact.headers,
        fact.codecs,
        fact.srtp,
        remote_sdp=fact.sdp,
        port_state=PortState.OPENING if fact.media_address else PortState.NONE,
        dtmf=fact.dtmf,
    )
    leg.replaces = fact.replaces
    conversation = state.conversations[record.conversation_id]
    if leg.is_caller:
        conversation.seeker = fact.leg
    else:
        leg.attempt = conversation.attempt
    conversation.legs[fact.leg] = leg
    state.keep(leg)


def _detours_planned(state: CallsState, record: Record, fact: facts.DetoursPlanned) -> None:
    state.conversations[record.conversation_id].detours = fact.detours


def _detour_taken(state: CallsState, record: Record, fact: facts.DetourTaken) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.detours = conversation.detours[1:]


def _media_opened(state: CallsState, record: Record, fact: facts.LegMediaOpened) -> None:
    leg = state.legs[fact.leg]
    leg.port, leg.keys = fact.port, 0
    leg.port_state = PortState.OPEN if leg.is_live else PortState.CLOSING
    conversation = state.conversations[record.conversation_id]
    if leg.is_live and leg.is_caller and conversation.guide and not leg.moving:
        guide_apply.attend(state, conversation, record.wall_s)


def _media_refused(state: CallsState, record: Record, fact: facts.LegMediaRefused) -> None:
    state.legs[fact.leg].port_state = PortState.NONE
    _forget_if_over(state, record.conversation_id)


def _invited(state: CallsState, record: Record, fact: facts.LegInvited) -> None:
    leg = state.legs[fact.leg]
    leg.state = LEG_TABLE.step(leg.state, LegInput.INVITE)
    leg.local_sdp = fact.sdp
    conversation = state.conversations[record.conversation_id]
    if conversation.state is ConversationState.SETUP and not conversation.guide:
        conversation.deadline_s = record.wall_s + state.deadlines.ring_s
    conversation.state = CONVERSATION_TABLE.step(conversation.state, ConversationInput.INVITE)


def _progressed(state: CallsState, record: Record, fact: facts.LegProgressed) -> None:
    leg = state.legs[fact.leg]
    leg.state = LEG_TABLE.step(leg.state, LegInput.ALERT)
    if fact.sdp:
        leg.remote_sdp = fact.sdp


def _alerted(state: CallsState, record: Record, fact: facts.LegAlerted) -> None:
    leg = state.legs[fact.leg]
    leg.state = LEG_TABLE.step(leg.state, LegInput.ALERT)
    leg.alerted = fact.status
    if fact.sdp:
        leg.local_sdp = fact.sdp
        leg.early = fact.source


def _answered(state: CallsState, record: Record, fact: facts.LegAnswered) -> None:
    leg = state.legs[fact.leg]
    leg.state = LEG_TABLE.step(leg.state, LegInput.TAKE)
    leg.remote_sdp = fact.sdp or leg.remote_sdp


def _accepted(state: CallsState, record: Record, fact: facts.LegAccepted) -> None:
    leg = state.legs[fact.leg]
    leg.state = LEG_TABLE.step(leg.state, LegInput.ACCEPT)
    leg.answer_awaited = not leg.remote_sdp
    leg.local_sdp = fact.sdp
    conversation = state.conversations[record.conversation_id]
    if conversation.answered_at_s is None:
        conversation.answered_at_s = record.wall_s
    if conversation.kind == "code":  # its ACK has to come
        conversation.deadline_s = record.wall_s + state.deadlines.ring_s


def _acknowledged(state: CallsState, record: Record, fact: facts.LegAcknowledged) -> None:
    leg = state.legs[fact.leg]
    leg.state = LEG_TABLE.step(leg.state, LegInput.ACKNOWLEDGE)
    if fact.sdp:
        leg.remote_sdp = fact.sdp
    leg.answer_awaited = False


def _reoffered(state: CallsState, record: Record, fact: facts.LegReoffered) -> None:
    leg = state.legs[fact.leg]
    leg.answer_awaited = not fact.remote_sdp
    leg.remote_sdp = fact.remote_sdp or leg.remote_sdp
    leg.local_sdp = fact.local_sdp
    _hold_by_key(state, leg, record.wall_s, held=fact.held)


def _hold_by_key(state: CallsState, leg: Leg, wall_s: float, *, held: bool) -> None:
    """A phone holds by its own key, or no more: its user is reminded of whoever waits."""
    if held != leg.held:
        leg.held = held
        leg.held_at_s = leg.held_at_s if leg.held_by else wall_s
        control_apply.remind_later(state, state.conversations[leg.conversation_id], wall_s)


def _media_lost(state: CallsState, record: Record, fact: facts.LegMediaLost) -> None:
    leg = state.legs[fact.leg]
    leg.port, leg.port_state = 0, PortState.OPENING
    if leg.state in {LegState.ANSWERED, LegState.TALKING}:
        leg.moving = True
        state.conversations[record.conversation_id].deadline_s = record.wall_s + state.deadlines.move_s


def _reinvited(state: CallsState, record: Record, fact: facts.LegReinvited) -> None:
    state.legs[fact.leg].local_sdp = fact.sdp


def _reinvite_answered(state: CallsState, record: Record, fact: facts.LegReinviteAnswered) -> None:
    leg = state.legs[fact.leg]
    leg.remote_sdp, leg.moving = fact.sdp, False
    _hold_by_key(state, leg, record.wall_s, held=fact.held)
    conversation = state.conversations[record.conversation_id]
    rings = conversation.conference is not None and conversation.invited()
    if not rings and not any(one.moving for one in conversation.legs.values()):
        conversation.deadline_s = _deadline_after_move(state, conversation, record.wall_s)


def _deadline_after_move(state: CallsState, conversation: Conversation, wall_s: float) -> float | None:
    if conversation.parked is not None:
        return wall_s + state.deadlines.park_s
    waits = conversation.transfer is not None or conversation.is_ringing
    return wall_s + state.deadlines.ring_s if waits else None


def _breached(state: CallsState, record: Record, fact: facts.InvariantBreached) -> None:
    if fact.kind == "leg":
        state.forget(fact.subject)


def _offered(state: CallsState, record: Record, fact: facts.LegOffered) -> None:
    state.legs[fact.leg].pending_offer = fact.sdp


def _offer_answered(state: CallsState, record: Record, fact: facts.LegOfferAnswered) -> None:
    leg = state.legs[fact.leg]
    leg.local_sdp = leg.pending_offer or leg.local_sdp
    leg.remote_sdp = fact.sdp or leg.remote_sdp
    leg.pending_offer = ""


def _offer_refused(state: CallsState, record: Record, fact: facts.LegOfferRefused) -> None:
    state.legs[fact.leg].pending_offer = ""


def _segment_started(state: CallsState, record: Record, fact: facts.SegmentStarted) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.state = CONVERSATION_TABLE.step(conversation.state, ConversationInput.TALK)
    conversation.segment = fact.segment
    conversation.talking = (fact.leg_a, fact.leg_b)
    conversation.attempting = False
    conversation.deadline_s = None
    if any(leg.held for leg in map(state.legs.get, conversation.talking) if leg is not None):
        control_apply.remind_later(state, conversation, record.wall_s)
    if conversation.consultation is not None and conversation.consultation.state is ConsultationState.RINGING:
        control_apply.step_consultation(conversation, ConsultationInput.ANSWER)
    if conversation.answered_at_s is None:
        conversation.answered_at_s = record.wall_s


def _segment_ended(state: CallsState, record: Record, fact: facts.SegmentEnded) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.talking = None
    _remind_nobody_of_nobody(conversation)


def _remind_nobody_of_nobody(conversation: Conversation) -> None:
    if conversation.remind_at_s is not None and not conversation.waiting():
        conversation.remind_at_s = None


def _leg_ended(state: CallsState, record: Record, fact: facts.LegEnded) -> None:
    leg = state.legs[fact.leg]
    leg.cancelling = fact.how == "cancel" and fact.by == "switch" and leg.state is not LegState.NEW
    leg.state = LEG_TABLE.step(leg.state, LegInput.END)
    leg.end_status, leg.end_cause, leg.end_reason = fact.status, fact.cause, fact.reason
    if leg.port_state in _OPEN:
        leg.port_state = PortState.CLOSING
    conversation = state.conversations[record.conversation_id]
    _remind_nobody_of_nobody(conversation)
    if not leg.cancelling:
        if leg.dialog:
            _remember_parting(state, record, fact, leg.dialog)
        leg.dialog = ()


def _remember_parting(state: CallsState, record: Record, fact: facts.LegEnded, dialog: tuple[Any, ...]) -> None:
    """Keep for a moment what it takes to say again that a dialog is over; let go of what is older."""
    partings = state.partings
    while partings and partings[0].at_s < record.wall_s - state.deadlines.parting_s:
        partings.popleft()
    partings.append(
        Parting(fact.leg, fact.by, fact.how, fact.status, fact.cause, fact.reason, dialog, record.wall_s),
    )


def _resumed(state: CallsState, record: Record, fact: facts.BrainResumed) -> None:
    """Let the ends that are said again be ends of now: should this brain die before it says them, the next one will."""
    again = [replace(parting, at_s=record.wall_s) for parting in state.partings if parting.at_s >= fact.since_s]
    state.partings.clear()
    state.partings.extend(again)


def _cancel_settled(state: CallsState, record: Record, fact: facts.LegCancelSettled) -> None:
    leg = state.legs[fact.leg]
    leg.cancelling = False
    leg.dialog = ()
    _forget_if_over(state, record.conversation_id)


def _media_closed(state: CallsState, record: Record, fact: facts.LegMediaClosed) -> None:
    state.legs[fact.leg].port_state = PortState.NONE
    _forget_if_over(state, record.conversation_id)


def _ended(state: CallsState, record: Record, fact: facts.ConversationEnded) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.state = CONVERSATION_TABLE.step(conversation.state, ConversationInput.END)
    conversation.deadline_s = record.wall_s + state.deadlines.close_s
    _forget_if_over(state, record.conversation_id)


def _doubted(state: CallsState, record: Record, fact: facts.ConversationDoubted) -> None:
    align(state.conversations[record.conversation_id])


def _dialog_changed(state: CallsState, record: Record, fact: facts.DialogChanged) -> None:
    leg = state.legs.get(fact.leg)
    if leg is not None and (leg.is_live or leg.cancelling):
        leg.dialog = changed_values(leg.dialog, fact)
        leg.dialog_at_s = record.wall_s


def _forget_if_over(state: CallsState, conversation_id: str) -> None:
    """Drop a conversation whose legs are over, whose ports are closed and whose cancellations are settled."""
    conversation = state.conversations[conversation_id]
    if conversation.state is not ConversationState.ENDED:
        return
    for one in conversation.legs.values():
        if one.cancelling or one.port_state is not _NONE:
            return
    for leg in conversation.legs:
        state.forget(leg)
    del state.conversations[conversation_id]


CHANGES: Final[dict[type, Callable[[CallsState, Record, Any], None]]] = {
    facts.ConversationStarted: _started,
    facts.LegAdded: _added,
    facts.DetoursPlanned: _detours_planned,
    facts.DetourTaken: _detour_taken,
    facts.LegMediaOpened: _media_opened,
    facts.LegMediaRefused: _media_refused,
    facts.LegInvited: _invited,
    facts.LegProgressed: _progressed,
    facts.LegAlerted: _alerted,
    facts.LegAnswered: _answered,
    facts.LegAccepted: _accepted,
    facts.LegAcknowledged: _acknowledged,
    facts.LegReoffered: _reoffered,
    facts.InvariantBreached: _breached,
    facts.BrainResumed: _resumed,
    facts.LegMediaLost: _media_lost,
    facts.LegReinvited: _reinvited,
    facts.LegReinviteAnswered: _reinvite_answered,
    facts.LegOffered: _offered,
    facts.LegOfferAnswered: _offer_answered,
    facts.LegOfferRefused: _offer_refused,
    facts.SegmentStarted: _segment_started,
    facts.SegmentEnded: _segment_ended,
    facts.LegEnded: _leg_ended,
    facts.LegCancelSettled: _cancel_settled,
    facts.LegMediaClosed: _media_closed,
    facts.ConversationEnded: _ended,
    facts.ConversationDoubted: _doubted,
    facts.DialogChanged: _dialog_changed,
    **guide_apply.CHANGES,
    **control_apply.CHANGES,
    **transfer_apply.CHANGES,
    **information_apply.CHANGES,
    **conference_apply.CHANGES,
    **supervision_apply.CHANGES,
}
"""What a fact does to the state, by its type: gets the state, the record and its fact."""

APPLIED: Final = frozenset(CHANGES)
"""The types of the facts that change something here."""
