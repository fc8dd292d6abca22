"""Deciding consultations: somebody is asked while the other party waits, and both are brought together, or not.

Nothing is joined before the command to confirm. Whoever is asked and does not come, or goes, gives the asker back to
the one who waits; who waits and goes leaves the asker with the target.
"""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts, guide_facts, transfer_facts
from softswitch.calls.causes import Failure
from softswitch.calls.control_facts import ConsultationEnded, ConsultationStarted, ConsultationToggled, LegAnswerAsked
from softswitch.calls.control_inputs import CancelOrdered, ConfirmOrdered, ConsultOrdered, ToggleOrdered
from softswitch.calls.destinations import Attend
from softswitch.calls.detours import added_phone, planned
from softswitch.calls.ending import RINGBACK, end_of
from softswitch.calls.joining import brought_back, fallen_back, freed, held, join, music_of, parted, playing
from softswitch.calls.refusals import is_phone_of, live_leg, not_moving, other_party, refused, usable
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import CONSULTATION_TABLE, ConsultationInput, ConsultationState
from softswitch.calls.undertakings import Consultation
from softswitch.core.ids import leg_id

Facts = list[Any]

_TRANSFERRED = "Call transferred"
CANCELLED = Failure(487, 16, "Normal call clearing", "cancelled")


def consult(state: CallsState, given: ConsultOrdered) -> Facts:
    """Let the other party wait, and ring somebody for the one who asks.

    Raises:
        CommandError: the leg talks with nobody, or nobody can be asked at that number.
    """
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    party = other_party(conversation, leg)
    destination = usable(given.destination)
    if isinstance(destination, Attend):
        kind, _, name = destination.guide.partition(":")
        reason = f"The {kind} {name} cannot be asked, only transferred to: use transfer"
        raise refused(reason, "blind-only", "number")
    for one, whose in ((leg, "your own phone"), (party, "the phone of whoever waits")):
        if is_phone_of(destination.phones, one):
            raise refused(f"{given.to_number} is {whose}", "same-phone", "number")
    hops = max(1, leg.max_forwards - 1)
    first = conversation.next_leg()
    waits = [] if conversation.talking is None else [*parted(conversation), *held(party, leg)]
    return [
        *waits,
        ConsultationStarted(leg.leg, party.leg, given.to_number, given.purpose),
        *([LegAnswerAsked(leg.leg)] if leg.held else []),
        playing(leg, RINGBACK),
        *(
            added_phone(leg_id(conversation.conversation_id, number), phone, hops)
            for number, phone in enumerate(destination.phones, start=first)
        ),
        *(planned(destination.detours, hops) or ([facts.DetoursPlanned(())] if conversation.detours else [])),
    ]


def confirm(state: CallsState, given: ConfirmOrdered) -> Facts:
    """Bring the two together, and let the asker go; while the target's phones ring, the other party waits for them.

    Raises:
        CommandError: there is no consultation, or one of the two is gone.
    """
    conversation, leg, consultation = _consultation(state, given.leg)
    party = conversation.legs[consultation.held]
    started = transfer_facts.TransferStarted(leg.leg, party.leg, "attended", consultation.to_number)
    gone = facts.LegEnded(leg.leg, "switch", "bye", 0, 16, _TRANSFERRED)
    if consultation.state is ConsultationState.RINGING:
        return [
            transfer_facts.TransferStarted(leg.leg, party.leg, "early", consultation.to_number),
            ConsultationEnded(leg.leg, "confirmed-early"),
            *freed(party),
            guide_facts.LegPlaying(party.leg, party.plays + 1, RINGBACK, repeat=True),
            *(
                transfer_facts.LegMoved(each.leg, conversation.conversation_id)
                for each in conversation.callees
                if each.is_live
            ),
            gone,
        ]
    target = target_of(conversation, consultation)
    return [
        started,
        *parted(conversation),
        ConsultationEnded(leg.leg, "confirmed"),
        *freed(party),
        *freed(target),
        *join(conversation, party, target),
        *music_of(party, target),
        transfer_facts.TransferEnded(leg.leg, 200, "OK"),
        gone,
    ]


def _consultation(state: CallsState, name: str) -> tuple[Conversation, Leg, Consultation]:
    conversation, leg = live_leg(state, name)
    if conversation.consultation is None or conversation.consultation.leg != name:
        raise refused(f"No consultation is under way at {name}", "no-consultation")
    return conversation, leg, conversation.consultation


def target_of(conversation: Conversation, consultation: Consultation) -> Leg:
    """Return the leg of whoever was asked and has answered."""
    if consultation.state is ConsultationState.RETURNED:
        found = next(one for one in conversation.legs.values() if one.held_by == consultation.leg and one.is_live)
    else:
        talks = conversation.peer_of(consultation.leg)
        assert talks is not None  # noqa: S101  # the state says so
        found = talks
    return found


def cancel(state: CallsState, given: CancelOrdered) -> Facts:
    """Let whoever was asked go, and talk with the other party again.

    Raises:
        CommandError: there is no consultation.
    """
    conversation, _, consultation = _consultation(state, given.leg)
    return [*_target_let_go(conversation, consultation, CANCELLED), *fallen_back(conversation, "cancelled")]


def _target_let_go(conversation: Conversation, consultation: Consultation, failure: Failure) -> Facts:
    if consultation.state is ConsultationState.RINGING:
        return [end_of(leg, failure) for leg in conversation.callees if leg.is_live]
    return [end_of(target_of(conversation, consultation), failure)]


def toggle(state: CallsState, given: ToggleOrdered) -> Facts:
    """Talk with the other one of the two.

    Raises:
        CommandError: there is no consultation, or whoever is asked has not answered yet.
    """
    conversation, leg, consultation = _consultation(state, given.leg)
    if not CONSULTATION_TABLE.allows(consultation.state, ConsultationInput.TOGGLE):
        raise refused(f"{consultation.to_number} has not answered yet", "not-answered")
    party, target = conversation.legs[consultation.held], target_of(conversation, consultation)
    advising = consultation.state is ConsultationState.ADVISING
    talks, waits = (target, party) if advising else (party, target)
    return [
        *parted(conversation),
        *held(talks, leg),
        ConsultationToggled(leg.leg),
        *brought_back(conversation, leg, waits),
    ]


def without_party(conversation: Conversation, gone: Leg) -> Facts | None:
    """Go on with a consultation whose target or whose waiting party is over; None where it is neither."""
    consultation = conversation.consultation
    if consultation is None or gone.leg == consultation.leg:
        return None
    if gone.leg == consultation.held:
        return _without_the_caller(conversation, consultation)
    if consultation.state is ConsultationState.RINGING or gone is not target_of(conversation, consultation):
        return None
    return fallen_back(conversation, "target-gone")


def without_asker(conversation: Conversation) -> Facts:
    """End a consultation whose asker is over: whoever was asked is let go."""
    consultation = conversation.consultation
    if consultation is None:
        return []
    let_go = _target_let_go(conversation, consultation, CANCELLED)
    return [*parted(conversation), *let_go, ConsultationEnded(consultation.leg, "asker-gone")]


def _without_the_caller(conversation: Conversation, consultation: Consultation) -> Facts:
    ended = ConsultationEnded(consultation.leg, "caller-gone")
    if consultation.state is not ConsultationState.RETURNED:
        return [ended]
    asker = conversation.legs[consultation.leg]
    target = target_of(conversation, consultation)
    return [*parted(conversation), ended, *brought_back(conversation, asker, target)]
