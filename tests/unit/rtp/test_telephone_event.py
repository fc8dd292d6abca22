from __future__ import annotations

import itertools

import pytest

from softswitch.core.errors import LocalProtocolError, RtpError
from softswitch.rtp.telephone_event import (
    DIGITS,
    EventPacket,
    EventReceiver,
    TelephoneEvent,
    build_event,
    event_packets,
    parse_event,
)

SSRC = 7


def hear(receiver: EventReceiver, packets: list[tuple[int, EventPacket]], ssrc: int = SSRC) -> str:
    """Return the digits that a receiver hears in packets with their timestamps."""
    return "".join(
        receiver.receive(packet.payload, timestamp=timestamp, ssrc=ssrc, marker=packet.marker)
        for timestamp, packet in packets
    )


def press(digit: str, timestamp: int, duration_rtp: int = 800) -> list[tuple[int, EventPacket]]:
    return [(timestamp, packet) for packet in event_packets(digit, duration_rtp=duration_rtp)]


@pytest.mark.parametrize(
    ("octets", "event"),
    [
        ("01 0a 0320", TelephoneEvent(1, 800)),
        ("0b 8a 0640", TelephoneEvent(11, 1600, end=True)),
        ("10 7f ffff", TelephoneEvent(16, 65535, volume_dbm0=63)),
        ("00 00 0000 ff", TelephoneEvent(0, 0, volume_dbm0=0)),
    ],
)
def test_a_payload_is_read(octets: str, event: TelephoneEvent) -> None:
    assert parse_event(bytes.fromhex(octets)) == event


def test_a_payload_is_written() -> None:
    assert build_event(TelephoneEvent(11, 1600, end=True)) == bytes.fromhex("0b8a0640")


@pytest.mark.parametrize("length", range(4))
def test_a_short_payload_is_refused(length: int) -> None:
    with pytest.raises(RtpError):
        parse_event(bytes(length))


@pytest.mark.parametrize(
    "event", [TelephoneEvent(256, 0), TelephoneEvent(0, 65536), TelephoneEvent(0, 0, volume_dbm0=64)]
)
def test_a_field_that_does_not_fit_is_our_own_mistake(event: TelephoneEvent) -> None:
    with pytest.raises(LocalProtocolError):
        build_event(event)


def test_the_codes_of_the_keys_are_those_of_the_rfc() -> None:
    assert [TelephoneEvent(code, 0).digit for code in (0, 9, 10, 11, 12, 15, 16)] == ["0", "9", "*", "#", "A", "D", ""]


def test_a_press_is_sent_with_one_marker_growing_durations_and_three_ends() -> None:
    packets = list(event_packets("5", duration_rtp=480))
    events = [parse_event(packet.payload) for packet in packets]
    assert [packet.marker for packet in packets] == [True, False, False, False, False]
    assert [event.duration_rtp for event in events] == [160, 320, 480, 480, 480]
    assert [event.end for event in events] == [False, False, True, True, True]
    assert {event.code for event in events} == {5}


def test_a_press_shorter_than_a_packet_is_three_ends_with_the_marker_on_the_first() -> None:
    packets = list(event_packets("#", duration_rtp=100))
    assert [packet.marker for packet in packets] == [True, False, False]
    assert {parse_event(packet.payload) for packet in packets} == {TelephoneEvent(11, 100, end=True)}


@pytest.mark.parametrize(
    ("digit", "duration_rtp", "interval_rtp"),
    [("", 800, 160), ("E", 800, 160), ("12", 800, 160), ("1", 0, 160), ("1", 800, 0), ("1", 65536, 160)],
)
def test_a_press_that_cannot_be_is_our_own_mistake(digit: str, duration_rtp: int, interval_rtp: int) -> None:
    with pytest.raises(LocalProtocolError):
        list(event_packets(digit, duration_rtp=duration_rtp, interval_rtp=interval_rtp))


def test_every_key_is_heard_once() -> None:
    receiver = EventReceiver()
    packets = [pair for place, digit in enumerate(DIGITS) for pair in press(digit, 4000 * place)]
    assert hear(receiver, packets) == DIGITS


def test_a_key_is_heard_once_whichever_of_its_packets_are_lost() -> None:
    packets = press("7", 1000, 480)
    for kept in itertools.product([False, True], repeat=len(packets)):
        arrived = [pair for pair, keep in zip(packets, kept, strict=True) if keep]
        assert hear(EventReceiver(), arrived) == ("7" if arrived else "")


def test_a_key_is_heard_once_in_whatever_order_its_packets_come() -> None:
    for shuffled in itertools.permutations(press("7", 1000, 480)):
        assert hear(EventReceiver(), list(shuffled)) == "7"


def test_one_key_pressed_twice_is_heard_twice_even_without_ends_and_markers() -> None:
    receiver = EventReceiver()
    first = [pair for pair in press("3", 1000) if not parse_event(pair[1].payload).end]
    second = press("3", 1000 + 800 + 400)[1:]
    assert hear(receiver, first + second) == "33"


def test_an_end_that_is_overtaken_by_the_next_key_counts_nothing() -> None:
    receiver = EventReceiver()
    first, second = press("1", 1000), press("2", 3000)
    assert hear(receiver, [*first[:-1], *second[:2], first[-1], *second[2:]]) == "12"


def test_an_end_repeated_with_another_duration_counts_nothing() -> None:
    receiver = EventReceiver()
    late = build_event(TelephoneEvent(1, 1200, end=True))
    assert hear(receiver, [*press("1", 1000), (1000, EventPacket(late, marker=False))]) == "1"


def test_a_long_key_in_segments_is_one() -> None:
    receiver = EventReceiver()
    first = [(1000, EventPacket(build_event(TelephoneEvent(4, n)), marker=n == 160)) for n in (160, 320, 65535)]
    start = 1000 + 65535
    second = [(start, packet._replace(marker=False)) for _, packet in press("4", 0, 480)]
    assert hear(receiver, first + second) == "4"
    assert hear(EventReceiver(), first[:2] + second) == "4"


def test_a_phone_that_moves_the_timestamp_with_each_packet_presses_once() -> None:
    receiver = EventReceiver()
    packets = [(timestamp + 160 * n, packet) for n, (timestamp, packet) in enumerate(press("8", 1000))]
    assert hear(receiver, packets) == "8"


def test_a_marker_begins_a_new_key_even_while_the_last_seems_to_run() -> None:
    receiver = EventReceiver()
    assert hear(receiver, press("8", 1000)[:3] + press("8", 1160)) == "88"


def test_timestamps_may_wrap_between_keys() -> None:
    assert hear(EventReceiver(), press("1", (1 << 32) - 400) + press("1", 2000)) == "11"


def test_a_new_source_starts_afresh() -> None:
    receiver = EventReceiver()
    assert hear(receiver, press("1", 1000), ssrc=1) + hear(receiver, press("1", 1000), ssrc=2) == "11"


def test_events_that_are_no_keys_give_nothing() -> None:
    flash = EventPacket(build_event(TelephoneEvent(16, 160)), marker=True)
    assert hear(EventReceiver(), [(1000, flash)]) == ""
