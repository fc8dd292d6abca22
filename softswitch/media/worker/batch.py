"""The packets that one sweep brought, as arrays of one length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.media.worker.rows import HEADER_OCTETS, PACKET_OCTETS, TYPE_SHIFT, UNKNOWN, Indices, Lengths, Rows

Numbers = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_PLAIN: Final = 0x80
"""The first octet of a header: version 2, no padding, no extension, no contributing sources."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets of different rows; element i of each array is of packet i."""

    rows: Indices
    lengths: Lengths
    heads: Numbers
    """The header's first word: version, marker, payload type, sequence number."""
    timestamps: Numbers
    ssrcs: Numbers

    def only(self, wanted: Mask) -> Batch:
        """Return the packets where ``wanted`` is true."""
        return Batch(
            self.rows[wanted], self.lengths[wanted], self.heads[wanted], self.timestamps[wanted], self.ssrcs[wanted]
        )

    def types(self) -> Numbers:
        """Return the payload types."""
        types: Numbers = (self.heads >> TYPE_SHIFT) & 0x7F
        return types

    def plain(self, kinds: Octets) -> Mask:
        """Tell which packets are version 2 with nothing but a header and a payload of a negotiated type.

        Args:
            kinds: what their payload types are on their rows.
        """
        plain: Mask = self.heads >> 24 == _PLAIN
        plain &= kinds != UNKNOWN
        plain &= (self.lengths > HEADER_OCTETS) & (self.lengths < PACKET_OCTETS)
        return plain


def read_batch(state: Rows, rows: Indices, lengths: Lengths) -> Batch:
    """Read the headers of the packets that lie in these rows.

    Args:
        state: all rows.
        rows: where packets lie, each row once.
        lengths: their octets. A header that was not received whole is read all the same; see :meth:`Batch.plain`.
    """
    words = state.read_headers(rows).astype(np.int64)
    return Batch(rows, lengths, words[:, 0], words[:, 1], words[:, 2])
