"""Who hears whom, and how loud: from the sound of all who speak to the sound for each who listens.

Rooms in which everybody hears everybody else are ordered by their number of people, so that all rooms of one number
are one block of memory, (rooms, people, samples): one sum and one subtraction make the sound of all of them. They are
worked on in pieces that stay in the processor's cache. Other rooms are a product of matrices each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.media.loops.found import Loops
from softswitch.media.worker.rows import Indices

Samples = npt.NDArray[np.int16]
Gains = npt.NDArray[np.float32]

_ROWS_AT_ONCE: Final = 192
LARGE: Final = 32
"""Rooms of more people are made one by one, and only of those who are heard."""
_HEARD_FROM: Final = 24
"""Of a large room: the amplitude from which somebody is heard."""
_HELD_FRAMES: Final = 15
"""Of a large room: frames for which somebody counts as heard after the last sound."""


class Block(NamedTuple):
    """Rooms of one size in which everybody hears everybody else."""

    first: int
    """Where its people begin, among those who speak and among those who listen."""
    rooms: int
    people: int


class Rooms(NamedTuple):
    """Other rooms that have one shape."""

    speakers: Indices
    """Shape (rooms, speakers): places among those who speak."""
    listeners: Indices
    """Shape (rooms, listeners): places among those who listen."""
    gains: Gains
    """Shape (rooms, listeners, speakers)."""


class Mixer:
    """Mixes rooms of one rate.

    Args:
        blocks: the rooms in which everybody hears everybody else.
        others: those with other rows.
        voices: for the people of the blocks, how loud each is to the others; None where all are as they are.
    """

    def __init__(self, blocks: Sequence[Block], others: Sequence[Rooms], voices: Gains | None) -> None:
        self._small = [block for block in blocks if block.people <= LARGE]
        self._large = [
            Block(block.first + room * block.people, 1, block.people)
            for block in blocks
            if block.people > LARGE
            for room in range(block.rooms)
        ]
        self._others = others
        self._voices = voices
        self._quiet = [np.full(block.people, _HELD_FRAMES, np.int64) for block in self._large]

    @property
    def shares(self) -> bool:
        """Whether there are rooms whose silent listeners share one sound."""
        return bool(self._large)

    def mix(self, spoken: Samples, heard: Samples, same_as: Indices, loops: Loops | None = None) -> None:
        """Make the sound for each listener.

        Args:
            spoken: shape (speakers, samples).
            heard: shape (listeners, samples): is filled.
            same_as: shape (listeners,): for listeners who hear the very same as another one, that one's place; the
                others' own place must stand there already.
            loops: compiled ones, where there are any.
        """
        if loops is not None and self._voices is None:
            self._mix_in_loops(loops, spoken, heard, same_as)
        else:
            for block in self._small:
                self._mix_block(block, spoken, heard)
            for block, quiet in zip(self._large, self._quiet, strict=True):
                self._mix_large(block, quiet, spoken, heard, same_as)
        for rooms in self._others:
            sound = np.matmul(rooms.gains, spoken[rooms.speakers].astype(np.float32))
            heard[rooms.listeners] = _fit(np.rint(sound))

    def _mix_in_loops(self, loops: Loops, spoken: Samples, heard: Samples, same_as: Indices) -> None:
        total = np.empty(spoken.shape[1], np.int32)
        for block in self._small:
            loops.mix_rooms(spoken, block.first, block.rooms, block.people, total, heard)
        for block, quiet in zip(self._large, self._quiet, strict=True):
            room = spoken, block.first, block.people
            loops.add_heard(*room, _HEARD_FROM, _HELD_FRAMES, quiet, total)
            loops.tell_heard(*room, _HELD_FRAMES, quiet, total, heard, same_as)

    def _mix_block(self, block: Block, spoken: Samples, heard: Samples) -> None:
        at_once = max(1, _ROWS_AT_ONCE // block.people) * block.people
        end = block.first + block.rooms * block.people
        for first in range(block.first, end, at_once):
            rows = slice(first, min(first + at_once, end))
            wide = self._widened(spoken, rows).reshape(-1, block.people, spoken.shape[1])
            if block.people == 2:
                sound = wide[:, ::-1]
            else:
                total = wide[:, 0] + wide[:, 1]
                for person in range(2, block.people):
                    total += wide[:, person]
                sound = np.subtract(total[:, np.newaxis], wide, out=wide)
            heard[rows] = _fit(sound).reshape(heard[rows].shape)

    def _widened(self, spoken: Samples, rows: slice | Indices) -> npt.NDArray[np.int32]:
        if self._voices is None:
            return spoken[rows].astype(np.int32)
        louder: npt.NDArray[np.float32] = spoken[rows] * self._voices[rows, np.newaxis]
        return np.rint(louder).astype(np.int32)

    def _mix_large(
        self, block: Block, quiet: npt.NDArray[np.int64], spoken: Samples, heard: Samples, same_as: Indices
    ) -> None:
        """Add up only those who are heard; all others hear the same."""
        rows = slice(block.first, block.first + block.people)
        sound = spoken[rows]
        loud = np.maximum(sound.max(axis=1), -sound.min(axis=1).astype(np.int32)) >= _HEARD_FROM
        quiet += 1
        quiet[loud] = 0
        speaking = quiet < _HELD_FRAMES
        places = np.flatnonzero(speaking) + block.first
        wide = self._widened(spoken, places)
        total = wide.sum(axis=0, dtype=np.int32)
        silent = np.flatnonzero(~speaking) + block.first
        same_as[places] = places
        if silent.size:
            same_as[silent] = silent[0]
            heard[silent] = _fit(total)
        for first in range(0, len(places), _ROWS_AT_ONCE):
            some = slice(first, first + _ROWS_AT_ONCE)
            heard[places[some]] = _fit(total - wide[some])


def _fit(wide: npt.NDArray[np.int32] | npt.NDArray[np.float32]) -> Samples:
    return np.minimum(np.maximum(wide, -32768), 32767).astype(np.int16)
