"""Reports (RTCP): made for each leg and read from its phone, never passed on (RFC 3550 §6).

A leg is judged with every second report: what the phone is told of its sound is what the brain is told too. Legs report
at moments of their own, so no tick has many reports to make.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Final

from softswitch.core.clock import Clock
from softswitch.core.errors import RtpError
from softswitch.core.ids import Entropy
from softswitch.media.engine import Quality
from softswitch.media.worker.latching import Endpoint
from softswitch.media.worker.ledger import In, Ledger, Out
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.quality import QualityMeter
from softswitch.media.worker.rows import HEADER_OCTETS, Rows, To
from softswitch.media.worker.sockets import receive_from
from softswitch.rtp.extended_reports import build_metrics, metrics_in
from softswitch.rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    UnknownRtcp,
    build_rtcp,
    build_rtcp_part,
    middle_of_ntp,
    ntp_of_wall,
    parse_rtcp,
    round_trip_s,
)

_INTERVAL_S: Final = 5.0
_FIRST_INTERVAL_S: Final = 2.5
_COMPENSATION: Final = 1.21828  # e - 3/2, §6.3.1: timer reconsideration makes intervals longer than they are drawn
_MOST_AT_ONCE: Final = 16
_MOST_MADE: Final = 64
"""At one time: a tick must not be late for them."""
_WORD: Final = 0xFFFF_FFFF


class Reports:
    """Makes and reads the reports of all legs of a worker.

    Args:
        state: the rows.
        ledger: what came and went.
        clock: both faces: reports carry wall time.
        entropy: for canonical names and intervals.
        quality: tells how good phones' sound is.
    """

    def __init__(
        self, state: Rows, ledger: Ledger, clock: Clock, entropy: Entropy, quality: QualityMeter | None = None
    ) -> None:
        self._state = state
        self._ledger = ledger
        self._quality = quality or QualityMeter(state, ledger, lambda row: 0)
        self._clock = clock
        self._entropy = entropy
        self._due: list[tuple[float, int, Leg]] = []
        self._order = itertools.count()
        self._judged: dict[str, Quality] = {}
        """How legs sound, since it was told last."""

    def begin(self, leg: Leg) -> None:
        """Let a leg report from now on."""
        self._plan(leg, _FIRST_INTERVAL_S)

    def send_due(self, *, now: float) -> None:
        """Send the reports that are due, or the most overdue of them where they are many."""
        for _ in range(_MOST_MADE):
            if not self._due or self._due[0][0] > now:
                return
            _, _, leg = heapq.heappop(self._due)
            if not leg.closed:
                self._plan(leg, _INTERVAL_S)
                self._send(leg)

    def take_judged(self) -> list[tuple[str, Quality]]:
        """Return, once, how good the legs sound that have reported, where something can be said."""
        judged, self._judged = self._judged, {}
        return list(judged.items())

    def say_goodbye(self, leg: Leg) -> None:
        """Tell the phone that our stream ends, if there ever was one."""
        if self._ledger.outgoing(leg.row)[Out.SENT]:
            self._send(leg, build_rtcp_part(Goodbye((self._ssrc(leg),))))

    def receive(self, leg: Leg) -> bool:
        """Read what came to a leg's report port; False when there is more than is good."""
        for _ in range(_MOST_AT_ONCE):
            received = receive_from(leg.reports_socket)
            if received is None:
                return True
            packet, sender = received
            if leg.guard is not None:
                packet = leg.guard.open_report(packet) or b""
            if self.take(leg, packet, sender[0]):
                leg.reports.source = sender
        return False

    def take(self, leg: Leg, packet: bytes, address: str) -> bool:
        """Read one compound; False when it is nonsense or a stranger's."""
        if not leg.latch.allows(address):
            self._state.refused[leg.row] += 1
            return False
        try:
            packets = parse_rtcp(packet)
        except RtpError:
            self._state.refused[leg.row] += 1
            return False
        leg.alive_at = self._clock.monotonic()
        for each in packets:
            self._read(leg, each)
        return True

    def _read(self, leg: Leg, packet: RtcpPacket) -> None:
        if isinstance(packet, SenderReport):
            leg.reports.phone_ssrc = packet.ssrc
            leg.reports.phone_report = middle_of_ntp(packet.ntp)
            leg.reports.phone_report_at = self._clock.monotonic()
        if isinstance(packet, UnknownRtcp):
            for metrics in metrics_in(packet):
                if metrics.ssrc == self._ssrc(leg):
                    leg.reports.discarded_by_phone = metrics.discarded
        if isinstance(packet, SenderReport | ReceiverReport):
            ours = self._ssrc(leg)
            for block in packet.blocks:
                if block.ssrc == ours:
                    self._read_block(leg, block)

    def _read_block(self, leg: Leg, block: ReportBlock) -> None:
        leg.reports.heard_of_us = True
        leg.reports.lost_by_phone = max(0, block.lost)
        leg.reports.jitter_at_phone_rtp = block.jitter_rtp
        passed_s = round_trip_s(block, ntp_of_wall(self._clock.wall()))
        if passed_s is not None:
            leg.reports.round_trip_s = passed_s

    def _plan(self, leg: Leg, interval_s: float) -> None:
        drawn = 0.5 + self._entropy.number(32) / (1 << 32)
        at = self._clock.monotonic() + interval_s * drawn / _COMPENSATION
        heapq.heappush(self._due, (at, next(self._order), leg))

    def _send(self, leg: Leg, more: bytes = b"") -> None:
        if leg.stream is None:
            return
        incoming = self._ledger.incoming(leg.row).tolist()
        report = build_rtcp((self._report(leg, incoming),))
        compound = report + self._description(leg) + (more or self._metrics(leg, incoming[In.SSRC]))
        try:
            self._send_to_phone(leg, compound)
        except OSError:
            self._state.failed[leg.row] += 1

    def _send_to_phone(self, leg: Leg, packet: bytes) -> None:
        compound = packet if leg.guard is None else leg.guard.seal_report(packet)
        if compound is None:
            return
        if leg.stream is not None and not leg.stream.rtcp_port:
            if leg.twin is not None:
                leg.twin.send(compound)
            elif leg.latch.destination is not None:
                leg.catch_all.sendto(compound, leg.latch.destination)
            return
        destination = self._destination(leg)
        if destination is not None:
            leg.reports_socket.sendto(compound, destination)

    def _destination(self, leg: Leg) -> Endpoint | None:
        """Where reports go: where the phone's come from; else as its SDP says; behind NAT above the sound's port."""
        if leg.reports.source is not None or leg.stream is None:
            return leg.reports.source
        latched, described = leg.latch.source, leg.latch.described
        if latched is not None and latched != described:
            return (latched[0], latched[1] + 1) if latched[1] < 65535 else None
        return (described[0], leg.stream.rtcp_port) if described is not None else None

    def _metrics(self, leg: Leg, ssrc: int) -> bytes:
        """Judge how a leg sounds; return the extended report on it, empty while there is too little sound.

        Every second time, about each eight seconds: that is a good part of what a report costs.
        """
        leg.reports.made += 1
        if leg.reports.made % 2:
            return b""
        heard = self._quality.heard(leg)
        quality = self._quality.of(leg, heard)
        if quality.mos_in or quality.mos_out:
            self._judged[leg.name] = quality
        metrics = self._quality.metrics(leg, ssrc, heard)
        return b"" if metrics is None else build_rtcp_part(build_metrics(self._ssrc(leg), metrics))

    def _description(self, leg: Leg) -> bytes:
        if not leg.reports.description:
            name = SourceDescription(((self._ssrc(leg), leg.reports.canonical_name),))
            leg.reports.description = build_rtcp_part(name)
        return leg.reports.description

    def _report(self, leg: Leg, incoming: list[int]) -> SenderReport | ReceiverReport:
        outgoing = self._ledger.outgoing(leg.row).tolist()
        blocks = (self._block(leg, incoming),) if incoming[In.STREAM] else ()
        sent = outgoing[Out.SENT]
        if sent == leg.reports.sent_before:
            return ReceiverReport(self._ssrc(leg), blocks)
        leg.reports.sent_before = sent
        passed_us = int(self._clock.monotonic() * 1e6) - outgoing[Out.SENT_AT_US]
        timestamp = outgoing[Out.TIMESTAMP] + passed_us * int(self._state.clock_hz[leg.row]) // 1_000_000
        ntp = ntp_of_wall(self._clock.wall())
        octets = outgoing[Out.OCTETS] - HEADER_OCTETS * sent
        return SenderReport(self._ssrc(leg), ntp, timestamp & _WORD, sent & _WORD, octets & _WORD, blocks)

    def _block(self, leg: Leg, incoming: list[int]) -> ReportBlock:
        known = leg.reports
        highest, received = incoming[In.HIGHEST], incoming[In.RECEIVED]
        expected = highest - incoming[In.FIRST] + 1
        if known.stream != incoming[In.STREAM]:
            known.stream, known.expected_before, known.received_before = incoming[In.STREAM], 0, 0
        ssrc = incoming[In.SSRC]
        reported = known.phone_report if known.phone_ssrc == ssrc else 0
        since_s = self._clock.monotonic() - known.phone_report_at if reported else 0.0
        block = ReportBlock(
            ssrc,
            _fraction(expected - known.expected_before, received - known.received_before),
            max(-0x800000, min(0x7FFFFF, expected - received)),
            highest & _WORD,
            incoming[In.JITTER] // 16 & _WORD,
            reported,
            min(int(since_s * 65536), _WORD),
        )
        known.expected_before, known.received_before = expected, received
        return block

    def _ssrc(self, leg: Leg) -> int:
        return int(self._state.sending[leg.row, To.SSRC])


def _fraction(expected: int, received: int) -> int:
    """Return the share lost in 256ths (RFC 3550 A.3)."""
    lost = expected - received
    return min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0
