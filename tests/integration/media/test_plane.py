from __future__ import annotations

import errno
import itertools
import select
import socket
import struct
from functools import partial

import pytest

from softswitch.media.engine import DigitPressed, Format, LegClosed, LegLatched, LegOpened, LegStatistics
from softswitch.media.worker.rows import FRAME_TICKS
from softswitch.rtp.rtcp import Goodbye, ReceiverReport, ReportBlock, SenderReport, build_rtcp, parse_rtcp
from tests.integration.media.rig import PCMU, Phone, PlaneRig
from tests.own_network import own

pytestmark = pytest.mark.network

SWITCH = own("40.1")


def talk(rig: PlaneRig, a: Phone, b: Phone) -> tuple[tuple[str, int], tuple[str, int]]:
    """Open two legs that hear each other; return their addresses."""
    first, second = rig.open("c.1", SWITCH), rig.open("c.2", SWITCH)
    rig.stream("c.1", a.at)
    rig.stream("c.2", b.at)
    rig.hear("c.1", "c.2")
    rig.hear("c.2", "c.1")
    return first, second


def pressed(rig: PlaneRig, digit: str) -> bool:
    """Tell whether a key was pressed."""
    return any(event.digit == digit for event in rig.of(DigitPressed))


def test_two_phones_hear_each_other_from_the_first_packet_on(rig: PlaneRig) -> None:
    with Phone(own("40.2"), payload=b"anna") as a, Phone(own("40.3"), payload=b"boris") as b:
        first, second = talk(rig, a, b)
        heard_a: list[bytes] = []
        heard_b: list[bytes] = []
        for _ in range(100):
            a.send(first)
            b.send(second)
            for _ in range(4):
                rig.turn()
            heard_a += a.payloads()
            heard_b += b.payloads()
        heard_a += rig.payloads(a, 100 - len(heard_a))
        heard_b += rig.payloads(b, 100 - len(heard_b))
        assert heard_a == [b"boris"] * 100
        assert heard_b == [b"anna"] * 100
        latched = {(event.leg, event.address, event.port) for event in rig.of(LegLatched)}
        assert latched == {("c.1", *a.at), ("c.2", *b.at)}
        closed = rig.close("c.1")
        assert closed.statistics.packets_received == closed.statistics.packets_sent == 100
        assert closed.statistics.octets_received == 400
        assert closed.statistics.packets_lost == closed.statistics.packets_refused == 0


