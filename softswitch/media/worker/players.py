"""What legs are let hear by the switch itself, in the place of their rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

from softswitch.core.errors import MediaError
from softswitch.media.engine import Format, MediaEvent, PlayEnded, Playing
from softswitch.media.sound_files import SoundFiles
from softswitch.media.worker.key_track import KeyTrack
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.track import KEYS, MUSIC, Track, clip_of
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)

DEFAULT_COUNTRY: Final = "EU"
_UNASKED: Final = -1
"""Number of keys that are passed on, which no order asked for."""
_MOST_TO_PRESS: Final = 32
"""Keys that wait for one leg; more are dropped."""


class Players:
    """Starts and ends the tracks of a worker's legs.

    All legs that hear the music on hold hear one track. It stands still while nobody hears it. Keys go to a phone as
    telephone events where it has agreed upon these, else as they sound.

    Args:
        rate_of: tells at which rate a leg will hear.
        changed: called with a leg that begins or ceases to hear a track.
        emit: takes events.
        country: whose tones are played.
    """

    def __init__(
        self,
        rate_of: Callable[[Leg], int],
        changed: Callable[[Leg], None],
        emit: Callable[[MediaEvent], None],
        country: str = DEFAULT_COUNTRY,
    ) -> None:
        self.files = SoundFiles()
        self._rate_of = rate_of
        self._changed = changed
        self._emit = emit
        self._country = country
        self._next_number = count()
        self._free: list[int] = []
        self._listening: dict[str, tuple[Leg, int]] = {}
        """By name, legs that hear a track, and the number of the order."""
        self._done: dict[str, int] = {}
        """By name, the number of the last order that is over."""
        self._music: Track | None = None
        self._to_press: dict[str, str] = {}
        """By name, keys that wait until those before them have sounded."""

    def play(self, leg: Leg, order: Playing) -> None:
        """Let a leg hear something in the place of what it heard.

        An order that was given before changes nothing but whether it stands still, and where it is.
        """
        if order.number <= self._done.get(leg.name, -1):
            return
        if leg.name in self._listening:
            if self._listening[leg.name][1] >= order.number:
                if self._listening[leg.name][1] == order.number:
                    self._steer(leg, order)
                return
            self.stop(leg)
        try:
            track = self._track(leg, order)
        except MediaError as error:
            self._done[leg.name] = order.number
            self._emit(PlayEnded(leg.name, order.number, str(error)))
            return
        leg.track = track
        self._listening[leg.name] = leg, order.number
        self._steer(leg, order)
        self._changed(leg)

    def _steer(self, leg: Leg, order: Playing) -> None:
        """Let what a leg alone hears stand still or go on, and bring it to the place that the order says."""
        track = leg.track
        if isinstance(track, Track) and track is not self._music:
            track.paused = order.paused
            if order.moves > track.moves:
                track.moves = order.moves
                track.move(order.sound, order.at_ms)

    def press(self, leg: Leg, digits: str) -> None:
        """Send a leg keys that its partner pressed, after those that it is sent already.

        A leg that hears something of the switch's gets none: it does not hear its partner. One that is told keys in
        another way than by its sound gets none either. No event tells of them.
        """
        if leg.stream is not None and not leg.stream.keys:
            return
        number = self._listening.get(leg.name, (leg, _UNASKED))[1]
        if number != _UNASKED:
            return
        try:
            if isinstance(leg.track, KeyTrack):
                leg.track.press(digits)
            elif leg.track is not None:
                self._to_press[leg.name] = (self._to_press.get(leg.name, "") + digits)[:_MOST_TO_PRESS]
            else:
                leg.track = self._track(leg, Playing(_UNASKED, (f"{KEYS}{digits}",)))
                self._listening[leg.name] = leg, _UNASKED
                self._changed(leg)
        except MediaError as error:
            _log.warning("keys.not_sent", leg=leg.name, reason=str(error))

    def stop(self, leg: Leg) -> None:
        """End what a leg hears; one that hears nothing is fine."""
        self._to_press.pop(leg.name, None)
        if leg.name in self._listening:
            number = self._listening.pop(leg.name)[1]
            if number != _UNASKED:
                self._done[leg.name] = number
            track, leg.track = leg.track, None
            if track is not None and track is not self._music:
                self._let_go(track)
            self._changed(leg)

    def drop(self, leg: Leg) -> None:
        """Forget a leg that is closed."""
        self.stop(leg)
        self._done.pop(leg.name, None)

    def advance(self, heard: Mapping[int, Track | KeyTrack]) -> None:
        """Let tracks go on by the frame that was read, and end those that are over.

        Args:
            heard: by identity, the tracks that were read.
        """
        over = False
        for track in heard.values():
            track.advance()
            over = over or track.ended
        if over:
            self._end_those_over()

    def work(self) -> None:
        """Decode files a little further."""
        self.files.work()

    def _end_those_over(self) -> None:
        over = [(leg, number) for leg, number in self._listening.values() if leg.track is not None and leg.track.ended]
        for leg, number in over:
            problem = "" if leg.track is None else leg.track.problem
            waiting = self._to_press.get(leg.name)
            self.stop(leg)
            if number != _UNASKED:
                self._emit(PlayEnded(leg.name, number, problem))
            elif waiting:
                self.press(leg, waiting)
        if self._music is not None and self._music.ended:
            self._let_go(self._music)
            self._music = None

    def _track(self, leg: Leg, order: Playing) -> Track | KeyTrack:
        keys = "".join(sound.removeprefix(KEYS) for sound in order.sounds if sound.startswith(KEYS))
        event = None if leg.stream is None else next(filter(_is_event, leg.stream.formats), None)
        if keys and event is not None and all(sound.startswith(KEYS) for sound in order.sounds):
            return KeyTrack(keys, event)
        if order.sounds == (MUSIC,) and order.repeat:
            if self._music is None:
                self._music = self._new_track(order, self._rate_of(leg))
            return self._music
        return self._new_track(order, self._rate_of(leg))

    def _new_track(self, order: Playing, rate_hz: int) -> Track:
        clips = []
        try:
            for sound in order.sounds:
                clips.append(clip_of(sound, self.files, rate_hz, self._country))  # noqa: PERF401 - closed on error
        except MediaError:
            for clip in clips:
                clip.close()
            raise
        if not clips:
            raise MediaError("an order to play names no sound")
        number = self._free.pop() if self._free else next(self._next_number)
        return Track(number, clips, repeat=order.repeat)

    def _let_go(self, track: Track | KeyTrack) -> None:
        track.close()
        if isinstance(track, Track):
            self._free.append(track.number)


def _is_event(form: Format) -> bool:
    return form.encoding == "telephone-event"
