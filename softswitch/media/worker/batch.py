"""The packets that one sweep brought, as arrays of one length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from softswitch.media.worker.rows import HEADER_OCTETS, PACKET_OCTETS, UNKNOWN, Indices, Lengths, Rows

Numbers = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets of different rows; element i of each array is of packet i."""

    rows: Indices
    lengths: Lengths
    heads: Numbers
    """The header's first word: version, marker, payload type, sequence number."""
    timestamps: Numbers
    ssrcs: Numbers
    types: Numbers
    """Payload types."""
    kinds: Octets
    """What they are on their rows: UNKNOWN, AUDIO or TELEPHONE_EVENT."""

    def only(self, wanted: Mask) -> Batch:
        """Return the packets where ``wanted`` is true."""
        return Batch(
            self.rows[wanted],
            self.lengths[wanted],
            self.heads[wanted],
            self.timestamps[wanted],
            self.ssrcs[wanted],
            self.types[wanted],
            self.kinds[wanted],
        )

    def plain(self) -> Mask:
        """Tell which packets are version 2 with nothing but a header and a payload of a negotiated type."""
        plain: Mask = self.heads >> 24 == 0x80
        plain &= self.kinds != UNKNOWN
        plain &= self.lengths > HEADER_OCTETS
        plain &= self.lengths < PACKET_OCTETS
        return plain


def read_batch(state: Rows, rows: Indices, lengths: Lengths) -> Batch:
    """Read the headers of the packets that lie in these rows.

    Args:
        state: all rows.
        rows: where packets lie, each row once.
        lengths: their octets. A header that was not received whole is read all the same; see :meth:`Batch.plain`.
    """
    words = state.words[rows].astype(np.int64)
    heads = words[:, 0]
    types = (heads >> 16) & 0x7F
    return Batch(rows, lengths, heads, words[:, 1], words[:, 2], types, state.kinds[rows, types])
