"""Deciding for supervisors: they hear a conversation of others, and are heard there by nobody, by one or by all.

A supervisor has a conversation of its own, whose leg listens in the room of the one that is supervised. So a supervisor
may come, go and change without a word to those who talk, and may stay with an agent from call to call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.calls import conference_inputs, control_inputs, destinations, facts, guide_facts, inputs, transfer_facts
from softswitch.calls.causes import NO_ANSWER, NO_MEDIA, Failure, failure_for_caller
from softswitch.calls.description import OUR_FORMATS, answer_for, conference_offer_for, offer_for
from softswitch.calls.detours import added_phone
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.ending import COMPLETED, end_by_phone, end_of
from softswitch.calls.hearing import talkers
from softswitch.calls.moving import offer_new_port
from softswitch.calls.own_port import OwnPort, already_over, rejection
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.supervision_facts import (
    SupervisionConnected,
    SupervisionEnded,
    SupervisionModeChosen,
    SupervisionMoved,
    SupervisionStarted,
)
from softswitch.calls.tables import ConversationState, LegState, PortState
from softswitch.calls.undertakings import Supervision
from softswitch.core.errors import SdpError
from softswitch.core.ids import conversation_of, leg_id

Facts = list[Any]

MODES: Final = ("listen", "whisper", "barge")
FOLLOWS: Final = ("agent", "conversation")
NOTICE: Final = ("tone:beep",)
"""What the supervised one hears where it is to be told."""
_KEYS: Final = {"1": "listen", "2": "whisper", "3": "barge"}
_WAITING: Final = frozenset({LegState.NEW, LegState.INVITED, LegState.RINGING})


def ordered(state: CallsState, given: conference_inputs.SuperviseOrdered) -> Facts:
    """Ring a supervisor's phones."""
    return [
        facts.ConversationStarted(given.from_number, given.to_number, "", given.supervisor, kind="supervision"),
        begun(given.wanted),
        *(
            added_phone(leg_id(given.conversation_id, number), phone, 70, side="dialler")
            for number, phone in enumerate(given.phones, start=1)
        ),
    ]


def begun(wanted: destinations.Supervise) -> SupervisionStarted:
    """Write the fact of a supervision that begins."""
    return SupervisionStarted(
        wanted.user,
        wanted.watched,
        wanted.target,
        wanted.mode,
        wanted.follow,
        wanted.told,
        wanted.modes,
        wanted.barred,
    )


def changed(state: CallsState, given: conference_inputs.ChangeSupervision) -> Facts:
    """A supervisor wants to be heard by others than before, or to hear somebody else."""
    conversation = state.conversations.get(given.conversation_id)
    supervision = None if conversation is None else conversation.supervision
    if supervision is None:
        return []
    wanted = given.wanted
    out: Facts = []
    if (wanted.mode, wanted.modes) != (supervision.mode, supervision.modes):
        out.append(SupervisionModeChosen(wanted.mode, wanted.modes))
    if wanted.target != supervision.target:
        leg = state.legs.get(wanted.target)
        out += _moved(state, supervision, leg) if leg is not None else []
    return out


def follow(state: CallsState, given: conference_inputs.FollowSupervised) -> Facts:
    """Something has happened somewhere: see that the supervisor hears what is to be heard."""
    conversation = state.conversations.get(given.conversation_id)
    supervision = None if conversation is None else conversation.supervision
    if conversation is None or supervision is None:
        return []
    target = state.legs.get(supervision.target)
    if target is not None and target.is_live:
        return [] if target.conversation_id == supervision.watched else _moved(state, supervision, target)
    if supervision.follow == "agent":
        talks = (
            leg
            for leg in state.legs.values()
            if leg.user == supervision.user
            and _is_heard(state, leg)
            and state.conversations[leg.conversation_id].guide not in supervision.barred
        )
        found = next(talks, None)
        if found is not None:
            return _moved(state, supervision, found)
        gone = SupervisionMoved(supervision.user, "", "", supervision.watched)
        return [gone] if supervision.watched else []
    return _with_conversation(state, conversation, supervision)


