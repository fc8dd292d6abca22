"""From tracks to encoded frames: each track is encoded once a codec, however many listen to it."""

from __future__ import annotations

from collections.abc import Iterable
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
    voice: Voice
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

    def __init__(self, voice: Voice, ears: Iterable[Ear]) -> None:
        self._voice = voice
        places: dict[int, int] = {}
        self._tracks: list[Track] = []
        by_cells: dict[int, list[tuple[int, int]]] = {}
        for ear in ears:
            key = id(ear.track)
            if key not in places:
                places[key] = len(self._tracks)
                self._tracks.append(ear.track)
            by_cells.setdefault(ear.cells, []).append((ear.row, places[key]))
        self._streams = np.array([_STREAMS + track.number for track in self._tracks], np.intp)
        self._outlets = [
            _Outlet(np.array([row for row, _ in pairs], np.intp), np.array([at for _, at in pairs], np.intp), cells)
            for cells, pairs in by_cells.items()
        ]

    def frames(self) -> list[tuple[Indices, Octets, int]]:
        """Return the next frame of each listener: rows, payloads, cells of their packets."""
        sound = np.stack([track.frame(self._voice.rate_hz) for track in self._tracks])
        encoded = self._voice.codec.encode(sound, self._streams)
        return [(outlet.rows, encoded[outlet.places], outlet.cells) for outlet in self._outlets]


def forget_tracks(voices: Iterable[Voice], tracks: Iterable[Track]) -> None:
    """Let codecs begin anew for tracks: their numbers may have been others' before."""
    streams = [_STREAMS + track.number for track in tracks]
    for voice in voices:
        voice.codec.forget(streams)
