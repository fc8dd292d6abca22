"""Nonces that need no memory: signed and time-stamped, so that they are good after a restart as well.

A nonce is the second it was made in (8 hexadecimal digits), 8 random octets and the first half of an HMAC-SHA-256
over both. Only how often one was used is remembered, and only of those that a right password came with.
"""

from __future__ import annotations

import enum
import hmac
import re
from typing import Final

from softswitch.core.ids import Entropy

_FORM: Final = re.compile(r"([0-9a-f]{8})[0-9a-f]{16}[0-9a-f]{32}")
_STAMPED: Final = 24
_MAC_OCTETS: Final = 16


class NonceState(enum.Enum):
    """What a nonce that a client sent is worth."""

    FRESH = "fresh"
    EXPIRED = "expired"
    FORGED = "forged"
    """Not made with our key: by another installation, or by somebody who guesses."""


class NonceMaker:
    """Makes nonces and knows its own.

    Args:
        key: secret octets that outlive the process, 32 of them.
        lifetime_s: how long a nonce is fresh.
    """

    __slots__ = ("_key", "lifetime_s")

    def __init__(self, key: bytes, lifetime_s: float = 300.0) -> None:
        self._key = key
        self.lifetime_s = lifetime_s

    def make(self, wall_s: float, entropy: Entropy) -> str:
        """Return a new nonce: 56 hexadecimal digits."""
        stamped = f"{int(wall_s) & 0xFFFFFFFF:08x}{entropy.token(8)}"
        return stamped + self._sign(stamped)

    def check(self, nonce: str, wall_s: float) -> NonceState:
        """Tell what a nonce is worth; one of the future, after the clock was set back, counts as expired."""
        form = _FORM.fullmatch(nonce)
        if form is None or not hmac.compare_digest(nonce[_STAMPED:], self._sign(nonce[:_STAMPED])):
            return NonceState.FORGED
        age_s = wall_s - int(form[1], 16)
        return NonceState.FRESH if -1.0 <= age_s <= self.lifetime_s else NonceState.EXPIRED

    def _sign(self, stamped: str) -> str:
        return hmac.digest(self._key, stamped.encode(), "sha256")[:_MAC_OCTETS].hex()


def made_at(nonce: str) -> int:
    """Return the wall-clock second in which one of our nonces was made."""
    return int(nonce[:8], 16)


class NonceCounts:
    """The highest count that came with each nonce, so that nothing can be sent twice by somebody who listened.

    Args:
        lifetime_s: how long a nonce is fresh; expired ones are forgotten.
        most: how many are remembered. When more are in use, the oldest goes, and with it the right to use any nonce
            of its second or before that is not remembered: no bound opens a gap, it only costs a challenge.
    """

    __slots__ = ("_floor_s", "_last", "_lifetime_s", "_most")

    def __init__(self, lifetime_s: float = 300.0, most: int = 65536) -> None:
        self._lifetime_s = lifetime_s
        self._most = most
        self._last: dict[str, int] = {}
        self._floor_s = -1

    def accept(self, nonce: str, count: int, *, wall_s: float) -> bool:
        """Take a count if it is above the last one of this nonce, which must be one of ours and fresh."""
        last = self._last.get(nonce)
        if last is None:
            if made_at(nonce) <= self._floor_s:
                return False
            self._make_room(wall_s)
            last = 0
        if count <= last:
            return False
        self._last[nonce] = count
        return True

    def _make_room(self, wall_s: float) -> None:
        while self._last:
            oldest = next(iter(self._last))
            expired = wall_s - made_at(oldest) > self._lifetime_s
            if not expired and len(self._last) < self._most:
                return
            if not expired:
                self._floor_s = max(self._floor_s, made_at(oldest))
            del self._last[oldest]

    def __len__(self) -> int:
        return len(self._last)
