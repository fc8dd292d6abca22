"""Deciding what becomes of the others when somebody leaves who holds, is held, asks or is asked."""

from __future__ import annotations

from typing import Any

from softswitch.calls import ending, facts, transfer_facts
from softswitch.calls.causes import Failure
from softswitch.calls.consulting import without_asker, without_party
from softswitch.calls.control_facts import LegRetrieved
from softswitch.calls.control_inputs import HangUpOrdered
from softswitch.calls.inputs import PhoneEnded
from softswitch.calls.refusals import live_leg
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import ConversationState, LegState
from softswitch.core.ids import leg_id

Facts = list[Any]

RECALL = "recall"
"""The kind of a transfer back to whoever let somebody wait and hung up."""
_DECLINED = Failure(603, 21, "Call rejected", "declined")
_GIVEN_UP = Failure(487, 16, "Normal call clearing", "cancelled")
_RUNG = frozenset({LegState.NEW, LegState.INVITED, LegState.RINGING})


def phone_ended(state: CallsState, given: PhoneEnded) -> Facts:
    """A phone hung up or its dialog died; whoever lets somebody wait and hangs up is rung for them."""
    leg, conversation = state.legs.get(given.leg), state.conversation_of(given.leg)
    if leg is None or conversation is None or not leg.is_live:
        return ending.phone_ended(state, given)
    rest = without_party(conversation, leg)
    if rest is None and given.how == "bye":
        rest = _recalled(conversation, leg)
    return ending.phone_ended(state, given) if rest is None else [ending.end_by_phone(given), *rest]


def _recalled(conversation: Conversation, gone: Leg) -> Facts | None:
    """Ring the phone again at which somebody has let the other party wait; None where it is not so."""
    party = conversation.held_by(gone.leg)
    if conversation.consultation is not None:
        party = conversation.legs[conversation.consultation.held]
    if party is None or not party.held_by or not gone.user or gone.trunk or conversation.transfer is not None:
        return None
    return [*without_asker(conversation), LegRetrieved(party.leg), *called_back(conversation, gone, party)]


def called_back(conversation: Conversation, gone: Leg, party: Leg) -> Facts:
    """Ring the phone of a leg that is over for a party that waits."""
    number = leg_id(conversation.conversation_id, conversation.next_leg())
    flow = gone.flow
    return [
        transfer_facts.TransferStarted(gone.leg, party.leg, RECALL, gone.number),
        facts.LegAdded(
            number,
            "callee",
            gone.user,
            gone.number,
            gone.uri,
            (flow.transport, *flow.local, *flow.remote, flow.connection),
            gone.media_address,
            gone.advertised_address,
            "",
            gone.max_forwards,
            gone.route,
            srtp=gone.srtp,
            dtmf=gone.dtmf,
        ),
    ]


def hang_up(state: CallsState, given: HangUpOrdered) -> Facts:
    """A command ends the call of a leg; one that rings is declined there.

    Raises:
        CommandError: there is no such leg.
    """
    conversation, leg = live_leg(state, given.leg)
    if leg.side == "callee" and leg.state in _RUNG:
        return _declined(conversation, leg)
    over = ending.end_of(leg, ending.COMPLETED)
    rest = without_party(conversation, leg)
    if rest is not None:
        return [over, *rest]
    if ending.is_over_for_it_alone(conversation, leg):
        return [over]
    answered = conversation.state is ConversationState.TALKING and not conversation.is_ringing
    return ending.end_all(conversation, ending.COMPLETED if answered else _GIVEN_UP)


def _declined(conversation: Conversation, leg: Leg) -> Facts:
    """Let the phones of one user ring no longer, as if one had refused."""
    mine = [one for one in conversation.callees if one.is_live and (one.user, one.number) == (leg.user, leg.number)]
    out: Facts = [ending.end_of(one, _DECLINED) for one in mine]
    if any(one.is_live and one not in mine for one in conversation.callees):
        return out
    rest = ending.nobody_reached(conversation, _DECLINED)
    ended = {fact.leg for fact in out}
    return [
        *out,
        *(fact for fact in rest if getattr(fact, "leg", "") not in ended or not isinstance(fact, facts.LegEnded)),
    ]