def _with_conversation(state: CallsState, conversation: Conversation, supervision: Supervision) -> Facts:
    """Stay with a conversation whose supervised one has left: with whoever of us talks in it now."""
    watched = state.conversations.get(supervision.watched)
    if watched is None or watched.state is ConversationState.ENDED:
        moved = (leg for leg in state.legs.values() if conversation_of(leg.leg) == supervision.watched)
        found = next((leg for leg in moved if leg.is_live and leg.conversation_id != supervision.watched), None)
        return over(conversation, COMPLETED) if found is None else _moved(state, supervision, found)
    there = [watched.legs[name] for name in talkers(watched)]
    ours = next((leg for leg in there if leg.user), None)
    if ours is not None:
        return _moved(state, supervision, ours)
    if not supervision.target:
        return []
    return [SupervisionMoved(supervision.user, supervision.watched, "", supervision.watched)]


def _is_heard(state: CallsState, leg: Leg) -> bool:
    conversation = state.conversations[leg.conversation_id]
    return leg.is_live and conversation.supervision is None and leg.leg in talkers(conversation)


def _moved(state: CallsState, supervision: Supervision, target: Leg) -> Facts:
    there = target.conversation_id
    moved = SupervisionMoved(target.user or supervision.user, there, target.leg, supervision.watched)
    return [moved, *_notice(supervision.told, target)]


def _notice(told: bool, target: Leg | None) -> Facts:  # as it stands in the state
    if not told or target is None or target.sounds:
        return []
    return [Elsewhere(target.conversation_id, guide_facts.LegPlaying(target.leg, target.plays + 1, NOTICE))]


def over(conversation: Conversation, failure: Failure, *, but: str = "") -> Facts:
    """End a supervisor's conversation."""
    watched = "" if conversation.supervision is None else conversation.supervision.watched
    out: Facts = [end_of(leg, failure) for leg in conversation.legs.values() if leg.is_live and leg.leg != but]
    return [*out, SupervisionEnded(watched), facts.ConversationEnded(failure.word, failure.status)]


# What happens to the supervisor's own leg


def media_opened(state: CallsState, given: inputs.MediaOpened) -> Facts:
    """A port is there: the phone is invited, its call answered, or it is told of its new port."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if leg.port_state is not PortState.OPENING:
        return []
    out: Facts = [facts.LegMediaOpened(leg.leg, given.port)]
    if leg.moving:
        return out + offer_new_port(conversation, leg, given.port)
    if not leg.is_live or leg.state is not LegState.NEW:
        return out
    if not leg.called_us:
        return [*out, facts.LegInvited(leg.leg, conference_offer_for(leg, given.port))]
    try:
        sdp = answer_for(leg, leg.remote_sdp, OUR_FORMATS, given.port) if leg.remote_sdp else ""
    except SdpError:
        return out + over(conversation, NO_MEDIA)
    accepted = facts.LegAccepted(leg.leg, sdp or offer_for(leg, OUR_FORMATS, given.port))
    return [*out, accepted, *_connected(state, conversation, leg)]


def _connected(state: CallsState, conversation: Conversation, leg: Leg) -> Facts:
    supervision = conversation.supervision
    if supervision is None:
        return []
    return [SupervisionConnected(leg.leg), *_notice(supervision.told, state.legs.get(supervision.target))]


def answered(state: CallsState, given: inputs.CalleeAnswered) -> Facts:
    """The supervisor takes our call; further phones ring no more."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if leg.state not in {LegState.INVITED, LegState.RINGING}:
        return []
    others = [one for one in conversation.legs.values() if one is not leg and one.is_live]
    return [
        facts.LegAnswered(leg.leg, given.sdp, leg.user),
        *(facts.LegEnded(one.leg, "switch", "cancel", 200, 26, "Call completed elsewhere") for one in others),
        *_connected(state, conversation, leg),
    ]


