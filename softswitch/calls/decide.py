"""``decide(state, input) -> facts``: what follows from whatever happens to a call.

Pure: the state is read, not changed; time and chance, where they matter, stand in the input. An input that fits no
state any more (an answer that crossed a cancellation, a port that opens after the hang-up) decides nothing. A command
that does not fit is refused by a ``CommandError``, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.calls import (
    conference_inputs,
    conferencing,
    consulting,
    control_inputs,
    dialling,
    ending,
    gathering,
    guide_inputs,
    guided,
    holding,
    information,
    inputs,
    leaving,
    moving,
    parking,
    replacing,
    seats,
    setup,
    supervising,
    taking,
    talking,
    transferring,
)
from softswitch.calls.state import CallsState, Conversation


def decide(state: CallsState, given: inputs.Input) -> list[Any]:
    """Return the facts that follow from ``given``, in order.

    Raises:
        CommandError: it is a command that does not fit the state; nothing follows.
    """
    conversation = _conversation_of(state, given)
    if conversation is not None and (conversation.conference or conversation.supervision):
        table = _IN_CONFERENCE if conversation.conference else supervising.DECISIONS
        otherwise = table.get(type(given))
        if otherwise is not None:
            return otherwise(state, given)
    return _DECISIONS[type(given)](state, given)


def _conversation_of(state: CallsState, given: inputs.Input) -> Conversation | None:
    leg = getattr(given, "leg", "")
    return state.conversation_of(leg) if leg else state.conversations.get(getattr(given, "conversation_id", ""))


_IN_CONFERENCE: Final = {**conferencing.DECISIONS, **seats.DECISIONS}

_DECISIONS: Final[dict[type, Callable[[CallsState, Any], list[Any]]]] = {
    inputs.CallArrived: setup.arrive,
    inputs.MediaOpened: setup.media_opened,
    inputs.MediaRefused: setup.media_refused,
    inputs.MediaClosed: setup.media_closed,
    inputs.MediaLost: moving.media_lost,
    inputs.CalleeProgressed: talking.progressed,
    inputs.CalleeAnswered: talking.answered,
    inputs.CalleeRejected: ending.rejected,
    inputs.CallerCancelled: ending.cancelled,
    inputs.CallerAcknowledged: talking.acknowledged,
    inputs.PhoneReoffered: talking.reoffered,
    inputs.PhoneTookMove: moving.took_move,
    inputs.PhoneRefusedMove: moving.refused_move,
    inputs.TransferAsked: transferring.asked,
    inputs.ReplacementArrived: replacing.arrive,
    inputs.PhoneEnded: leaving.phone_ended,
    inputs.DeadlinePassed: parking.deadline_passed,
    inputs.ReminderDue: holding.remind,
    inputs.EndConversation: ending.end_conversation,
    inputs.Announce: talking.announce,
    inputs.SteerPlaying: talking.steer_playing,
    inputs.KeyPressed: guided.key_pressed,
    guide_inputs.AnswerCaller: guided.answer_caller,
    guide_inputs.PlayToCaller: guided.play,
    guide_inputs.HushCaller: guided.hush,
    inputs.PlayOver: guided.play_over,
    guide_inputs.RingForCaller: guided.ring,
    guide_inputs.RingAlso: guided.ring_also,
    guide_inputs.StopRinging: guided.stop_ringing,
    guide_inputs.StopRingingUser: guided.stop_ringing_user,
    guide_inputs.HandOver: guided.hand_over,
    guide_inputs.Dismiss: guided.dismiss,
    control_inputs.DialOrdered: dialling.dial,
    control_inputs.AnswerOrdered: taking.answer,
    control_inputs.TagsChosen: information.tag,
    control_inputs.NoteWritten: information.note,
    control_inputs.ParkOrdered: parking.park,
    control_inputs.RetrieveOrdered: parking.retrieve,
    control_inputs.PickUpOrdered: taking.pick_up,
    control_inputs.HoldOrdered: holding.hold,
    control_inputs.ConnectOrdered: holding.connect,
    control_inputs.HangUpOrdered: leaving.hang_up,
    control_inputs.TransferOrdered: transferring.ordered,
    control_inputs.ConsultOrdered: consulting.consult,
    control_inputs.ConfirmOrdered: transferring.confirmed,
    control_inputs.CancelOrdered: consulting.cancel,
    control_inputs.ToggleOrdered: consulting.toggle,
    conference_inputs.JoinCalls: gathering.join_calls,
    conference_inputs.InviteToConference: gathering.invite,
    conference_inputs.GatherConsultation: gathering.gather,
    conference_inputs.MuteLeg: gathering.mute,
    guide_inputs.EnterRoom: gathering.enter_room,
    guide_inputs.PageMembers: gathering.page,
    conference_inputs.SuperviseOrdered: supervising.ordered,
    conference_inputs.ChangeSupervision: supervising.changed,
    conference_inputs.FollowSupervised: supervising.follow,
}