def test_early_media_reaches_a_phone_that_never_sent(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a, Phone(own("40.3"), payload=b"ringing") as b:
        _, second = talk(rig, a, b)
        b.send(second)
        assert rig.payloads(a, 1) == [b"ringing"]


def test_packets_come_from_the_port_that_the_description_names(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a, Phone(own("40.3")) as b:
        first, second = talk(rig, a, b)
        b.send(second)
        rig.until(lambda: bool(select.select([a.sock], [], [], 0)[0]))
        before_latching = a.sock.recvfrom(100)[1]
        a.send(first)
        rig.until(lambda: len(rig.of(LegLatched)) == 2)
        b.send(second)
        rig.until(lambda: bool(select.select([a.sock], [], [], 0)[0]))
        assert [before_latching, a.sock.recvfrom(100)[1]] == [first, first]


def test_a_phone_behind_nat_is_sent_to_where_it_sends_from(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as nat, Phone(own("40.3"), payload=b"boris") as b:
        first, second = rig.open("c.1", SWITCH), rig.open("c.2", SWITCH)
        rig.stream("c.1", ("10.99.0.1", 4000), sip_source=nat.at[0])
        rig.stream("c.2", b.at)
        rig.hear("c.1", "c.2")
        nat.send(first)
        rig.until(lambda: bool(rig.of(LegLatched)))
        b.send(second)
        assert rig.payloads(nat, 1) == [b"boris"]


def test_a_moved_phone_is_followed_and_the_old_place_is_a_stranger(rig: PlaneRig) -> None:
    with (
        Phone(own("40.2"), payload=b"old") as old,
        Phone(own("40.4"), payload=b"new") as new,
        Phone(own("40.3")) as b,
    ):
        first, _ = talk(rig, old, b)
        for _ in range(3):
            old.send(first)
            rig.turn()
        heard = rig.payloads(b, 3)
        rig.stream("c.1", new.at)
        for _ in range(3):
            old.send(first)
            new.send(first)
        heard += rig.payloads(b, 3)
        assert heard == [b"old"] * 3 + [b"new"] * 3
        assert [event.address for event in rig.of(LegLatched) if event.leg == "c.1"] == [old.at[0], new.at[0]]


def test_late_packets_of_a_phone_that_moves_to_another_port_do_not_draw_its_sound_back(rig: PlaneRig) -> None:
    with (
        Phone(own("40.2"), payload=b"late") as old,
        Phone(own("40.2"), payload=b"new") as new,
        Phone(own("40.3"), payload=b"boris") as b,
    ):
        first, second = talk(rig, old, b)
        old.send(first)
        b.send(second)
        assert rig.payloads(b, 1) == [b"late"]
        assert rig.payloads(old, 1) == [b"boris"]
        rig.stream("c.1", new.at)
        rig.turn()
        old.send(first)
        assert rig.payloads(b, 1) == [b"late"]
        b.send(second)
        assert rig.payloads(new, 1) == [b"boris"]
        new.send(first)
        assert rig.payloads(b, 1) == [b"new"]
        assert old.payloads() == []


def test_a_phone_on_hold_is_not_heard_and_hears_nothing(rig: PlaneRig) -> None:
    with Phone(own("40.2"), payload=b"anna") as a, Phone(own("40.3"), payload=b"boris") as b:
        first, second = talk(rig, a, b)
        rig.stream("c.1", a.at, receive=False, send=False)
        for _ in range(10):
            a.send(first)
            b.send(second)
            rig.turn()
        rig.until(lambda: rig.plane.statistics("c.1").packets_received == 10)
        rig.until(lambda: rig.plane.statistics("c.2").packets_received == 10)
        assert a.payloads() == b.payloads() == []
        rig.stream("c.1", a.at)
        a.send(first)
        assert rig.payloads(b, 1) == [b"anna"]


def test_an_echo_gives_back_what_it_gets(rig: PlaneRig) -> None:
    with Phone(own("40.2"), payload=b"hello") as a:
        first = rig.open("c.1", SWITCH)
        rig.stream("c.1", a.at)
        rig.hear("c.1", "c.1")
        for _ in range(5):
            a.send(first)
            rig.turn()
        assert rig.payloads(a, 5) == [b"hello"] * 5


def test_keys_arrive_once_each_and_pass_to_the_other_phone(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a, Phone(own("40.3")) as b:
        first, second = rig.open("c.1", SWITCH), rig.open("c.2", SWITCH)
        rig.stream("c.1", a.at)
        rig.stream("c.2", b.at, PCMU, Format("telephone-event", 8000, 1, 99, 98))
        rig.hear("c.2", "c.1")
        b.send(second)
        sequence = 0
        for key, digit in enumerate("0123456789*#"):
            for end in (0, 0, 0x80, 0x80, 0x80):
                sequence += 1
                payload = struct.pack("!BBH", key, end | 10, 160)
                header = struct.pack("!BBHII", 0x80, 101, sequence, 1600 * key, 5)
                a.sock.sendto(header + payload, first)
                rig.turn()
            rig.until(partial(pressed, rig, digit))
        packets = rig.packets(b, 60)
        assert "".join(event.digit for event in rig.of(DigitPressed)) == "0123456789*#"
        assert {packet[1] & 0x7F for packet in packets} == {98}
        assert len({packet[4:8] for packet in packets}) == 12


def test_an_unreachable_phone_harms_nobody(rig: PlaneRig) -> None:
    with Phone(own("40.2"), payload=b"anna") as a, Phone(own("40.3"), payload=b"boris") as b:
        first, second = talk(rig, a, b)
        a.send(first)
        b.send(second)
        rig.until(lambda: len(rig.of(LegLatched)) == 2)
        gone = a.at[1]
        a.sock.close()
        for _ in range(20):
            b.send(second)
            rig.turn()
        with Phone(own("40.2"), gone, payload=b"back") as again:
            b.payloads()
            assert set(rig.payloads(b, 3, lambda: again.send(first))) == {b"back"}


def test_ipv6_works_like_ipv4(rig: PlaneRig) -> None:
    with Phone("::1", payload=b"six") as a, Phone(own("40.3")) as b:
        first, second = rig.open("c.1", "::1"), rig.open("c.2", SWITCH)
        rig.stream("c.1", a.at)
        rig.stream("c.2", b.at)
        rig.hear("c.2", "c.1")
        b.send(second)
        for _ in range(5):
            a.send(first)
            rig.turn()
        assert rig.payloads(b, 5) == [b"six"] * 5


def test_an_oversized_packet_is_dropped_and_counted(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a, Phone(own("40.3")) as b:
        first, _ = talk(rig, a, b)
        a.send(first)
        rig.until(lambda: bool(rig.of(LegLatched)))
        a.send(first, bytes(3000))
        a.send(first, b"after")
        assert rig.payloads(b, 2) == [b"phone", b"after"]
        assert rig.close("c.1").statistics.packets_refused == 1


def test_opening_again_says_where_the_leg_is(rig: PlaneRig) -> None:
    where = rig.open("c.1", SWITCH)
    assert rig.open("c.1", SWITCH) == where
    assert len(rig.of(LegOpened)) == 2
    assert len(rig.plane) == 1


def test_a_leg_at_a_port_held_ready_hears_its_phone_and_nobody_who_sent_there_before(rig: PlaneRig) -> None:
    with Phone(own("40.2"), payload=b"anna") as a, Phone(own("40.3"), payload=b"boris") as b:
        first = rig.open("c.1", SWITCH)
        rig.ahead.fill()
        [(_, [port, *_])] = rig.ahead.everything()
        a.send((SWITCH, port))
        free = len(rig.pool)
        second = rig.open("c.2", SWITCH, port)
        assert second == (SWITCH, port)
        assert rig.refused("c.3", SWITCH, port) == f"port {port} of {SWITCH} is not open ahead"
        rig.turn()
        rig.stream("c.1", a.at)
        rig.stream("c.2", b.at)
        rig.hear("c.1", "c.2")
        rig.hear("c.2", "c.1")

        def speak() -> None:
            a.send(first)
            b.send(second)

        assert set(rig.payloads(b, 5, before=speak)) == {b"anna"}
        assert set(rig.payloads(a, 5, before=lambda: b.send(second))) == {b"boris"}
        assert rig.latched("c.2") == [b.at[0]]
        assert rig.close("c.2").statistics.packets_refused == 1
        assert len(rig.pool) == free + 1


def test_closing_a_leg_that_is_not_there_is_answered_with_zeros(rig: PlaneRig) -> None:
    assert rig.close("c.9") == LegClosed("c.9", LegStatistics())


def test_closing_quietly_says_nothing(rig: PlaneRig) -> None:
    rig.open("c.1", SWITCH)
    before = len(rig.events)
    rig.plane.close("c.1", quiet=True)
    rig.plane.finish_turn()
    assert len(rig.events) == before
    assert len(rig.plane) == 0


def test_closing_twice_in_a_turn_is_answered_once(rig: PlaneRig) -> None:
    rig.open("c.1", SWITCH)
    rig.plane.close("c.1")
    rig.plane.close("c.1")
    rig.plane.finish_turn()
    assert len(rig.of(LegClosed)) == 1


def test_a_port_that_somebody_else_holds_is_skipped(backend: str) -> None:
    with Phone(own("41.1"), 21000), Phone(own("41.1"), 21003), PlaneRig(backend, range(21000, 21008)) as rig:
        assert rig.open("c.1", own("41.1")) == (own("41.1"), 21004)
        assert rig.open("c.2", own("41.1")) == (own("41.1"), 21006)
        assert rig.refused("c.3", own("41.1")) == "no-port"
        rig.close("c.1")
        assert rig.open("c.3", own("41.1")) == (own("41.1"), 21004)


def test_no_other_program_can_share_a_legs_ports(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a:
        address, port = rig.open("c.1", SWITCH)
        rig.stream("c.1", a.at)
        for latched in (False, True):
            if latched:
                a.send((address, port))
                rig.until(lambda: bool(rig.of(LegLatched)))
            for taken in (port, port + 1):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
                    thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    with pytest.raises(OSError, match="in use") as refused:
                        thief.bind((address, taken))
                    assert refused.value.errno == errno.EADDRINUSE


def test_an_address_that_is_not_ours_is_refused_with_the_systems_words(rig: PlaneRig) -> None:
    assert "assign" in rig.refused("c.1", "203.0.113.1")
    assert len(rig.pool) == rig.pool.size


def test_closing_gives_every_descriptor_back(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a:
        for number in range(50):
            where = rig.open(f"c.{number}", SWITCH)
            rig.stream(f"c.{number}", a.at)
            a.send(where)
            rig.turn()
            rig.close(f"c.{number}")
        assert len(rig.pool) == rig.pool.size
        assert rig.state.used == 0
        assert rig.backend.broken() == []


def test_reports_are_made_and_read_and_not_passed_on(rig: PlaneRig) -> None:
    with (
        Phone(own("40.2")) as a,
        Phone(own("40.3")) as b,
        Phone(own("40.2")) as a_reports,
        Phone(own("40.9")) as other,
    ):
        first, second = rig.open("c.1", SWITCH), rig.open("c.2", SWITCH)
        rig.stream("c.1", a.at, rtcp_port=a_reports.at[1])
        rig.stream("c.2", b.at)
        rig.hear("c.1", "c.2")

        def speak() -> None:
            a.send(first)
            b.send(second)

        got = rig.packets(a_reports, 2, speak)
        report, name = parse_rtcp(got[-1])[:2]
        assert isinstance(report, SenderReport)
        ours = report.ssrc
        assert report.blocks[0].ssrc == 1
        assert name.names[0][1]  # type: ignore[union-attr]  # a source description
        rig.clock.now += 0.25
        said = ReceiverReport(1, (ReportBlock(ours, 0, 17, 0, 0, report.ntp >> 16 & 0xFFFFFFFF, 0),))
        lie = ReceiverReport(1, (ReportBlock(ours, 0, 9999, 0, 0, 0, 0),))
        at = (first[0], first[1] + 1)
        a_reports.sock.sendto(build_rtcp((said,)), at)
        other.sock.sendto(build_rtcp((lie,)), at)
        a_reports.sock.sendto(b"nonsense", at)
        for _ in range(20):
            rig.turn()
        closed = rig.close("c.1").statistics
        assert closed.packets_lost_by_phone == 17
        assert closed.round_trip_ms >= 250
        assert closed.packets_refused == 2


def test_reports_share_the_port_where_the_description_says_so(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a, Phone(own("40.3")) as b:
        first, second = rig.open("c.1", SWITCH), rig.open("c.2", SWITCH)
        rig.stream("c.1", a.at, rtcp_port=0)
        rig.stream("c.2", b.at)
        rig.hear("c.1", "c.2")
        reports: list[bytes] = []
        turns = itertools.count()

        def speak() -> None:
            if next(turns) % FRAME_TICKS == 0:
                a.send(first)
                b.send(second)

        def reported() -> bool:
            reports.extend(packet for packet in a.packets() if packet[1] in (200, 201))
            return bool(reports)

        rig.until(reported, before=speak)
        ours = parse_rtcp(reports[0])[0].ssrc  # type: ignore[union-attr]  # a report
        a.sock.sendto(build_rtcp((ReceiverReport(1, (ReportBlock(ours, 0, 5, 0, 0, 0, 0),)),)), first)
        for _ in range(100):
            rig.turn()
        assert rig.close("c.1").statistics.packets_lost_by_phone == 5


def test_a_goodbye_is_said_when_a_leg_closes(rig: PlaneRig) -> None:
    with Phone(own("40.2")) as a, Phone(own("40.2")) as a_reports, Phone(own("40.3")) as b:
        rig.open("c.1", SWITCH)
        second = rig.open("c.2", SWITCH)
        rig.stream("c.1", a.at, rtcp_port=a_reports.at[1])
        rig.stream("c.2", b.at)
        rig.hear("c.1", "c.2")
        b.send(second)
        rig.until(lambda: bool(a.packets()))
        rig.close("c.1")
        assert isinstance(parse_rtcp(rig.packets(a_reports, 1)[-1])[-1], Goodbye)
