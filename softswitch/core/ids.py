"""Randomness and the ids made from it; the source of the random bytes is injected.

A conversation's id sorts by its start: nine characters of milliseconds and five of chance, in Crockford's base 32. A
leg's id is its conversation's, a full stop and a number, so that a person can read and type it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple([first + second for first in _BASE32 for second in _BASE32])
"""By number, two characters: ten bits."""
_SHIFTS: Final = tuple(range(60, -10, -10))
_BLOCK_OCTETS: Final = 4096


class Entropy:
    """Random tokens out of a source of random bytes, drawn in blocks because a system call each is dear.

    Args:
        source: gives n random bytes: ``os.urandom`` in a running switch, a seeded generator in the simulation.
        block_octets: how many are drawn at once.
    """

    __slots__ = ("_block", "_block_octets", "_position", "_source")

    def __init__(self, source: Callable[[int], bytes], *, block_octets: int = _BLOCK_OCTETS) -> None:
        self._source = source
        self._block_octets = block_octets
        self._block = ""
        self._position = 0

    def token(self, octets: int = 8) -> str:
        """Return ``octets`` random octets as lower-case hexadecimal (twice as many characters)."""
        start = self._position
        end = start + 2 * octets
        if end > len(self._block):
            self._block = self._source(max(self._block_octets, octets)).hex()
            start, end = 0, 2 * octets
        self._position = end
        return self._block[start:end]

    def number(self, bits: int = 32) -> int:
        """Return a random number of ``bits`` bits, a multiple of 8."""
        return int(self.token(bits // 8), 16)


def new_conversation_id(wall_s: float, entropy: Entropy) -> str:
    """Make the id of a conversation that starts at ``wall_s``: 14 characters that sort by time."""
    number = (int(wall_s * 1000) << 25) | (entropy.number(32) & 0x1FFFFFF)
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def leg_id(conversation_id: str, number: int) -> str:
    """Make the id of the ``number``-th leg of a conversation, counted from 1."""
    return f"{conversation_id}.{number}"


def conversation_of(leg: str) -> str:
    """Return the conversation that a leg's id names."""
    return leg.rpartition(".")[0]
