"""The media plane of the simulation: ports, streams and rooms without a packet.

It stands for the workers, so it outlives the brain: events that a dead brain did not journal are told to the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from softswitch.media.engine import (
    EVERYBODY,
    DigitPressed,
    Hear,
    LegClosed,
    LegOpened,
    LegRefused,
    LegSilent,
    LegStatistics,
    MediaEvent,
    OpenLeg,
    PlayEnded,
    Playing,
    Quality,
    Recording,
    RecordingEnded,
    RecordingTrouble,
    Stream,
    WorkerLost,
)
from softswitch.simulation.waiting import Waiting
from softswitch.speech.prompts import PACK

_BRIEF_S = 0.3
"""How long a tone lasts that is played once."""
_WORDS = f"file:{PACK}/"
_WORD_S = 0.8
"""About how long a word of the prompt pack takes."""


def _length_s(sound: str) -> float | None:
    """Return how long a sound lasts that comes with the switch; music goes on as long as it is wanted."""
    if sound.startswith("tone:"):
        return _BRIEF_S
    if sound.startswith("music:"):
        return 0.0
    return _WORD_S if sound.startswith(_WORDS) else None


@dataclass(slots=True)
class SimulatedPort:
    """A leg's port, and what the brain said about it."""

    order: OpenLeg
    port: int
    stream: Stream | None = None
    playing: Playing | None = None
    ending: asyncio.TimerHandle | None = None
    """When what it hears is over; None while that stands still, or goes on for ever."""
    ends_at_s: float = 0.0
    left_s: float = 0.0
    """How long what stands still goes on afterwards."""
    keys: int = 0
    """How many were pressed."""
    ended: int = 0
    """Number of the last order that came to its end."""
    problem: str = ""
    """Why what it was to hear cannot be played."""


