"""Keys of telephones that must not stand in facts in clear: the digits of a code, each as one sealed character.

A sealed key is a character of Unicode's private planes 15 and 16. It says which of 8192 pads hides the key; the pad is
made of the installation's secret and the name of the call. So sealed keys can be counted, cut and joined like keys in
clear, stand in facts, state and snapshots, and are understood again by a brain that folds them; whoever only reads the
journal learns how many keys there were.
"""

from __future__ import annotations

import hmac
import re
from functools import cached_property
from typing import Final

KEYS: Final = "0123456789*#ABCD"
PAD_BITS: Final = 13
"""So many bits of chance does :meth:`SealedKeys.seal` want."""
_FIRST: Final = 0xF0000
_PADS: Final = 1 << PAD_BITS
_SEALED: Final = re.compile(f"[{chr(_FIRST)}-{chr(_FIRST + _PADS * len(KEYS) - 1)}]")
HIDDEN: Final = "•"


class SealedKeys:
    """Seals and reveals.

    Args:
        secret: the installation's key; the same one as long as anything is kept.
    """

    def __init__(self, secret: bytes = b"") -> None:
        self._installation = secret

    @cached_property
    def _secret(self) -> bytes:
        return hmac.digest(self._installation, b"softswitch dialled keys", "sha256")

    def seal(self, call: str, key: str, chance: int) -> str:
        """Return a key as it may be kept; one that no telephone has, or that is sealed, stays as it is.

        Args:
            call: the name of the call that it was pressed in.
            key: one character.
            chance: random; the lower bits choose the pad.
        """
        place = KEYS.find(key) if key else -1
        if place < 0:
            return key
        pad = chance % _PADS
        return chr(_FIRST + pad * len(KEYS) + (place + self._shift(call, pad)) % len(KEYS))

    def reveal(self, call: str, text: str) -> str:
        """Return a text with the sealed keys of a call in clear; the rest of it stays as it is."""
        return _SEALED.sub(lambda found: self._revealed(call, found[0]), text)

    def _revealed(self, call: str, sealed: str) -> str:
        pad, hidden = divmod(ord(sealed) - _FIRST, len(KEYS))
        return KEYS[(hidden - self._shift(call, pad)) % len(KEYS)]

    def _shift(self, call: str, pad: int) -> int:
        return hmac.digest(self._secret, f"{call} {pad}".encode(), "sha256")[0]


def without_sealed(text: str) -> str:
    """Return a text for people: a dot in the place of each sealed key."""
    return _SEALED.sub(HIDDEN, text)
