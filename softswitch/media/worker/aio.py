"""One system call for the packets of many sockets: Linux's ``io_submit``, called through ctypes.

On sockets that never block, the calls that ``io_submit`` starts are done when it returns, so ``io_getevents`` only
fetches their results. The structures are those of ``linux/aio_abi.h``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import sys
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.core.errors import MediaError
from softswitch.media.worker.io_backend import Received
from softswitch.media.worker.rows import PACKET_OCTETS, Indices, Lengths, Rows

_GENERIC: Final = (0, 1, 4, 2)
_SYSCALLS: Final = {
    # io_setup, io_destroy, io_getevents, io_submit
    "x86_64": (206, 207, 208, 209),
    "ppc64le": (227, 228, 229, 230),
    "aarch64": _GENERIC,
    "riscv64": _GENERIC,
    "loongarch64": _GENERIC,
}
_MOST_AT_ONCE: Final = 512
"""Calls started together; the machine's sum of these over all programs is limited (fs.aio-max-nr, 65,536 mostly)."""
_PREAD: Final = 0
_PWRITE: Final = 1
_NO_DESCRIPTOR: Final = 0xFFFFFFFF
_CONTROL_BLOCK: Final = np.dtype(
    [
        ("data", np.uint64),
        ("key", np.uint32),
        ("rw_flags", np.int32),
        ("opcode", np.uint16),
        ("priority", np.int16),
        ("descriptor", np.uint32),
        ("buffer", np.uint64),
        ("octets", np.uint64),
        ("offset", np.int64),
        ("reserved", np.uint64),
        ("flags", np.uint32),
        ("event_descriptor", np.uint32),
    ]
)
_EVENT: Final = np.dtype([("data", np.uint64), ("object", np.uint64), ("result", np.int64), ("result2", np.int64)])

_NONE: Final = np.empty(0, np.intp)

Pointers = npt.NDArray[np.uint64]