class SimulatedMedia:
    """A media engine whose commands take effect at flush and whose events come in the loop's next turn.

    Args:
        loop: a loop in virtual time.
        ports: the even RTP ports that it may give; least recently used first.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ports: Iterable[int] = range(16384, 32768, 2)) -> None:
        self.legs: dict[str, SimulatedPort] = {}
        self.rooms: dict[str, tuple[Hear, ...]] = {}
        self.refusing = ""
        """The reason with which every leg is refused; empty for none."""
        self.lengths_s: dict[str, float] = {}
        """How long each sound that can be played lasts, in seconds."""
        self.played: list[tuple[str, tuple[str, ...]]] = []
        """What each leg was let hear, in order: the leg and the sounds."""
        self.sounds_played: list[str] = []
        """All those sounds, one by one."""
        self.keys_sent: list[tuple[str, str]] = []
        """Keys that the brain sent, with the leg to which."""
        self.recordings: dict[str, Recording] = {}
        """What is recorded now."""
        self.recorded: dict[str, tuple[Recording, float]] = {}
        """What was recorded, and how many seconds of it."""
        self.slow_s = 0.0
        """How long its answers take."""
        self.ahead = False
        """Whether it holds ports ready, which the brain then knows at once; one that is slow or refuses does not."""
        self.qualities: dict[str, Quality] = {}
        """How good legs sound; what a leg's statistics say when it is closed."""
        self.deliver: Callable[[MediaEvent], None] = lambda _: None
        """Who is told of events."""
        self.cut_off = False
        """Whether the brain died before its last commands got out."""
        self._waiting = Waiting(loop)
        self._loop = loop
        self._free = deque(ports)
        self._notes: list[Callable[[], None]] = []
        self._events: deque[MediaEvent] = deque()
        self._unacknowledged: list[MediaEvent] = []
        self._wanted: set[str] = set()
        self._ready: list[LegOpened] = []
        self._named: dict[str, int] = {}
        """By leg, the ports held ready that this brain has named in an order that did not come yet."""
        self._unclaimed: set[int] = set()
        """Ports that a brain named which died before its order came, and that no leg has got since."""

    # What the brain asks (MediaEngine)

    def open(self, leg: OpenLeg) -> None:
        """Note: open a port."""
        self._wanted.add(leg.leg)
        if self.ahead and self._free and not (self.slow_s or self.refusing or leg.leg in self.legs):
            port = self._free.popleft()
            self._ready.append(LegOpened(leg.leg, leg.address, port))
            self._name(leg, port)
        else:
            self._notes.append(lambda: self._open(leg))

    def reclaim(self, leg: OpenLeg) -> bool:
        """Note: give a leg the port that an earlier brain named."""
        if leg.port not in self._free or leg.port not in self._unclaimed:
            return False
        self._free.remove(leg.port)
        self._wanted.add(leg.leg)
        self._name(leg, leg.port)
        return True

    def take_ready(self) -> list[LegOpened]:
        """Return the legs whose ports were held ready."""
        ready, self._ready = self._ready, []
        return ready

    def _name(self, leg: OpenLeg, port: int) -> None:
        self._unclaimed.discard(port)
        self._named[leg.leg] = port
        self._notes.append(lambda: self._give(leg, port))

    def set_stream(self, leg: str, stream: Stream) -> None:
        """Note: where a leg's sound comes from and goes to."""
        self._notes.append(lambda: self._set_stream(leg, stream))

    def set_room(self, room: str, rows: Sequence[Hear]) -> None:
        """Note: who hears whom in a room."""
        kept = tuple(rows)
        self._notes.append(lambda: self._set_room(room, kept))

    def play(self, leg: str, playing: Playing | None) -> None:
        """Note: what a leg hears beside its room."""
        self._notes.append(lambda: self._play(leg, playing))

    def send_keys(self, leg: str, digits: str) -> None:
        """Note: keys for a leg."""
        self._notes.append(lambda: self.keys_sent.append((leg, digits)))

    def record(self, recording: Recording) -> None:
        """Note: record, or what has changed of that."""
        self._notes.append(lambda: self._record(recording))

    def end_recording(self, recording: str, ended_us: int, about: str = "") -> None:
        """Note: end a recording."""
        del about
        self._notes.append(lambda: self._end_recording(recording, ended_us / 1e6, "asked"))

    def close(self, leg: str) -> None:
        """Note: give the port back."""
        self._notes.append(lambda: self._close(leg))

    def flush(self) -> None:
        """Carry out what was noted in this turn."""
        notes, self._notes = self._notes, []
        for note in [] if self.cut_off else notes:
            note()

    def acknowledge(self) -> None:
        """Forget the events delivered so far."""
        if not self.cut_off:
            self._unacknowledged.clear()

    def quality_of(self, leg: str) -> Quality | None:
        """Return how good a leg sounds, as a test says it."""
        return self.qualities.get(leg)

    def open_legs(self) -> frozenset[str]:
        """Return the legs that hold a port, or will, as the brain asked."""
        return frozenset(self._wanted)

    # What the workers do

    def _open(self, order: OpenLeg) -> None:
        known = self.legs.get(order.leg)
        if known is None and (self.refusing or not self._free):
            self._wanted.discard(order.leg)
            self._tell(LegRefused(order.leg, self.refusing or "no-port"))
            return
        if known is None:
            known = self.legs[order.leg] = SimulatedPort(order, self._free.popleft())
        self._wanted.add(order.leg)
        self._tell(LegOpened(order.leg, order.address, known.port))

    def _give(self, order: OpenLeg, port: int) -> None:
        """Give a leg the port that the brain named; that it has it is told to the next brain, if this one dies now."""
        del self._named[order.leg]
        self.legs[order.leg] = SimulatedPort(order, port)
        self._wanted.add(order.leg)
        self._unacknowledged.append(LegOpened(order.leg, order.address, port))

    def _set_stream(self, leg: str, stream: Stream) -> None:
        if leg in self.legs:
            self.legs[leg].stream = stream

    def _set_room(self, room: str, rows: tuple[Hear, ...]) -> None:
        if rows:
            self.rooms[room] = rows
        else:
            self.rooms.pop(room, None)

    def _play(self, leg: str, playing: Playing | None) -> None:
        port = self.legs.get(leg)
        if port is None or playing is None:
            if port is not None:
                port.playing = None
            return
        if port.ended >= playing.number:
            return
        if port.playing is not None and port.playing.number == playing.number:
            self._steer(port, port.playing, playing)
            return
        port.playing = playing
        self.played.append((leg, playing.sounds))
        self.sounds_played += playing.sounds
        self._waiting.changed()
        port.problem, length_s = self._length_s(playing.sounds)
        if port.problem or not playing.repeat:
            port.ends_at_s = self._loop.time() + length_s
            port.ending = self._loop.call_later(length_s, self._end_play, leg, playing.number)
        if not port.problem and (playing.paused or playing.moves):
            self._steer(port, Playing(playing.number, playing.sounds), playing)

    def _steer(self, port: SimulatedPort, before: Playing, now: Playing) -> None:
        """Let what a leg hears stand still, go on, or go on at another place."""
        port.playing = now
        if now.repeat or port.problem:
            return
        if port.ending is not None:
            port.ending.cancel()
            port.ending = None
            port.left_s = port.ends_at_s - self._loop.time()
        if now.moves > before.moves:
            played_s = self._length_s(now.sounds[: now.sound])[1] + now.at_ms / 1000
            port.left_s = max(0.0, self._length_s(now.sounds)[1] - played_s)
        if not now.paused:
            port.ends_at_s = self._loop.time() + port.left_s
            port.ending = self._loop.call_later(port.left_s, self._end_play, port.order.leg, now.number)

    def _length_s(self, sounds: Sequence[str]) -> tuple[str, float]:
        """Add up the lengths; a sound of unknown length cannot be played."""
        named = self.lengths_s
        known = [named[sound] if sound in named else _length_s(sound) for sound in sounds]
        if None in known:
            return f"cannot play {sounds[known.index(None)]}", 0.0
        return "", sum(length_s for length_s in known if length_s)

    def _end_play(self, leg: str, number: int) -> None:
        port = self.legs.get(leg)
        if port is not None and port.playing is not None and port.playing.number == number:
            port.playing, port.ended = None, number
            self._tell(PlayEnded(leg, number, port.problem))

    def _record(self, recording: Recording) -> None:
        name = recording.recording
        if name not in self.recordings and recording.limit_s:
            over_at = recording.began_us / 1e6 + recording.limit_s
            self._loop.call_at(max(over_at, self._loop.time()), self._end_recording, name, over_at, "limit")
        self.recordings[name] = recording

    def _end_recording(self, name: str, at_s: float, why: str) -> None:
        recording = self.recordings.pop(name, None)
        if recording is not None:
            seconds = max(0.0, at_s - recording.began_us / 1e6)
            self.recorded[name] = recording, seconds
            self._tell(RecordingEnded(name, why, seconds, 0, 0.0))
        elif why == "asked":
            self._tell(RecordingEnded(name, "lost", 0.0, 0, 0.0))

    def _close(self, leg: str) -> None:
        self._wanted.discard(leg)
        gone = self.legs.pop(leg, None)
        if gone is not None:
            self._free.append(gone.port)
        quality = self.qualities.pop(leg, None)
        scores = (0.0, 0.0) if quality is None else (quality.mos_in, quality.mos_out)
        self._tell(LegClosed(leg, LegStatistics(mos_in=scores[0], mos_out=scores[1])))

    def _tell(self, event: MediaEvent) -> None:
        self._events.append(event)
        if self.slow_s:
            self._loop.call_later(self.slow_s, self._deliver_one)
        else:
            self._loop.call_soon(self._deliver_one)

    def _deliver_one(self) -> None:
        event = self._events.popleft()
        self._unacknowledged.append(event)
        self.deliver(event)

    # What a test does and sees

    def brain_died(self) -> None:
        """Drop what was noted but not flushed, and tell again what was not acknowledged."""
        self._notes.clear()
        self._ready.clear()
        self._unclaimed.update(self._named.values())
        self._free.extendleft(self._named.values())
        self._named.clear()
        self.cut_off = False
        self._wanted = set(self.legs)
        again, self._unacknowledged = self._unacknowledged, []
        self._events.extendleft(reversed(again))
        for _ in again:
            self._loop.call_soon(self._deliver_one)

    async def until_played(self, condition: Callable[[], bool], *, limit_s: float) -> bool:
        """Wait until something holds of what was played; tell whether it does within the limit."""
        return await self._waiting.until(condition, limit_s=limit_s)

    def fall_silent(self, leg: str) -> None:
        """Let a worker notice that a phone sends nothing any more."""
        self._tell(LegSilent(leg))

    def say_nothing_more(self, leg: str) -> None:
        """Let a leg be silent for so long that its recording ends."""
        for name, recording in list(self.recordings.items()):
            if recording.silence_s and any(leg in channel for channel in recording.channels):
                self._end_recording(name, self._loop.time(), "silence")

    def fail_to_record(self, what: str) -> None:
        """Let the disk fail, or work again where ``what`` is empty."""
        for name in self.recordings:
            self._tell(RecordingTrouble(name, what))

    def press(self, leg: str, digit: str) -> None:
        """Let a telephone event arrive on a leg."""
        port = self.legs[leg]
        port.keys += 1
        self._tell(DigitPressed(leg, digit, port.keys))

    def lose_worker(self) -> None:
        """Let the worker die with all its legs."""
        lost = tuple(self.legs)
        for port in self.legs.values():
            self._free.append(port.port)
        self.legs.clear()
        self.rooms.clear()
        self._wanted.clear()
        self._tell(WorkerLost(0, lost))

    def hears(self, leg: str) -> list[str]:
        """Return the legs that a leg hears, over all rooms."""
        return [
            source
            for rows in self.rooms.values()
            for row in rows
            if row.listener == leg
            for source, loudness in _heard(row, rows)
            if loudness
        ]

    def leg_at(self, address: str, port: int) -> str | None:
        """Return the leg whose port that is, or None."""
        found = (leg for leg, p in self.legs.items() if (p.order.address, p.port) == (address, port))
        return next(found, None)


def _heard(row: Hear, rows: Iterable[Hear]) -> list[tuple[str, float]]:
    if row.sources == (EVERYBODY,):
        return [(other.listener, other.voice) for other in rows if other.listener != row.listener]
    return list(zip(row.sources, row.gains or (1.0,) * len(row.sources), strict=True))
