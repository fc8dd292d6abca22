"""The way of recorded sound from a worker to its recorder: a ring in shared memory, one producer, one consumer.

The worker only copies what came, whatever the disk does; decoding, placing and writing is the recorder's. The memory is
a memfd of the worker that the recorder inherits, so a worker that is killed leaves nothing behind that is not written,
and a recorder that is killed is followed by another one that goes on where it was.

The first page is the header, in machine words::

    word  0  magic, version    word  8  octets ever written        word 16  octets ever given back
          1  capacity                9  packets that found no room

Entries follow, each a multiple of eight octets and never across the ring's end::

    octets of the entry (u32)  kind (u32)  ...
    MESSAGE   octets (u32)  0 (u32)  msgpack
    SOUND     packets n (u32)  width (u32)  microseconds (i64)  six rows of n words (:class:`Sound`), n x width octets
    END       nothing more here: go on at the beginning

A position is written last, as one aligned word. The consumer reads up to a position that it saw a moment before, so
that on a machine which reorders stores the octets are there too.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgpack
import numpy as np
import numpy.typing as npt

from softswitch.core.errors import MediaError

RING_OCTETS: Final = 64 << 20
"""Six seconds of a thousand recorded legs; memory that no sound has touched is not used."""

_HEADER_OCTETS: Final = 4096
_MAGIC: Final = 0x0002_676E_6972_7061  # "apring", version 2
_AT_MAGIC, _AT_CAPACITY, _AT_WRITTEN, _AT_LOST, _AT_FREED = 0, 1, 8, 9, 16
_MESSAGE, _SOUND, _END = 1, 2, 3
_COLUMNS: Final = 6

Words = npt.NDArray[np.uint32]
Octets = npt.NDArray[np.uint8]


class Sound(NamedTuple):
    """Packets that came one after the other."""

    taps: Words
    heads: Words
    """First words of their RTP headers: marker, payload type, sequence number."""
    timestamps: Words
    streams: Words
    """A number that is new with each stream of packets (SSRC, or a jump in sequence)."""
    lengths: Words
    """Octets of their payloads."""
    ages_us: Words
    """How long before ``now_us`` each came."""
    now_us: int
    """Monotonic: when the last of them came."""
    payloads: Octets
    """Shape (n, width)."""
    memory: Words
    """All memory in which entries are."""
    entry: int
    """Where this one begins there."""


class _Ring:
    def __init__(self, descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        if size <= _HEADER_OCTETS or size % 8:
            raise MediaError(f"the memory for recorded sound has {size} octets")
        self._memory = mmap.mmap(descriptor, size)
        self._header = np.frombuffer(self._memory, np.uint64, _HEADER_OCTETS // 8)
        self._octets = np.frombuffer(self._memory, np.uint8, offset=_HEADER_OCTETS)
        self._words = self._octets.view(np.uint32)
        self._capacity = size - _HEADER_OCTETS
        if self._header[_AT_MAGIC] == 0:
            self._header[_AT_CAPACITY] = self._capacity
            self._header[_AT_MAGIC] = _MAGIC
        if self._header[_AT_MAGIC] != _MAGIC or self._header[_AT_CAPACITY] != self._capacity:
            raise MediaError("the memory for recorded sound is of another version of this program")

    @property
    def lost(self) -> int:
        """Packets that found no room, since the ring was made."""
        return int(self._header[_AT_LOST])


def make_memory(octets: int = RING_OCTETS) -> int:
    """Return the descriptor of memory for a ring."""
    descriptor = os.memfd_create("softswitch-sound", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, _HEADER_OCTETS + octets)
    return descriptor


class TapWriter(_Ring):
    """The worker's end.

    Args:
        descriptor: of the memory.
    """

    def put_message(self, message: object) -> bool:
        """Write a message; False where there is no room."""
        packed = msgpack.packb(message)
        at = self._reserve(16 + len(packed))
        if at < 0:
            return False
        self._words[at // 4 + 1] = _MESSAGE
        self._words[at // 4 + 2] = len(packed)
        self._octets[at + 16 : at + 16 + len(packed)] = np.frombuffer(packed, np.uint8)
        self._publish()
        return True

    def put_sound(
        self, columns: tuple[npt.NDArray[Any], ...], now_us: int, width: int, payloads: Iterable[Octets]
    ) -> bool:
        """Write packets; where there is no room they are counted as lost.

        Args:
            columns: taps, heads, timestamps, streams, lengths and ages, each of n numbers.
            now_us: monotonic microseconds.
            width: octets of the longest payload.
            payloads: in their order, in pieces of shape (any, width): what stays in the cache is copied quicker.
        """
        count = len(columns[0])
        room = self.begin_sound(count, width, now_us)
        if room is None:
            return False
        rows = room[: _COLUMNS * count].reshape(_COLUMNS, count)
        for row, column in zip(rows, columns, strict=True):
            row[:] = column
        octets = room.view(np.uint8)[4 * _COLUMNS * count :][: count * width].reshape(count, width)
        place = 0
        for piece in payloads:
            octets[place : place + len(piece)] = piece
            place += len(piece)
        self.end_sound()
        return True

    def begin_sound(self, count: int, width: int, now_us: int) -> Words | None:
        """Find room for packets: their columns, then their payloads; None where there is none, which is counted.

        What is written there is read once :meth:`end_sound` was called.

        Args:
            count: of packets.
            width: octets of the longest payload.
            now_us: monotonic microseconds.
        """
        octets = 24 + 4 * _COLUMNS * count + count * width
        at = self._reserve(octets)
        if at < 0:
            self._header[_AT_LOST] += np.uint64(count)
            return None
        words = self._words[at // 4 : (at + octets + 3) // 4]
        words[1], words[2], words[3] = _SOUND, count, width
        words[4:6].view(np.int64)[0] = now_us
        return words[6:]

    def end_sound(self) -> None:
        """Let what was begun be read."""
        self._publish()

    def _reserve(self, octets: int) -> int:
        """Find room for an entry and write how long it is; return its place, or -1."""
        octets = (octets + 7) & ~7
        written, freed = int(self._header[_AT_WRITTEN]), int(self._header[_AT_FREED])
        at = written % self._capacity
        skipped = self._capacity - at if at + octets > self._capacity else 0
        if written + skipped + octets - freed > self._capacity:
            return -1
        if skipped:
            self._words[at // 4], self._words[at // 4 + 1] = skipped, _END
            at = 0
        self._words[at // 4] = octets
        self._next = written + skipped + octets
        return at

    def _publish(self) -> None:
        self._header[_AT_WRITTEN] = self._next


class TapReader(_Ring):
    """The recorder's end.

    Args:
        descriptor: of the memory.
    """

    @property
    def written(self) -> int:
        """How far the worker has come."""
        return int(self._header[_AT_WRITTEN])

    @property
    def is_empty(self) -> bool:
        """Whether everything was given back."""
        return bool(self._header[_AT_WRITTEN] == self._header[_AT_FREED])

    def read(self, up_to: int) -> Iterator[Sound | tuple[Any, ...]]:
        """Return entries up to a position: messages, and sound that stays valid until :meth:`free`."""
        at = int(self._header[_AT_FREED])
        while at < up_to:
            place = at % self._capacity
            words = self._words[place // 4 :]
            octets, kind = int(words[0]), int(words[1])
            if octets < 8 or octets % 8 or place + octets > self._capacity:
                raise MediaError("the memory for recorded sound is damaged")
            if kind == _MESSAGE:
                first = place + 16
                packed = self._octets[first : first + int(words[2])].tobytes()
                yield msgpack.unpackb(packed, use_list=False, strict_map_key=False)
            elif kind == _SOUND:
                yield self._sound(place, words)
            at += octets

    def free(self, up_to: int) -> None:
        """Give the room up to a position back."""
        self._header[_AT_FREED] = up_to

    def _sound(self, place: int, words: Words) -> Sound:
        count, width = int(words[2]), int(words[3])
        rows = words[6 : 6 + _COLUMNS * count].reshape(_COLUMNS, count)
        first = place + 24 + 4 * _COLUMNS * count
        payloads = self._octets[first : first + count * width].reshape(count, width)
        now_us = int(words[4:6].view(np.int64)[0])
        return Sound(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], now_us, payloads, self._words, place // 4)
