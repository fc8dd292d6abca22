"""Frames of tracks: those that lie within a clip are read the short way, and are the same as read the long one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import MediaError
from softswitch.media.worker.track import FRAME_UNITS, UNITS_HZ, Track
from softswitch_codecs import Samples


class GrowingClip:
    """A sound that is decoded while it is played; its samples tell their place."""

    def __init__(self, units: int, decoded: int, *, broken: bool) -> None:
        self.units = units
        self.decoded = min(decoded, units)
        self._broken = broken

    def _all(self, rate_hz: int) -> Samples:
        return (np.arange(self.units * (rate_hz // UNITS_HZ)) % 30_011 + 1).astype(np.int16)

    def known(self, rate_hz: int) -> Samples:
        return self._all(rate_hz)[: self.decoded * (rate_hz // UNITS_HZ)]

    def read(self, at: int, rate_hz: int) -> Samples | None:
        step, whole = rate_hz // UNITS_HZ, self.decoded == self.units
        piece = self.known(rate_hz)[at * step : (at + FRAME_UNITS) * step]
        if len(piece) < FRAME_UNITS * step and not whole:
            return None
        if not len(piece) and self._broken:
            raise MediaError("broken")
        return piece

    def close(self) -> None:
        """There is nothing to give back."""


class TheLongWay(Track):
    def frame(self, rate_hz: int) -> Samples:
        return self._made_up(rate_hz)


_CLIPS = st.lists(
    st.builds(GrowingClip, st.integers(0, 700), st.integers(0, 700), broken=st.sampled_from((False, False, True))),
    min_size=1,
    max_size=3,
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.sampled_from(((8000,), (16000,), (8000, 48000))), st.booleans()),
        st.tuples(st.just("move"), st.integers(-1, 4), st.integers(-5, 90)),
        st.tuples(st.just("pause"), st.booleans(), st.just(0)),
        st.tuples(st.just("decode"), st.integers(0, 2), st.integers(0, 400)),
    ),
    max_size=40,
)


@given(_CLIPS, st.booleans(), _STEPS)
def test_the_short_way_reads_what_the_long_one_reads(
    clips: list[GrowingClip], repeat: bool, steps: list[tuple[str, object, object]]
) -> None:
    short, long = Track(1, clips, repeat=repeat), TheLongWay(2, clips, repeat=repeat)
    for what, first, second in (*steps, ("read", (8000,), True), ("read", (8000,), True)):
        if what == "read" and isinstance(first, tuple):
            for rate_hz in first:
                assert short.frame(rate_hz).tolist() == long.frame(rate_hz).tolist()
            for track in (short, long) if second else ():
                track.advance()
        elif what == "move" and isinstance(first, int) and isinstance(second, int):
            for track in (short, long):
                track.move(first, second)
        elif what == "pause":
            short.paused = long.paused = bool(first)
        elif isinstance(first, int) and isinstance(second, int):
            clip = clips[first % len(clips)]
            clip.decoded = min(clip.units, clip.decoded + second)
        assert (short.ended, short.problem) == (long.ended, long.problem)
