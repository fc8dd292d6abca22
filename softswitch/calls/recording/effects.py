"""What follows in the world from the facts of recordings: notes to the media engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from softswitch.calls.recording import facts
from softswitch.calls.recording.state import File, Interval, Message, RecordingState
from softswitch.calls.state import Leg
from softswitch.core.clock import iso_utc
from softswitch.media.engine import MediaEngine, Recording

SIDES: Final = ("left", "right")


class RecordingEffects:
    """Tells the media engine what is to be recorded.

    Args:
        state: already changed by the fact.
        legs: all legs of calls.
        media: the engine.
        now: monotonic and wall time of the turn: facts have the one, recordings run on the other.
        folder: the storage directory.
    """

    def __init__(
        self,
        state: RecordingState,
        legs: Mapping[str, Leg],
        media: MediaEngine,
        now: Callable[[], tuple[float, float]],
        folder: str,
    ) -> None:
        self._state = state
        self._legs = legs
        self._media = media
        self._now = now
        self._folder = folder

    def perform(self, conversation_id: str, fact: object, ended: Interval | None) -> None:
        """Carry out what follows from a fact; ``ended`` is the interval that a ``recording.stopped`` ended."""
        if isinstance(fact, facts.RecordingStopped) and ended is not None:
            for file in ended.files:
                about = self._about(conversation_id, ended, file)
                self._media.end_recording(file.recording, self._monotonic_us(ended.ended_at_s), about)
        elif isinstance(fact, facts.MessageEnded):
            if fact.why not in {"limit", "silence", "lost"}:
                self._media.end_recording(fact.recording, self._monotonic_us(self._now()[1]))
        elif isinstance(fact, facts.RecordingStarted | facts.RecordingChanged | facts.MessageStarted):
            self.say_again(conversation_id)

    def say_again(self, conversation_id: str) -> None:
        """Tell the engine what is recorded of a conversation; once more does no harm."""
        known = self._state.of(conversation_id)
        if known.running is not None:
            for file in known.running.files:
                self._record(conversation_id, known.running, file)
        if known.message is not None:
            self._media.record(self._message(known.message))

    def end_again(self) -> None:
        """Tell the engine to end what has ended, after a start: the brain before may not have lived to say it."""
        for recording, ended_at_s in self._state.unkept.items():
            self._media.end_recording(recording, self._monotonic_us(ended_at_s))

    def _record(self, conversation_id: str, interval: Interval, file: File) -> None:
        self._media.record(
            Recording(
                file.recording,
                self._path(file.path),
                file.channels,
                self._monotonic_us(interval.began_at_s),
                self._about(conversation_id, interval, file),
            )
        )

    def _message(self, message: Message) -> Recording:
        began_us = self._monotonic_us(message.began_at_s)
        path, limits = self._path(message.path), (message.limit_s, message.silence_s)
        return Recording(message.recording, path, ((message.leg,),), began_us, "", *limits)

    def _about(self, conversation_id: str, interval: Interval, file: File) -> str:
        parties = [
            self._party(heard.leg, heard.channel, len(file.channels), heard.from_s)
            for heard in interval.heard
            if heard.recording == file.recording
        ]
        told: dict[str, Any] = {
            "number": interval.number,
            "file": file.path.rpartition("/")[2],
            "by": interval.by,
            "started_at": iso_utc(interval.began_at_s),
            "ended_at": iso_utc(interval.ended_at_s) if interval.ended_at_s else None,
            "seconds": round(interval.ended_at_s - interval.began_at_s, 3) if interval.ended_at_s else None,
            "parties": parties,
        }
        return json.dumps({"conversation_id": conversation_id, "interval": told}, ensure_ascii=False)

    def _party(self, leg: str, channel: int, channels: int, from_s: float) -> dict[str, object]:
        known = self._legs.get(leg)
        return {
            "channel": SIDES[channel] if channels == 2 else "mono",
            "leg": leg,
            "user": known.user if known is not None else "",
            "number": known.number if known is not None else "",
            "from": iso_utc(from_s),
        }

    def _path(self, path: str) -> str:
        return f"{self._folder}/{path}"

    def _monotonic_us(self, wall_s: float) -> int:
        """Turn wall time into monotonic: what is past stays past."""
        now, now_wall_s = self._now()
        return int(1e6 * (now - (now_wall_s - wall_s)))
