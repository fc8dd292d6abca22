from __future__ import annotations

import itertools
import random
import socket

import pytest

from softswitch.core.ids import Entropy
from softswitch.media.engine import Stream
from softswitch.media.worker.ledger import Out
from softswitch.media.worker.leg import Leg, ReportState
from softswitch.media.worker.reports import Reports
from softswitch.rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    build_rtcp,
    ntp_of_wall,
    parse_rtcp,
)
from tests.unit.media.rig import PCMU, Rig, rtp

PHONE = ("10.0.0.1", 4000)


class Clock:
    now = 50.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1.8e9 + self.now


class Wire:
    """A socket that remembers what was sent by it."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []

    def sendto(self, packet: bytes, to: tuple[str, int]) -> None:
        self.sent.append((packet, to))

    def send(self, packet: bytes) -> None:
        self.sent.append((packet, ("connected", 0)))


class Desk:
    """A leg with its reports, over wires that only remember."""

    def __init__(self, rtcp_port: int = 4001) -> None:
        self.rig = Rig()
        self.clock = Clock()
        self.reports = Reports(self.rig.state, self.rig.ledger, self.clock, Entropy(random.Random(1).randbytes))
        self.ports, self.catch_all = Wire(), Wire()
        self.leg = Leg("c.1", "c", "127.0.0.1", 16384, self.rig.leg(), self.catch_all, self.ports, ReportState("name"))  # type: ignore[arg-type]  # wires
        self.leg.stream = Stream(*PHONE, rtcp_port, PHONE[0], (PCMU,), receive=True, send=True)
        self.leg.latch.aim(*PHONE, PHONE[0], now=0.0)
        self.reports.begin(self.leg)

    def hear(self, *sequences: int) -> None:
        for sequence in sequences:
            self.rig.take(self.leg.row, rtp(sequence), now=self.clock.now)

    def speak(self, packets: int) -> None:
        outgoing = self.rig.ledger.outgoing(self.leg.row)
        outgoing[Out.SENT] += packets
        outgoing[Out.OCTETS] += 172 * packets
        outgoing[Out.TIMESTAMP] = 1000
        outgoing[Out.SENT_AT_US] = int(self.clock.now * 1e6)

    def next(self) -> tuple[RtcpPacket, ...]:
        """Wait until something is sent; return it."""
        before = len(self.ports.sent)
        while len(self.ports.sent) == before:
            self.clock.now += 0.1
            self.reports.send_due(now=self.clock.now)
        return parse_rtcp(self.ports.sent[-1][0])

    def tell(self, *packets: RtcpPacket, address: str = PHONE[0]) -> bool:
        return self.reports.take(self.leg, build_rtcp(packets), address)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def block_of(packets: tuple[RtcpPacket, ...]) -> ReportBlock:
    report = packets[0]
    assert isinstance(report, SenderReport | ReceiverReport)
    return report.blocks[0]


def test_reports_come_about_every_five_seconds_at_drawn_moments(desk: Desk) -> None:
    moments = []
    for _ in range(200):
        desk.next()
        moments.append(desk.clock.now)
    gaps = [b - a for a, b in itertools.pairwise(moments)]
    assert min(gaps) >= 5 * 0.5 / 1.22 - 0.1
    assert max(gaps) <= 5 * 1.5 / 1.21 + 0.1
    assert 3.5 <= sum(gaps) / len(gaps) <= 4.7
    assert max(gaps) - min(gaps) > 2


def test_the_first_comes_after_half_of_that(desk: Desk) -> None:
    start = desk.clock.now
    desk.next()
    assert 2.5 * 0.5 / 1.22 <= desk.clock.now - start <= 2.5 * 1.5 / 1.21 + 0.1


def test_who_sent_nothing_says_only_what_it_heard(desk: Desk) -> None:
    desk.hear(1, 2, 3)
    report = desk.next()[0]
    assert isinstance(report, ReceiverReport)
    assert report.ssrc == 0xABC0
    assert report.blocks[0].ssrc == 7


def test_who_heard_nothing_says_that_it_is_there(desk: Desk) -> None:
    report = desk.next()[0]
    assert report == ReceiverReport(0xABC0)


def test_a_sender_says_what_it_sent_and_which_moment_of_its_clock_it_is(desk: Desk) -> None:
    desk.speak(50)
    sent_at = desk.clock.now
    report = desk.next()[0]
    assert isinstance(report, SenderReport)
    assert (report.packets, report.octets) == (50, 8000)
    assert report.timestamp == pytest.approx(1000 + 8000 * (desk.clock.now - sent_at), abs=2)
    assert report.ntp == ntp_of_wall(desk.clock.wall())


def test_a_sender_that_fell_silent_sends_receiver_reports(desk: Desk) -> None:
    desk.speak(50)
    assert isinstance(desk.next()[0], SenderReport)
    assert isinstance(desk.next()[0], ReceiverReport)


def test_loss_is_reported_in_all_and_since_the_last_report(desk: Desk) -> None:
    desk.hear(1, 2, 3, 5)
    first = block_of(desk.next())
    desk.hear(6, 7, 8, 9)
    second = block_of(desk.next())
    assert (first.lost, first.fraction_lost) == (1, 256 // 5)
    assert (second.lost, second.fraction_lost) == (1, 0)
    assert second.extended_highest == 9


def test_duplicates_make_the_loss_negative(desk: Desk) -> None:
    desk.hear(1, 2, 2, 2)
    assert block_of(desk.next()).lost == -2


def test_a_new_stream_is_reported_from_its_own_beginning(desk: Desk) -> None:
    desk.hear(1, 5)
    desk.next()
    desk.rig.take(desk.leg.row, rtp(900, ssrc=9), now=desk.clock.now)
    block = block_of(desk.next())
    assert (block.ssrc, block.lost, block.fraction_lost) == (9, 0, 0)


def test_the_phones_last_report_is_named_with_its_age(desk: Desk) -> None:
    desk.hear(1)
    ntp = ntp_of_wall(1.7e9)
    assert desk.tell(SenderReport(7, ntp, 0, 0, 0))
    at = desk.clock.now
    block = block_of(desk.next())
    assert block.last_report == ntp >> 16 & 0xFFFFFFFF
    assert block.delay_since_last == pytest.approx(65536 * (desk.clock.now - at), abs=2)


def test_the_round_trip_is_measured_from_our_own_report(desk: Desk) -> None:
    desk.speak(1)
    ours = desk.next()[0]
    assert isinstance(ours, SenderReport)
    desk.clock.now += 0.3
    desk.tell(ReceiverReport(7, (ReportBlock(ours.ssrc, 0, 12, 0, 0, ours.ntp >> 16 & 0xFFFFFFFF, 65536 // 10),)))
    assert desk.leg.reports.round_trip_s == pytest.approx(0.2, abs=0.001)
    assert desk.leg.reports.lost_by_phone == 12


def test_blocks_about_others_are_passed_over(desk: Desk) -> None:
    desk.tell(ReceiverReport(7, (ReportBlock(4711, 0, 12, 0, 0, 0, 0),)))
    assert desk.leg.reports.lost_by_phone == 0


def test_strangers_and_nonsense_are_refused(desk: Desk) -> None:
    assert not desk.tell(ReceiverReport(7), address="203.0.113.1")
    assert not desk.reports.take(desk.leg, b"nonsense", PHONE[0])
    assert desk.rig.state.refused[desk.leg.row] == 2


def test_reports_go_where_the_description_says(desk: Desk) -> None:
    desk.next()
    assert desk.ports.sent[-1][1] == (PHONE[0], 4001)


def test_behind_nat_reports_go_above_the_port_of_the_sound(desk: Desk) -> None:
    desk.leg.latch.source = ("198.51.100.7", 31000)
    desk.next()
    assert desk.ports.sent[-1][1] == ("198.51.100.7", 31001)


def test_reports_go_where_the_phones_come_from_once_one_came(desk: Desk) -> None:
    desk.leg.reports.source = ("198.51.100.7", 40404)
    desk.next()
    assert desk.ports.sent[-1][1] == ("198.51.100.7", 40404)


def test_shared_ports_carry_the_reports_beside_the_sound() -> None:
    desk = Desk(rtcp_port=0)
    desk.clock.now += 10
    desk.reports.send_due(now=desk.clock.now)
    assert desk.catch_all.sent[-1][1] == PHONE
    desk.leg.twin = Wire()  # type: ignore[assignment]  # a wire
    desk.clock.now += 10
    desk.reports.send_due(now=desk.clock.now)
    assert desk.leg.twin.sent[-1][1] == ("connected", 0)  # type: ignore[union-attr]  # a wire
    assert desk.ports.sent == []


def test_a_closed_leg_reports_no_more(desk: Desk) -> None:
    desk.leg.closed = True
    desk.clock.now += 100
    desk.reports.send_due(now=desk.clock.now)
    assert desk.ports.sent == []


def test_goodbye_is_said_only_by_who_sent_something(desk: Desk) -> None:
    desk.reports.say_goodbye(desk.leg)
    assert desk.ports.sent == []
    desk.speak(1)
    desk.reports.say_goodbye(desk.leg)
    assert parse_rtcp(desk.ports.sent[-1][0])[-1] == Goodbye((0xABC0,))


def test_a_report_that_cannot_be_sent_is_counted(desk: Desk) -> None:
    desk.leg.reports_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    desk.leg.reports_socket.close()
    desk.clock.now += 10
    desk.reports.send_due(now=desk.clock.now)
    assert desk.rig.state.failed[desk.leg.row] == 1
