"""Phones that sing one tone each to worker processes, in real time, and tell whose tones they hear."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from softswitch.media.engine import Format, Stream
from softswitch_codecs import BatchCodec, codec_class
from tests.integration.media.rig import EVENT, Phone
from tests.own_network import own
from tests.waiting import until

AMPLITUDE = 6000.0
_HEARD, _NOT_HEARD = 0.25, 0.04
"""Parts of the amplitude; what lies between is neither."""
_FRAME_S = 0.02


class Singer:
    """A phone.

    Args:
        leg: its name.
        tone_hz: what it sings.
        form: its codec.
    """

    def __init__(self, leg: str, tone_hz: float, form: Format) -> None:
        self.leg, self.tone_hz, self.form = leg, tone_hz, form
        self.phone = Phone(own("44.9"), ssrc=hash(leg) & 0xFFFF_FFFF)
        self._codec = self._new_codec()
        self._sung = 0
        self._heard: list[bytes] = []

    def _new_codec(self) -> BatchCodec:
        cls = codec_class(self.form.encoding, self.form.clock_rate_hz)
        assert cls is not None, self.form
        return cls()

    def stream(self) -> Stream:
        """Return what a call says of it."""
        at = self.phone.at
        return Stream(*at, 9, at[0], (self.form, EVENT), receive=True, send=True)

    def sing(self, to: tuple[str, int]) -> None:
        """Send a frame, and take what came."""
        rate = self._codec.sample_rate_hz
        count = round(rate * _FRAME_S)
        moments = (self._sung + np.arange(count)) / rate
        self._sung += count
        sound = (AMPLITUDE * np.sin(2 * np.pi * self.tone_hz * moments)).astype(np.int16)
        payload = self._codec.encode(sound[np.newaxis])[0].tobytes()
        self.phone.send(to, payload, payload_type=self.form.receive_type)
        self._heard += self.phone.payloads()

    @property
    def packets(self) -> int:
        """How many were heard since :meth:`forget`."""
        return len(self._heard)

    def forget(self) -> None:
        """Begin to listen anew."""
        self.phone.payloads()
        self._heard.clear()

    def hears(self, tones: Mapping[str, float]) -> dict[str, bool | None]:
        """Return which tones are heard and which are not; None is neither."""
        levels = {name: self._level(tone_hz) / AMPLITUDE for name, tone_hz in tones.items()}
        return {name: None if _NOT_HEARD < level < _HEARD else level >= _HEARD for name, level in levels.items()}

    def _level(self, tone_hz: float) -> float:
        """Measure a tenth of a second after the other: where packets come late sound jumps, on a busy machine."""
        sound, size = self._sound(), self._codec.sample_rate_hz // 10
        parts = sound[: len(sound) // size * size].reshape(-1, size)
        if not len(parts):
            return 0.0
        window = np.hanning(size)
        turns = np.exp(-2j * np.pi * tone_hz * np.arange(size) / self._codec.sample_rate_hz)
        return float(np.median(2 * np.abs((parts * window * turns).sum(axis=1)) / window.sum()))

    def _sound(self) -> npt.NDArray[np.float64]:
        codec = self._new_codec()
        frames = [codec.decode(np.frombuffer(payload, np.uint8)[np.newaxis])[0] for payload in self._heard]
        return np.concatenate(frames).astype(np.float64) if frames else np.zeros(0)

    def close(self) -> None:
        """Hang the socket up."""
        self.phone.sock.close()


def sing(singers: Sequence[Singer], at: Mapping[str, tuple[str, int]], packets: int = 60) -> None:
    """Let all sing for a moment, then until each who hears anything has heard so many packets."""
    _sing(singers, at, lambda frames: frames >= 30)
    for singer in singers:
        singer.forget()
    _sing(singers, at, lambda frames: frames >= 75 and all(s.packets == 0 or s.packets >= packets for s in singers))


def _sing(singers: Sequence[Singer], at: Mapping[str, tuple[str, int]], done: Callable[[int], bool]) -> None:
    begun, frames = time.monotonic(), 0
    while not done(frames):
        for singer in singers:
            singer.sing(at[singer.leg])
        frames += 1
        time.sleep(max(0.0, begun + frames * _FRAME_S - time.monotonic()))


def until_heard(singers: Sequence[Singer], at: Mapping[str, tuple[str, int]], wanted: Mapping[str, set[str]]) -> None:
    """Let all sing until each hears those whom it shall, and nobody else."""
    tones = {singer.leg: singer.tone_hz for singer in singers}
    expected = {leg: {other: other in heard for other in tones} for leg, heard in wanted.items()}

    def heard() -> dict[str, dict[str, bool | None]]:
        return {singer.leg: singer.hears(tones) for singer in singers}

    def as_wanted() -> bool:
        sing(singers, at)
        return heard() == expected

    until(as_wanted, heard)
