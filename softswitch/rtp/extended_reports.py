"""VoIP metrics in extended reports (RFC 3611 §4.7): how good one end says that the other one sounds."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from softswitch.rtp.rtcp import UnknownRtcp

EXTENDED_REPORT: Final = 207
UNAVAILABLE: Final = 127
"""In levels, ratings and scores: not measured."""
_VOIP_METRICS: Final = 7
_WORDS: Final = 8
_BLOCK: Final = struct.Struct("!BBHI4B2H2H4B4BBBH2H")
_STANDARD_CONCEALMENT: Final = 0b11 << 6
_ADAPTIVE: Final = 0b11 << 4


class VoipMetrics(NamedTuple):
    """What a receiver tells of one source; shares are from 0 to 1, -1 stands for what is not measured."""

    ssrc: int
    """Of the source."""
    lost: float
    discarded: float
    """Packets that came and were too late."""
    burst_density: float = 0.0
    gap_density: float = 0.0
    burst_ms: int = 0
    gap_ms: int = 0
    round_trip_ms: int = 0
    end_system_ms: int = 0
    """What the receiver itself adds to the delay."""
    r_factor: float = -1.0
    mos_listening: float = -1.0
    """Delay left out."""
    mos_conversation: float = -1.0
    buffer_ms: int = 0
    """The jitter buffer's delay now."""
    buffer_most_ms: int = 0


def build_metrics(reporter: int, metrics: VoipMetrics) -> UnknownRtcp:
    """Build an extended report with one block, to stand behind a report in a compound.

    Args:
        reporter: SSRC of who reports.
        metrics: of one source.
    """
    m = metrics
    block = _BLOCK.pack(
        _VOIP_METRICS,
        0,
        _WORDS,
        m.ssrc,
        *map(_share, (m.lost, m.discarded, m.burst_density, m.gap_density)),
        *map(_short, (m.burst_ms, m.gap_ms, m.round_trip_ms, m.end_system_ms)),
        *(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, 16),
        *(_octet(m.r_factor), UNAVAILABLE, _octet(10 * m.mos_listening), _octet(10 * m.mos_conversation)),
        _STANDARD_CONCEALMENT | _ADAPTIVE,
        0,
        *map(_short, (m.buffer_ms, m.buffer_most_ms, m.buffer_most_ms)),
    )
    return UnknownRtcp(EXTENDED_REPORT, 0, reporter.to_bytes(4) + block)


def metrics_in(packet: UnknownRtcp) -> list[VoipMetrics]:
    """Return the VoIP metrics of an extended report; blocks of other types, and what is cut off, are passed over."""
    found: list[VoipMetrics] = []
    body, at = packet.body, 4
    while packet.packet_type == EXTENDED_REPORT and at + 4 <= len(body):
        kind, _, words = struct.unpack_from("!BBH", body, at)
        if kind == _VOIP_METRICS and words == _WORDS and at + _BLOCK.size <= len(body):
            found.append(_read(_BLOCK.unpack_from(body, at)))
        at += 4 + 4 * words
    return found


def _read(values: tuple[int, ...]) -> VoipMetrics:
    ssrc, lost, discarded, burst, gap, burst_ms, gap_ms, round_trip, end_system = values[3:12]
    r_factor, _, listening, conversation, _, _, buffer_ms, buffer_most_ms, _ = values[16:]
    return VoipMetrics(
        ssrc,
        lost / 256,
        discarded / 256,
        burst / 256,
        gap / 256,
        burst_ms,
        gap_ms,
        round_trip,
        end_system,
        _measured(r_factor),
        _measured(listening) / 10 if listening != UNAVAILABLE else -1.0,
        _measured(conversation) / 10 if conversation != UNAVAILABLE else -1.0,
        buffer_ms,
        buffer_most_ms,
    )


def _measured(value: int) -> float:
    return -1.0 if value == UNAVAILABLE else float(value)


def _share(share: float) -> int:
    return min(255, max(0, int(256 * share)))


def _short(value: int) -> int:
    return min(0xFFFF, max(0, value))


def _octet(value: float) -> int:
    return UNAVAILABLE if value < 0 else min(100, round(value))
