"""From tracks to encoded frames: each track is encoded once a codec, however many listen to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

import numpy as np

from softswitch.media.worker.batch import Octets
from softswitch.media.worker.mixing.voices import Voice
from softswitch.media.worker.rows import Indices
from softswitch.media.worker.track import Track

_STREAMS: Final = 1 << 20
"""Numbers of tracks as streams of codecs begin here, above all rows."""


class Ear(NamedTuple):
    """A leg that listens to a track."""

    row: int
    track: Track
    cells: int
    """Of its packets."""


class _Outlet(NamedTuple):
    rows: Indices
    places: Indices
    """Of each row its track, among those of the codec."""
    cells: int


class Playout:
    """All who listen to tracks in one codec.

    Args:
        voice: the codec.
        ears: who listens; all of that codec.
    """

    def __init__(self, voice: Voice, ears: Collection[Ear]) -> None:
        self._voice = voice
        tracks = {id(ear.track): ear.track for ear in ears}
        self._tracks = list(tracks.values())
        self._streams = np.array([_STREAMS + track.number for track in self._tracks], np.intp)
        place_of = {key: place for place, key in enumerate(tracks)}
        rows, cells = np.array([(ear.row, ear.cells) for ear in ears], np.intp).reshape(-1, 2).T
        places = np.array([place_of[id(ear.track)] for ear in ears], np.intp)
        self._outlets = [
            _Outlet(rows[cells == size], places[cells == size], size) for size in dict.fromkeys(cells.tolist())
        ]

    def frames(self) -> list[tuple[Indices, Octets, int]]:
        """Return the next frame of each listener: rows, payloads, cells of their packets."""
        rate_hz = self._voice.rate_hz
        sound = np.concatenate([track.frame(rate_hz) for track in self._tracks]).reshape(len(self._tracks), -1)
        encoded = self._voice.codec.encode(sound, self._streams)
        return [(outlet.rows, encoded[outlet.places], outlet.cells) for outlet in self._outlets]


def forget_tracks(voices: Iterable[Voice], tracks: Iterable[Track]) -> None:
    """Let codecs begin anew for tracks: their numbers may have been others' before."""
    streams = [_STREAMS + track.number for track in tracks]
    for voice in voices:
        voice.codec.forget(streams)
