"""The tick: a timer of the kernel's that can be waited for beside sockets.

``time.sleep`` and epoll's own time-out know milliseconds; this one is 0.1 ms late. Python has it from 3.13 on, so it
is called through ctypes.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import Final

_CLOCK_MONOTONIC: Final = 1
_FLAGS: Final = os.O_NONBLOCK | os.O_CLOEXEC


class TickTimer:
    """Becomes readable each ``period_s`` seconds or a multiple of it, while it runs.

    Args:
        period_s: below a tenth of a second.

    Raises:
        OSError: the system has no timer to give.
    """

    __slots__ = ("_descriptor", "_libc", "_period_ns", "pace", "period_s")

    def __init__(self, period_s: float) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._period_ns = round(period_s * 1e9)
        self.period_s = period_s
        self.pace = 0
        """Each how manieth tick makes it readable; 0 while it stands still."""
        self._descriptor = int(self._libc.timerfd_create(_CLOCK_MONOTONIC, _FLAGS))
        if self._descriptor < 0:
            raise _system_error()

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._descriptor

    def set_pace(self, pace: int) -> None:
        """Become readable each ``pace`` ticks from now on; 0 for never."""
        self._set(pace * self._period_ns)
        self.pace = pace

    def elapsed(self) -> int:
        """Return how many ticks there were since the last call."""
        try:
            return self.pace * int.from_bytes(os.read(self._descriptor, 8), sys.byteorder)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)

    def _set(self, period_ns: int) -> None:
        setting = struct.pack("@4l", 0, period_ns, 0, period_ns)
        if self._libc.timerfd_settime(self._descriptor, 0, setting, None) != 0:
            raise _system_error()


def _system_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
