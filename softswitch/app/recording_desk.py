"""What is recorded, by policy, commands and codes; and what the media workers tell of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from softswitch.app.brain_settings import BrainSettings
from softswitch.app.recording_policy import ALWAYS, NEVER, RecordingPolicy
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.calls import facts as calls
from softswitch.calls.conference_facts import ConferenceJoined
from softswitch.calls.hearing import talkers
from softswitch.calls.inputs import Announce, EndConversation
from softswitch.calls.recording import decide, facts
from softswitch.calls.recording.effects import RecordingEffects
from softswitch.calls.recording.inputs import (
    RecordCaller,
    RecordingInput,
    StartRecording,
    StopRecording,
    StopRecordingCaller,
)
from softswitch.calls.recording.state import OF_CALLS, RecordingState
from softswitch.calls.state import CallsState, Conversation
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.directory.site import Site
from softswitch.media import engine
from softswitch.media.engine import MediaEngine

POLICY: Final = "policy"
REFUSE: Final = "refuse"
_PAUSE: Final = "recording-pause"
"""The kind of our deadlines: when a pause is over."""
_ENDED_BY_ITSELF: Final = frozenset({decide.END, decide.PARTIES})
"""What ended an interval that is no pause: nobody asked for it."""
FOLLOWED: Final = frozenset({*decide.FOLLOWED, *OF_CALLS, ConferenceJoined, calls.LegMediaOpened})
"""The types of the facts of calls that :meth:`RecordingDesk.follow` is to be told of; others change nothing there."""


class RecordingDesk:
    """Decides about recordings and carries out what follows.

    Args:
        state: of recordings.
        call_state: the calls; only read.
        media: the engine.
        turn: gives facts their place.
        site: the site in force.
        settings: the policy where the site says nothing, what becomes of calls that cannot be recorded, how long a
            pause is, and the folder.
        queue_of: returns the queue that an agent serves in a conversation; empty for none.
        tell: takes what follows for calls: that one ends, or hears something.
        wake_ups: wakes us when a pause is over.
        log: tells an event for people.
    """

    def __init__(
        self,
        state: RecordingState,
        call_state: CallsState,
        media: MediaEngine,
        turn: Turn,
        *,
        site: Callable[[], Site],
        settings: BrainSettings,
        queue_of: Callable[[str], str],
        tell: Callable[[EndConversation | Announce], None],
        wake_ups: WakeUps,
        log: Callable[..., None],
    ) -> None:
        self._state = state
        self._calls = call_state
        self._site = site
        self._policy = RecordingPolicy(
            site, settings.recording, trunk_of=lambda name: state.of(name).trunk, queue_of=queue_of
        )
        self._on_failure = settings.recording_failure
        self._pause_s = settings.recording_pause_s
        self._wake_ups = wake_ups
        wake_ups.serve(_PAUSE, self._pause_over)
        self._turn = turn
        self._tell = tell
        self._log = log
        now = lambda: (turn.now, turn.wall_s)  # noqa: E731  # the two faces of this turn
        self._effects = RecordingEffects(state, call_state.legs, media, now, settings.storage)

    # Calls

    def follow(self, record: Record) -> list[Record]:
        """Fold a fact of a call, and let what follows for its recording follow; return the facts that did."""
        self._state.apply(record)
        kind, known = type(record.fact), self._state.conversations.get(record.conversation_id)
        if kind is calls.ConversationEnded:
            self._end_pause(record.conversation_id)
        if known is None:
            return []
        made: list[Record] = []
        if known.interval is not None or known.message is not None:
            conversation = self._calls.conversations.get(record.conversation_id)
            followed = decide.follow(self._state, conversation, record.conversation_id, record.fact)
            made = self._take(record.conversation_id, followed)
            if kind is calls.LegMediaOpened:
                self._effects.say_again(record.conversation_id)  # it may be a port that takes another one's place
        if kind is calls.SegmentStarted or kind is ConferenceJoined:
            made += self._by_policy(record.conversation_id)
        return made

    def decide(self, given: RecordingInput) -> list[Record]:
        """Carry out what a guide or a command asks for.

        Raises:
            CommandError: a command that does not fit; nothing has changed.
        """
        if isinstance(given, RecordCaller):
            made = decide.record_caller(self._state, self._calls, given)
        elif isinstance(given, StopRecordingCaller):
            made = decide.stop_caller(self._state, given)
        elif isinstance(given, StartRecording):
            made = decide.start(self._state, self._calls.conversations.get(given.conversation_id), given)
        else:
            made = decide.stop(self._state, given)
        records = self._take(given.conversation_id, made)
        if records and isinstance(given, StartRecording):
            self._announce(given.conversation_id)
        return records

    def _announce(self, conversation_id: str) -> None:
        """Let those hear that they are recorded whom the site says to tell."""
        for leg, file in self._policy.notices(self._calls.conversations[conversation_id]).items():
            self._tell(Announce(leg, (f"file:{file}",)))

    def say_again(self) -> None:
        """Tell the engine all that is recorded, after a start."""
        for conversation_id in self._state.conversations:
            self._effects.say_again(conversation_id)
            self._limit_pause(conversation_id)
        self._effects.end_again()

    # Commands

    def start(self, leg: str, by: str) -> None:
        """Begin to record the conversation of a leg.

        Raises:
            CommandError: it cannot or must not be recorded, or is being recorded.
        """
        conversation = self._conversation_of(leg)
        policy, why = self._policy.of(conversation)
        if policy == NEVER:
            raise CommandError(
                f"This call must not be recorded: {why}.", status=403, error_id="recording-forbidden", field="leg"
            )
        self.decide(StartRecording(conversation.conversation_id, by, self._day()))

    def stop(self, leg: str, by: str) -> None:
        """End the recording of a leg's conversation.

        Raises:
            CommandError: it is not recorded, or has to be and the leg's user has not the right to pause that.
        """
        conversation = self._conversation_of(leg)
        policy, why = self._policy.of(conversation)
        if policy == ALWAYS and not self._policy.may_pause(conversation, leg):
            text = (
                f"This call has to be recorded: {why}. To pause that needs recording_pause: true of the user, "
                "or of the queue that the user is a member of."
            )
            raise CommandError(text, status=403, error_id="recording-required", field="leg")
        self.decide(StopRecording(conversation.conversation_id, by))

    def _key_pressed(self, leg: str, key: str) -> None:
        """Follow a key of a user's phone that talks: a code begins and ends recording."""
        conversation = self._calls.conversation_of(leg)
        if conversation is None or leg not in talkers(conversation) or not self._calls.legs[leg].user:
            return
        code = self._site().codes["record"]
        wall_s = self._turn.wall_s
        complete, made = decide.keyed(self._state, conversation.conversation_id, leg, key, code, wall_s)
        if conversation.conversation_id in self._state.conversations:
            self._take(conversation.conversation_id, made)
            if complete:
                self._toggle(leg)

    def _toggle(self, leg: str) -> None:
        """Begin where nothing is recorded, else end it; a refusal is logged."""
        running = self._state.of(self._conversation_of(leg).conversation_id).running
        try:
            if running is None:
                self.start(leg, "key")
            else:
                self.stop(leg, "key")
        except CommandError as error:
            self._log("recording.refused", leg=leg, reason=str(error))

    def state_of(self, conversation_id: str) -> tuple[bool, tuple[str, ...]]:
        """Return whether a conversation is recorded now, and the files of its last interval."""
        interval = self._state.of(conversation_id).interval
        if interval is None:
            return False, ()
        return not interval.ended_at_s, tuple(file.path for file in interval.files)

    def alarms(self) -> list[str]:
        """Return what people must see to: recordings that cannot be written."""
        state = self._state
        failing = Counter(
            reason
            for recording, reason in state.failing.items()
            if recording in state.unkept or decide.conversation_of_recording(recording) in state.conversations
        )
        return [
            f"{count} recording{'s' * (count > 1)} cannot be written: {reason}" for reason, count in failing.items()
        ]

    # What is done with files

    def accessed(self, recording: str, by: str, how: str) -> None:
        """Keep that somebody listens to a recording or takes it away."""
        self._of_file(recording, facts.RecordingAccessed(recording, by, how))

    def deleted(self, recording: str, by: str, why: str) -> None:
        """Keep that a recording is deleted.

        Raises:
            CommandError: it is still being written.
        """
        known = self._state.of(decide.conversation_of_recording(recording))
        writing = {file.recording for file in known.running.files} if known.running is not None else set()
        if known.message is not None:
            writing.add(known.message.recording)
        if recording in writing or recording in self._state.unkept:
            text = "This recording goes on; end it before it is deleted."
            raise CommandError(text, status=409, error_id="still-recording", field="recording")
        self._of_file(recording, facts.RecordingDeleted(recording, by, why))

    def converted(self, recording: str, path: str) -> None:
        """Keep that another file took a recording's place."""
        self._of_file(recording, facts.RecordingConverted(recording, path))

    def _of_file(self, recording: str, fact: object) -> None:
        self._take(decide.conversation_of_recording(recording), [fact])

    # What workers tell

    def media_event(self, event: engine.MediaEvent) -> list[Record]:
        """Take what a worker tells of a recording; return the facts of its conversation that a guide may follow."""
        if isinstance(event, engine.DigitPressed):
            self._key_pressed(event.leg, event.digit)
        if isinstance(event, engine.RecordingEnded):
            return self._ended(event)
        if isinstance(event, engine.RecordingTrouble):
            return self._trouble(event)
        return []

    def _ended(self, event: engine.RecordingEnded) -> list[Record]:
        conversation_id = decide.conversation_of_recording(event.recording)
        if event.recording not in self._state.unkept and not self._goes_on(event.recording):
            return []  # asked or told twice, because the brain that was there first has died
        made: list[Record] = []
        if event.why != "asked":
            made = self._take(conversation_id, decide.message_over(self._state, event.recording, event.why))
        kept = facts.RecordingKept(event.recording, event.seconds, event.gaps, event.missing_s, event.why)
        return [*made, *self._take(conversation_id, [kept])]

    def _goes_on(self, recording: str) -> bool:
        known = self._state.of(decide.conversation_of_recording(recording))
        running = () if known.running is None else known.running.files
        message = () if known.message is None else (known.message,)
        return any(one.recording == recording for one in (*running, *message))

    def _trouble(self, event: engine.RecordingTrouble) -> list[Record]:
        conversation_id = decide.conversation_of_recording(event.recording)
        if self._state.failing.get(event.recording, "") == event.what:
            return []  # told again to a brain that knows
        if not event.what:
            return self._take(conversation_id, [facts.RecordingRecovered(event.recording)])
        self._log("recording.failed", conversation_id=conversation_id, recording=event.recording, reason=event.what)
        made = self._take(conversation_id, [facts.RecordingFailed(event.recording, event.what)])
        running = self._state.of(conversation_id).running
        if self._on_failure == REFUSE and running is not None and running.by.startswith(POLICY):
            self._tell(EndConversation(conversation_id, "This call cannot be recorded", "recording-failed"))
        return made

    # Policy

    def _by_policy(self, conversation_id: str) -> list[Record]:
        """Begin or end, where the policy for those who talk now says so."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is None or conversation_id not in self._state.conversations:
            return []
        policy, why = self._policy.of(conversation)
        running = self._state.of(conversation_id).running
        if policy == ALWAYS and running is None:
            return self.decide(StartRecording(conversation_id, f"{POLICY}: {why}", self._day()))
        if policy == NEVER and running is not None:
            return self.decide(StopRecording(conversation_id, f"{POLICY}: {why}"))
        return []

    def _limit_pause(self, conversation_id: str) -> None:
        """Have a call that has to be recorded and is paused recorded again when the pause has been long enough."""
        conversation = self._calls.conversations.get(conversation_id)
        interval = self._state.of(conversation_id).interval
        if not self._pause_s or conversation is None or interval is None or not interval.ended_at_s:
            return
        if talkers(conversation) and self._policy.of(conversation)[0] == ALWAYS:
            self._wake_ups.arm(_PAUSE, conversation_id, interval.ended_at_s + self._pause_s)

    def _pause_over(self, conversation_id: str) -> None:
        self._by_policy(conversation_id)

    def _end_pause(self, conversation_id: str) -> None:
        if self._pause_s:
            self._wake_ups.arm(_PAUSE, conversation_id, None)

    # Work

    def _take(self, conversation_id: str, made: Sequence[Any]) -> list[Record]:
        """Place facts, fold them, and carry out what follows."""
        records = []
        for fact in made:
            running = self._state.of(conversation_id).running
            record = self._turn.place(fact, conversation_id)
            self._state.apply(record)
            ended = None if running is None else replace(running, ended_at_s=record.wall_s)
            self._effects.perform(conversation_id, fact, ended)
            if isinstance(fact, facts.RecordingStarted):
                self._end_pause(conversation_id)
            elif isinstance(fact, facts.RecordingStopped) and fact.by not in _ENDED_BY_ITSELF:
                self._limit_pause(conversation_id)
            records.append(record)
        return records

    def _conversation_of(self, leg: str) -> Conversation:
        conversation = self._calls.conversation_of(leg)
        if conversation is None:
            raise CommandError(f"There is no leg {leg}.", status=404, error_id="unknown-leg", field="leg")
        return conversation

    def _day(self) -> str:
        return datetime.fromtimestamp(self._turn.wall_s, UTC).strftime("%Y-%m-%d")
