"""Packets that are not plain: with contributing sources, an extension or padding, RTCP on the RTP port, or nonsense."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.core.errors import RtpError
from softswitch.media.worker.rows import UNKNOWN
from softswitch.rtp.packet import RtpPacket, build_rtp, looks_like_rtcp, parse_rtp


class Plain(NamedTuple):
    """What became of an odd packet."""

    packet: bytes
    """As a plain packet; empty when there is nothing to relay."""
    report: bool
    """Whether it is RTCP."""


_NOTHING: Final = Plain(b"", report=False)
_REPORT: Final = Plain(b"", report=True)


def make_plain(packet: bytes, kinds: npt.NDArray[np.uint8]) -> Plain:
    """Reduce a packet to header and payload.

    Contributing sources, extensions (their numbers were agreed with one phone only) and padding are hop by hop: the
    switch is the next hop's source, so it leaves them out.

    Args:
        packet: the whole datagram.
        kinds: by payload type, what it is on the leg.
    """
    if looks_like_rtcp(packet):
        return _REPORT
    try:
        parsed = parse_rtp(packet)
    except RtpError:
        return _NOTHING
    if kinds[parsed.payload_type] == UNKNOWN or not parsed.payload:
        return _NOTHING
    plain = RtpPacket(
        parsed.payload_type, parsed.sequence, parsed.timestamp, parsed.ssrc, parsed.payload, parsed.marker
    )
    return Plain(build_rtp(plain), report=False)
