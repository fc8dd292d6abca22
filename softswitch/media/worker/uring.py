"""One system call for the packets of many sockets, with less work for each: Linux's ``io_uring``, through ctypes.

A leg's socket is known to the ring by the number of its row, so nothing is looked up for a packet; descriptors that the
system gives to others meanwhile mean nothing here. Results are read from memory that the system shares. Calls are
marked as not waiting: they are done when the system call returns. The structures are those of ``linux/io_uring.h``.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.core.errors import MediaError
from softswitch.media.loops.found import Loops
from softswitch.media.worker.io_backend import Received
from softswitch.media.worker.rows import PACKET_OCTETS, Indices, Lengths, Rows

_SETUP, _ENTER, _REGISTER = 425, 426, 427
"""The same on all architectures that Python has wheels for."""
_ENTRIES: Final = 512
"""Calls started together."""
_PARAMS_OCTETS: Final = 120
_FLAGS: Final = 1 << 7 | 1 << 8 | 1 << 12 | 1 << 13 | 1 << 16
"""Go on behind a call that is refused; results when they are asked for, by this thread alone; entries in order."""
_SINGLE_MMAP: Final = 1
_ENTRIES_OFFSET: Final = 0x1000_0000
_SEND, _RECEIVE = 26, 27
_FIXED_FILE: Final = 1 << 8
_NO_RESULT_IF_WELL: Final = 1 << 14
_DONT_WAIT: Final = socket.MSG_DONTWAIT << 32
_REGISTER_FILES: Final = 13
_UPDATE_FILES: Final = 6
_SPARSE: Final = 1
_WORDS: Final = 8
_ADDRESS, _LENGTH, _ROW = 2, 3, 4
"""Words of an entry."""
_RESULT: Final = np.dtype([("row", np.uint64), ("result", np.int32), ("flags", np.uint32)])
_NONE: Final = np.empty(0, np.intp)

Entries = npt.NDArray[np.uint64]


class UringBackend:
    """Implements :class:`softswitch.media.worker.io_backend.IoBackend` with ``io_uring``.

    Args:
        rows: whose octets are received into and sent from.

    Raises:
        MediaError: this machine or its rules (seccomp, kernel.io_uring_disabled) do not allow it.
    """

    name = "uring"

    def __init__(self, rows: Rows) -> None:
        if sys.byteorder != "little":
            raise MediaError("io_uring is used on little-endian machines only")
        # PyDLL: the calls never block, so giving up the interpreter's lock around them would only cost.
        self._syscall = ctypes.PyDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long
        addresses = rows.octets.ctypes.data + np.arange(rows.capacity, dtype=np.uint64) * np.uint64(
            rows.octets.strides[0]
        )
        self._addresses = addresses
        self._reads = _entries(rows.capacity, _RECEIVE | _FIXED_FILE)
        self._reads[:, _ADDRESS] = addresses
        self._reads[:, _LENGTH] = PACKET_OCTETS | _DONT_WAIT
        self._writes = _entries(rows.capacity, _SEND | _FIXED_FILE | _NO_RESULT_IF_WELL)
        self._write_addresses, self._write_lengths = self._writes[:, _ADDRESS], self._writes[:, _LENGTH]
        self._loops = rows.loops
        self._broken: list[int] = []
        self._ring = -1
        try:
            self._open()
            self._register(rows.capacity)
        except MediaError:
            self.close()
            raise

    def attach(self, row: int, sock: socket.socket) -> None:
        """Let the row's packets come and go by this connected, non-blocking socket."""
        self._update(row, sock.fileno())

    def detach(self, row: int) -> None:
        """Forget the row's socket."""
        self._update(row, -1)

    def receive(self, rows: Indices) -> Received:
        """Receive at most one packet for each of these rows."""
        if self._loops is not None:
            well, ill = self._receive_in_loops(self._loops, rows)
            if ill.size:
                self._note_broken(ill[0], ill[1])
            return Received(well[0], well[1], ill[0])
        swept, results = self._submit(self._reads, rows)
        found = results > 0
        if np.count_nonzero(found) == len(found):
            return Received(swept, results, _NONE)
        empty = ~found
        missed = swept[empty]
        self._note_broken(missed, results[empty])
        return Received(swept[found], results[found], missed)

    def send(self, listeners: Indices, sources: Indices, lengths: Lengths) -> Indices:
        """Send the packets that lie in the sources' rows to the listeners' phones."""
        if self._loops is not None:
            failed, results = self._send_in_loops(self._loops, listeners, sources, lengths)
        else:
            failed, results = self._send_with_numpy(listeners, sources, lengths)
        if failed.size:
            self._note_broken(failed, results)
        return failed

    def _send_with_numpy(self, listeners: Indices, sources: Indices, lengths: Lengths) -> tuple[Indices, Lengths]:
        self._write_addresses[listeners] = self._addresses.take(sources)
        self._write_lengths[listeners] = lengths | _DONT_WAIT
        return self._submit(self._writes, listeners)

    def _receive_in_loops(self, loops: Loops, rows: Indices) -> tuple[Lengths, Lengths]:
        """Return rows and octets of what came, shape (2, n), and rows and errors of what did not."""
        if len(rows) > _ENTRIES:
            halves = self._receive_in_loops(loops, rows[:_ENTRIES]), self._receive_in_loops(loops, rows[_ENTRIES:])
            well, ill = zip(*halves, strict=True)
            return np.concatenate(well, axis=1), np.concatenate(ill, axis=1)
        loops.fill(self._reads, rows, self._slots, self._tail.value)
        self._start(len(rows))
        return self._results_in_loops(loops)

    def _send_in_loops(
        self, loops: Loops, listeners: Indices, sources: Indices, lengths: Lengths
    ) -> tuple[Indices, Lengths]:
        if len(listeners) > _ENTRIES:
            columns = listeners, sources, lengths
            halves = (
                self._send_in_loops(loops, *(column[:_ENTRIES] for column in columns)),
                self._send_in_loops(loops, *(column[_ENTRIES:] for column in columns)),
            )
            failed, results = zip(*halves, strict=True)
            return np.concatenate(failed), np.concatenate(results)
        packets = listeners, sources, lengths, self._addresses, _DONT_WAIT
        loops.fill_sends(self._writes, *packets, self._slots, self._tail.value)
        self._start(len(listeners))
        if self._done_head.value == self._done_tail.value:
            return _NONE, _NONE
        _, ill = self._results_in_loops(loops)
        return ill[0], ill[1]

    def _results_in_loops(self, loops: Loops) -> tuple[Lengths, Lengths]:
        head, tail = self._done_head.value, self._done_tail.value
        count = (tail - head) & 0xFFFF_FFFF
        well, ill = np.empty((2, count), np.int64), np.empty((2, count), np.int64)
        good = loops.take_results(self._done_words, head, count, well, ill)
        self._done_head.value = tail
        return well[:, :good], ill[:, : count - good]

    def _note_broken(self, rows: Indices, results: Lengths) -> None:
        without = results == -errno.EBADF
        if np.count_nonzero(without):
            self._broken += rows[without].tolist()

    def broken(self) -> list[int]:
        """Return, once, the rows that have no socket."""
        broken, self._broken = self._broken, []
        return broken

    def close(self) -> None:
        """Give the ring back to the system."""
        if self._ring >= 0:
            os.close(self._ring)
            self._ring = -1

    def _open(self) -> None:
        params = bytearray(struct.pack("=10I", 0, 0, _FLAGS, *[0] * 7).ljust(_PARAMS_OCTETS, b"\0"))
        place = (ctypes.c_char * _PARAMS_OCTETS).from_buffer(params)
        self._ring = int(self._syscall(_SETUP, ctypes.c_uint(_ENTRIES), place))
        if self._ring < 0:
            raise MediaError(f"io_uring_setup: {os.strerror(ctypes.get_errno())}")
        asked, results, _, _, _, features = struct.unpack_from("=6I", params)
        if not features & _SINGLE_MMAP or asked != _ENTRIES:
            raise MediaError("io_uring is too old here")
        _, tail = struct.unpack_from("=2I", params, 40)
        done_head, done_tail, mask, _, _, done = struct.unpack_from("=6I", params, 80)
        shared = self._shared(done + results * _RESULT.itemsize, 0)
        self._tail = ctypes.c_uint32.from_buffer(shared, tail)
        self._done_head = ctypes.c_uint32.from_buffer(shared, done_head)
        self._done_tail = ctypes.c_uint32.from_buffer(shared, done_tail)
        self._done = np.frombuffer(shared, _RESULT, results, done)
        self._done_words = self._done.view(np.int64).reshape(-1, 2)
        self._done_rows, self._done_results = self._done["row"], self._done["result"]
        self._done_mask = int(np.frombuffer(shared, np.uint32, 1, mask)[0])
        entries = self._shared(_ENTRIES * 8 * _WORDS, _ENTRIES_OFFSET)
        self._slots = np.frombuffer(entries, np.uint64).reshape(_ENTRIES, _WORDS)

    def _shared(self, octets: int, offset: int) -> mmap.mmap:
        try:
            return mmap.mmap(self._ring, octets, mmap.MAP_SHARED, offset=offset)
        except OSError as error:
            raise MediaError(f"io_uring's memory: {error.strerror}") from error

    def _register(self, capacity: int) -> None:
        order = struct.pack("=2I3Q", capacity, _SPARSE, 0, 0, 0)
        if self._syscall(_REGISTER, self._ring, _REGISTER_FILES, order, len(order)) < 0:
            raise MediaError(f"io_uring_register: {os.strerror(ctypes.get_errno())}")

    def _update(self, row: int, descriptor: int) -> None:
        wanted = ctypes.c_int(descriptor)
        order = struct.pack("=2IQ", row, 0, ctypes.addressof(wanted))
        if self._syscall(_REGISTER, self._ring, _UPDATE_FILES, order, 1) < 0:
            raise MediaError(f"io_uring_register: {os.strerror(ctypes.get_errno())}")

    def _submit(self, entries: Entries, rows: Indices) -> tuple[Indices, Lengths]:
        """Start these rows' calls; return rows and results of those that tell one."""
        if len(rows) <= _ENTRIES:
            return self._submit_some(entries, rows)
        parts = [self._submit_some(entries, rows[at : at + _ENTRIES]) for at in range(0, len(rows), _ENTRIES)]
        return np.concatenate([swept for swept, _ in parts]), np.concatenate([results for _, results in parts])

    def _submit_some(self, entries: Entries, rows: Indices) -> tuple[Indices, Lengths]:
        count = len(rows)
        tail = self._tail.value
        place = tail & (_ENTRIES - 1)
        first = min(count, _ENTRIES - place)
        entries.take(rows[:first], axis=0, out=self._slots[place : place + first], mode="clip")
        if first < count:
            entries.take(rows[first:], axis=0, out=self._slots[: count - first], mode="clip")
        self._start(count)
        return self._take_results()

    def _start(self, count: int) -> None:
        """Have the system do what so many slots behind the tail say."""
        self._tail.value = self._tail.value + count & 0xFFFF_FFFF
        self._enter(count)

    def _enter(self, count: int) -> None:
        while count:
            started = int(self._syscall(_ENTER, self._ring, count, 0, 0, None, 0))
            if started > 0:
                count -= started
            elif started == 0 or ctypes.get_errno() != errno.EINTR:
                raise MediaError(f"io_uring_enter: {os.strerror(ctypes.get_errno())}")

    def _take_results(self) -> tuple[Indices, Lengths]:
        head, tail = self._done_head.value, self._done_tail.value
        count = (tail - head) & 0xFFFF_FFFF
        if not count:
            return _NONE, _NONE
        place = head & self._done_mask
        end = place + count
        swept, results = self._done_rows[place:end].astype(np.intp), self._done_results[place:end].astype(np.int64)
        if len(swept) < count:
            rest = end - len(self._done)
            swept = np.concatenate((swept, self._done_rows[:rest].astype(np.intp)))
            results = np.concatenate((results, self._done_results[:rest].astype(np.int64)))
        self._done_head.value = tail
        return swept, results


def _entries(capacity: int, first: int) -> Entries:
    rows = np.arange(capacity, dtype=np.uint64)
    entries = np.zeros((capacity, _WORDS), np.uint64)
    entries[:, 0] = np.uint64(first) | rows << np.uint64(32)
    entries[:, _ROW] = rows
    return entries
