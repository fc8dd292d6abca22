"""Deciding what is recorded: ``(states, input or fact of a call) -> facts``. Pure."""

from __future__ import annotations

from typing import Any, Final

from softswitch.calls import facts as calls
from softswitch.calls.conference_facts import ConferenceJoined, ConferenceLeft
from softswitch.calls.hearing import talkers
from softswitch.calls.recording import facts
from softswitch.calls.recording.inputs import RecordCaller, StartRecording, StopRecording, StopRecordingCaller
from softswitch.calls.recording.state import File, Interval, Recorded, RecordingState
from softswitch.calls.state import CallsState, Conversation
from softswitch.calls.tables import LegState
from softswitch.core.errors import CommandError

Facts = list[Any]

END: Final = "end"
PARTIES: Final = "parties"
_WHO_TALKS: Final = (calls.SegmentStarted, ConferenceJoined, ConferenceLeft)
FOLLOWED: Final = frozenset({*_WHO_TALKS, calls.LegEnded, calls.ConversationEnded})
"""The types of the facts of calls from which something may follow."""
_KEYS_S: Final = 4.0
"""From one key of a code to the next."""
_ANSWERED: Final = frozenset({LegState.ANSWERED, LegState.TALKING})


def start(state: RecordingState, conversation: Conversation | None, given: StartRecording) -> Facts:
    """Begin an interval.

    Raises:
        CommandError: nobody talks, or it is recorded already; nothing changes.
    """
    known = state.of(given.conversation_id)
    if conversation is None or not talkers(conversation) or given.conversation_id not in state.conversations:
        raise CommandError("Nobody talks in this call.", status=409, error_id="nobody-talks", field="leg")
    if known.running is not None:
        text = "This call is being recorded already."
        raise CommandError(text, status=409, error_id="already-recording", field="leg")
    return [_started(known, conversation, f"recordings/{given.day}", given.by)]


def stop(state: RecordingState, given: StopRecording) -> Facts:
    """End the interval that goes on.

    Raises:
        CommandError: there is none; nothing changes.
    """
    running = state.of(given.conversation_id).running
    if running is None:
        raise CommandError("This call is not being recorded.", status=409, error_id="not-recording", field="leg")
    return [_stopped(running, given.by)]


def record_caller(state: RecordingState, calls_state: CallsState, given: RecordCaller) -> Facts:
    """Begin a guide's recording of its caller; where there is nobody to be recorded nothing begins."""
    conversation = calls_state.conversations.get(given.conversation_id)
    known = state.conversations.get(given.conversation_id)
    if conversation is None or known is None or known.message is not None:
        return []
    caller = conversation.caller
    if conversation.talking is not None or caller.state not in _ANSWERED:
        return []
    name = f"{given.conversation_id}-message-{known.messages + 1:02d}"
    return [facts.MessageStarted(caller.leg, name, given.path, given.limit_s, given.silence_s)]


def stop_caller(state: RecordingState, given: StopRecordingCaller) -> Facts:
    """End a guide's recording."""
    message = state.of(given.conversation_id).message
    return [] if message is None else [facts.MessageEnded(message.leg, message.recording, "asked")]


def message_over(state: RecordingState, recording: str, why: str) -> Facts:
    """A guide's recording ended by itself."""
    message = state.of(conversation_of_recording(recording)).message
    if message is None or message.recording != recording:
        return []
    return [facts.MessageEnded(message.leg, recording, why)]


def follow(state: RecordingState, conversation: Conversation | None, conversation_id: str, fact: object) -> Facts:
    """Return what follows from a fact of a call that is applied already; ``conversation`` may be over."""
    known = state.conversations.get(conversation_id)
    if known is None:
        return []
    if isinstance(fact, _WHO_TALKS) and known.running is not None and conversation is not None:
        return _others_talk(known, known.running, conversation)
    if isinstance(fact, calls.LegEnded) and known.message is not None and known.message.leg == fact.leg:
        return [facts.MessageEnded(fact.leg, known.message.recording, "hang-up")]
    if isinstance(fact, calls.ConversationEnded) and known.running is not None:
        return [_stopped(known.running, END)]
    return []


def _others_talk(known: Recorded, running: Interval, conversation: Conversation) -> Facts:
    """Follow that others talk than before; where two become more, or two again, the files become others."""
    folder = running.files[0].path.rpartition("/")[0]
    files = _files(known, conversation, folder, running.number)
    if not files:
        return []  # all have left; what becomes of them is told next
    if (len(files[0].channels) == 2) != (len(running.files[0].channels) == 2):
        return [_stopped(running, PARTIES), _started(known, conversation, folder, running.by)]
    names = {file.recording for file in files}
    gone = [file._replace(channels=((),)) for file in running.files if file.recording not in names]
    files = (*gone, *files)
    return [facts.RecordingChanged(running.number, files)] if set(files) != set(running.files) else []


def keyed(
    state: RecordingState, conversation_id: str, leg: str, key: str, code: str, wall_s: float
) -> tuple[bool, Facts]:
    """Follow a key that a phone pressed while it talks.

    Args:
        state: of recordings.
        conversation_id: of the leg.
        leg: whose phone it is.
        key: the key.
        code: that begins and ends recording.
        wall_s: now.

    Returns:
        Whether the code is complete, and the facts that follow.
    """
    before = state.of(conversation_id).keyed
    fresh = before[0] == leg and wall_s - before[2] <= _KEYS_S
    keys = (before[1] if fresh else "") + key
    if keys.endswith(code):
        return True, [facts.RecordingKeyed(leg, "")]
    begun = next((code[:length] for length in range(len(code) - 1, 0, -1) if keys.endswith(code[:length])), "")
    return False, [facts.RecordingKeyed(leg, begun)] if begun or (fresh and before[1]) else []


def _started(known: Recorded, conversation: Conversation, folder: str, by: str) -> facts.RecordingStarted:
    number = 1 + (known.interval.number if known.interval is not None else 0)
    return facts.RecordingStarted(number, _files(known, conversation, folder, number), by)


def _stopped(running: Interval, by: str) -> facts.RecordingStopped:
    return facts.RecordingStopped(running.number, by, tuple(file.recording for file in running.files))


def _files(known: Recorded, conversation: Conversation, folder: str, number: int) -> tuple[File, ...]:
    """Return an interval's files: one with two channels, or where more than two may talk one for each."""
    name = f"{conversation.conversation_id}-{number:02d}"
    if conversation.conference is None:
        return (File(name, f"{folder}/{name}.wav", ((known.left,), (known.right,))),)
    each = [(f"{name}-{leg}", leg) for leg in talkers(conversation)]
    return tuple(File(one, f"{folder}/{one}.wav", ((leg,),)) for one, leg in each)


def conversation_of_recording(recording: str) -> str:
    """Return the conversation that a recording's name begins with."""
    return recording.partition("-")[0]
