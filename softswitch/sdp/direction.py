"""Which way a stream flows, and which way its answer may (RFC 3264 §5.1, §6.1)."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Direction(Enum):
    """The four directions, seen from the side that wrote the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    def __init__(self, name: str) -> None:
        self.sends = name in {"sendrecv", "sendonly"}
        """Whether the writer of the description sends."""
        self.receives = name in {"sendrecv", "recvonly"}
        """Whether the writer of the description receives."""


DIRECTIONS: Final = {direction.value: direction for direction in Direction}
"""From the attribute's name to the direction."""


def direction_of(*, sends: bool, receives: bool) -> Direction:
    """Return the direction of a side that sends and receives as said."""
    if sends:
        return Direction.SENDRECV if receives else Direction.SENDONLY
    return Direction.RECVONLY if receives else Direction.INACTIVE


def answer_direction(offered: Direction, wanted: Direction) -> Direction:
    """Return the most of ``wanted`` that the offer allows.

    The answerer may send only where the offerer receives, and receive only where it sends: sendonly is answered by
    recvonly or inactive, never by sendrecv.
    """
    return direction_of(sends=wanted.sends and offered.receives, receives=wanted.receives and offered.sends)