class AioBackend:
    """Implements :class:`softswitch.media.worker.io_backend.IoBackend` with ``io_submit``.

    Args:
        rows: whose octets are received into and sent from.

    Raises:
        MediaError: this machine or its rules (seccomp, fs.aio-max-nr) do not allow it.
    """

    name = "aio"

    def __init__(self, rows: Rows) -> None:
        numbers = _SYSCALLS.get(platform.machine())
        if numbers is None or sys.byteorder != "little":
            raise MediaError(f"the numbers of the AIO calls on {platform.machine()} are not known")
        self._setup_number, self._destroy_number, self._getevents_number, self._submit_number = numbers
        # PyDLL: the calls never block, so giving up the interpreter's lock around them would only cost.
        self._syscall = ctypes.PyDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long
        self._addresses = rows.octets.ctypes.data + np.arange(rows.capacity, dtype=np.uint64) * np.uint64(
            rows.octets.strides[0]
        )
        self._reads = self._control_blocks(rows.capacity, _PREAD)
        self._reads["buffer"] = self._addresses
        self._reads["octets"] = PACKET_OCTETS
        self._writes = self._control_blocks(rows.capacity, _PWRITE)
        self._read_pointers = _pointers(self._reads)
        self._write_pointers = _pointers(self._writes)
        self._write_buffers, self._write_octets = self._writes["buffer"], self._writes["octets"]
        self._events = np.zeros(rows.capacity, _EVENT)
        self._swept, self._results = self._events["data"], self._events["result"]
        self._events_address = self._events.ctypes.data
        self._batch = np.zeros(rows.capacity, np.uint64)
        """The addresses of the control blocks of one submission."""
        self._batch_address = self._batch.ctypes.data
        self._broken: list[int] = []
        self._context = ctypes.c_ulong(0)
        self._begin()
        self._try_out()

    @staticmethod
    def _control_blocks(capacity: int, opcode: int) -> npt.NDArray[np.void]:
        blocks = np.zeros(capacity, _CONTROL_BLOCK)
        blocks["data"] = np.arange(capacity)
        blocks["opcode"] = opcode
        blocks["descriptor"] = _NO_DESCRIPTOR
        return blocks

    def attach(self, row: int, sock: socket.socket) -> None:
        """Let the row's packets come and go by this connected, non-blocking socket."""
        self._reads["descriptor"][row] = self._writes["descriptor"][row] = sock.fileno()

    def detach(self, row: int) -> None:
        """Forget the row's socket."""
        self._reads["descriptor"][row] = self._writes["descriptor"][row] = _NO_DESCRIPTOR

    def receive(self, rows: Indices) -> Received:
        """Receive at most one packet for each of these rows."""
        count = self._submit(self._read_pointers, rows)
        results = self._results[:count].copy()  # the next submission writes there
        found = results > 0
        whole = count == len(rows)
        if whole and found.all():
            return Received(rows, results, _NONE)
        swept = rows if whole else self._swept[:count].astype(np.intp)  # events come in the order of the batch
        return Received(swept[found], results[found], swept[~found])

    def send(self, listeners: Indices, sources: Indices, lengths: Lengths) -> Indices:
        """Send the packets that lie in the sources' rows to the listeners' phones."""
        self._write_buffers[listeners] = self._addresses.take(sources)
        self._write_octets[listeners] = lengths
        count = self._submit(self._write_pointers, listeners)
        results = self._results[:count]
        if count and results.min() >= 0:
            return _NONE
        return self._swept[:count][results < 0].astype(np.intp)

    def broken(self) -> list[int]:
        """Return, once, the rows whose descriptor the system does not know."""
        broken, self._broken = self._broken, []
        return broken

    def close(self) -> None:
        """Give the context back to the system."""
        if self._context.value:
            self._syscall(self._destroy_number, self._context)
            self._context.value = 0

    def _begin(self) -> None:
        if self._syscall(self._setup_number, ctypes.c_uint(_MOST_AT_ONCE), ctypes.byref(self._context)) != 0:
            raise MediaError(f"io_setup: {os.strerror(ctypes.get_errno())}")

    def _try_out(self) -> None:
        """Read once from a socket that has nothing, as some rules allow io_setup and forbid io_submit."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            self.attach(0, sock)
            try:
                count = self._submit(self._read_pointers, np.array([0]))
                works = count == 1 and self._results[0] == -errno.EAGAIN
            except MediaError:
                self.close()
                raise
            finally:
                self.detach(0)
        if not works:
            self.close()
            raise MediaError("io_submit does not work on sockets here")

    def _submit(self, pointers: Pointers, rows: Indices) -> int:
        """Start these rows' control blocks and return the number of their events.

        A control block that the system refuses ends the batch; it is skipped and its row noted, and the rest goes on.
        """
        wanted = len(rows)
        pointers.take(rows, out=self._batch[:wanted], mode="clip")  # "raise" would copy twice
        address = self._batch_address
        started = fetched = skipped = 0
        while started < wanted:
            count = min(wanted - started, _MOST_AT_ONCE)
            done = self._syscall(
                self._submit_number, self._context, ctypes.c_long(count), ctypes.c_void_p(address + 8 * started)
            )
            if done > 0:
                started += done
            elif ctypes.get_errno() != errno.EAGAIN or fetched == started - skipped:
                self._refuse(int(self._batch[started]))
                started += 1
                skipped += 1
            while fetched < started - skipped:
                fetched += self._fetch(started - skipped - fetched, fetched)
        return fetched

    def _fetch(self, count: int, offset: int) -> int:
        fetched = self._syscall(
            self._getevents_number,
            self._context,
            ctypes.c_long(count),
            ctypes.c_long(count),
            ctypes.c_void_p(self._events_address + offset * _EVENT.itemsize),
            None,
        )
        if fetched < 0:
            if ctypes.get_errno() == errno.EINTR:
                return 0
            raise MediaError(f"io_getevents: {os.strerror(ctypes.get_errno())}")
        return int(fetched)

    def _refuse(self, pointer: int) -> None:
        error = ctypes.get_errno()
        if error not in (errno.EBADF, errno.EINVAL):
            raise MediaError(f"io_submit: {os.strerror(error)}")
        base = self._reads.ctypes.data
        if not base <= pointer < base + self._reads.nbytes:
            base = self._writes.ctypes.data
        self._broken.append((pointer - base) // _CONTROL_BLOCK.itemsize)


def _pointers(blocks: npt.NDArray[np.void]) -> Pointers:
    return blocks.ctypes.data + np.arange(len(blocks), dtype=np.uint64) * np.uint64(_CONTROL_BLOCK.itemsize)