def progressed(state: CallsState, given: inputs.CalleeProgressed) -> Facts:
    """The supervisor's phone rings."""
    leg, _ = state.leg_and_conversation(given.leg)
    waits = leg.state in {LegState.INVITED, LegState.RINGING}
    return [facts.LegProgressed(leg.leg, given.status, given.sdp)] if waits else []


def rejected(state: CallsState, given: inputs.CalleeRejected) -> Facts:
    """A phone of the supervisor refused."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if (over_already := already_over(leg)) is not None:
        return over_already
    end = rejection(given)
    if any(one.is_live for one in conversation.legs.values() if one is not leg):
        return [end]
    return [end, *over(conversation, failure_for_caller([given.status]), but=leg.leg)]


def phone_ended(state: CallsState, given: inputs.PhoneEnded) -> Facts:
    """The supervisor hung up, or the dialog died."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if (over_already := already_over(leg)) is not None:
        return over_already
    return [end_by_phone(given), *over(conversation, COMPLETED, but=leg.leg)]


def cancelled(state: CallsState, given: inputs.CallerCancelled) -> Facts:
    """The supervisor gave up before we answered."""
    leg, conversation = state.leg_and_conversation(given.leg)
    if not leg.is_live:
        return []
    end = facts.LegEnded(leg.leg, "phone", "cancel", 487, 16, "Caller gave up")
    return [end, *over(conversation, Failure(487, 16, "Normal call clearing", "cancelled"), but=leg.leg)]


def deadline_passed(state: CallsState, given: inputs.DeadlinePassed) -> Facts:
    """The supervisor did not answer, or a new port was not taken."""
    return over(state.conversations[given.conversation_id], NO_ANSWER)


def end(state: CallsState, given: inputs.EndConversation) -> Facts:
    """A command ends it."""
    return over(state.conversations[given.conversation_id], Failure(480, 16, given.reason, given.word))


def hang_up(state: CallsState, given: control_inputs.HangUpOrdered) -> Facts:
    """A command ends what a supervisor hears."""
    _, conversation = state.leg_and_conversation(given.leg)
    return over(conversation, COMPLETED)


def key_pressed(state: CallsState, given: inputs.KeyPressed) -> Facts:
    """The supervisor's keys 1, 2 and 3 choose who hears them."""
    _, conversation = state.leg_and_conversation(given.leg)
    mode, supervision = _KEYS.get(given.key), conversation.supervision
    if mode is None or supervision is None or supervision.mode == mode or mode not in supervision.modes:
        return []
    return [SupervisionModeChosen(mode)]


def no_transfer(state: CallsState, given: inputs.TransferAsked) -> Facts:
    """A supervisor cannot be replaced by a phone's transfer."""
    return [transfer_facts.TransferRefused(given.leg, 603, "There is nobody to transfer", given.subscription)]


def _given_up(conversation: Conversation, leg: Leg, failure: Failure) -> Facts:
    return over(conversation, failure)


_OWN_PORT: Final = OwnPort(_given_up)

DECISIONS: Final[dict[type, Callable[[CallsState, Any], Facts]]] = {
    inputs.MediaOpened: media_opened,
    inputs.MediaRefused: _OWN_PORT.media_refused,
    inputs.MediaLost: _OWN_PORT.media_lost,
    inputs.CalleeProgressed: progressed,
    inputs.CalleeAnswered: answered,
    inputs.CalleeRejected: rejected,
    inputs.CallerCancelled: cancelled,
    inputs.PhoneTookMove: _OWN_PORT.took_offer,
    inputs.PhoneRefusedMove: _OWN_PORT.refused_offer,
    inputs.PhoneEnded: phone_ended,
    inputs.DeadlinePassed: deadline_passed,
    inputs.EndConversation: end,
    inputs.KeyPressed: key_pressed,
    inputs.TransferAsked: no_transfer,
    control_inputs.HangUpOrdered: hang_up,
}
"""What is decided otherwise in a supervisor's conversation than in a call of two."""
