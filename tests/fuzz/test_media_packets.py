"""Malformed reports and telephone events at a worker's legs: nothing fails, and good ones beside them count."""

from __future__ import annotations

import random
import struct

import pytest

from softswitch.rtp.rtcp import ReceiverReport, ReportBlock
from softswitch.rtp.telephone_event import DIGITS, EventReceiver, event_packets
from tests.fuzz.conftest import scale
from tests.unit.media.rig import Rig, rtp
from tests.unit.media.test_reports import Desk

PACKETS = 500
"""A seed: 2,000 of each kind in the gate, 200,000 by ``make fuzz``."""


def malformed_compound(rolled: random.Random) -> bytes:
    """Return a compound that is cut, lies about its lengths, or is made of anything."""
    parts = []
    for _ in range(rolled.randrange(1, 4)):
        body = rolled.randbytes(4 * rolled.randrange(12))
        words = rolled.choice((len(body) // 4, len(body) // 4, rolled.getrandbits(16)))
        head = rolled.choice((0x80, 0x81, 0xA1, rolled.randrange(256)))
        parts.append(struct.pack("!BBH", head, rolled.choice((200, 201, 202, 203, 207, 192)), words) + body)
    octets = bytearray(b"".join(parts))
    for _ in range(rolled.randrange(3)):
        octets[rolled.randrange(len(octets))] = rolled.randrange(256)
    return bytes(octets[: rolled.randrange(len(octets) + 1)])


@pytest.mark.parametrize("seed", range(scale(4)))
def test_malformed_reports_harm_nothing_and_a_good_one_is_read(seed: int) -> None:
    rolled, desk = random.Random(seed), Desk()
    desk.hear(1, 2, 3)
    for _ in range(PACKETS):
        desk.reports.take(desk.leg, malformed_compound(rolled), "10.0.0.1")
    desk.speak(100)
    assert desk.tell(ReceiverReport(7, (ReportBlock(0xABC0, 0, 12, 0, 0, 0, 0),)))
    assert desk.leg.reports.lost_by_phone == 12
    assert desk.next()
    assert desk.rig.state.refused[desk.leg.row] > PACKETS // 10


def malformed_event(rolled: random.Random, sequence: int) -> bytes:
    """Return a telephone event of a phone gone mad; its payload is not that of a key."""
    payload = rolled.randbytes(rolled.choice((0, 1, 3, 4, 4, 5, 160)))
    if len(payload) >= 4:
        payload = bytes([16 + rolled.randrange(240)]) + payload[1:]
    timestamp = rolled.choice((sequence * 160, rolled.getrandbits(32)))
    marker = rolled.random() < 0.5
    return rtp(sequence, timestamp, payload_type=101, payload=payload, marker=marker, ssrc=rolled.choice((7, 7, 7, 8)))


@pytest.mark.parametrize("seed", range(scale(4)))
def test_malformed_events_press_nothing_and_keys_among_them_are_pressed_once_each(seed: int) -> None:
    """Through the relay, which shows events to a receiver as a leg's reception does."""
    rolled, rig, receiver = random.Random(seed), Rig(), EventReceiver()
    source, listener = rig.leg(0, event_type=101), rig.leg(0, event_type=101)
    rig.hear(listener, source, {0: 0, 101: 101})
    keys = [(rolled.choice(DIGITS), 10 + 60 * number) for number in range(8)]
    at = {place: digit for digit, place in keys}
    pressed, sequence = "", 0
    for place in range(PACKETS):
        sequence += 1
        rig.take(source, malformed_event(rolled, sequence), now=0.02 * place)
        if place in at:
            timestamp = 1 << 31 | place * 160
            for packet in event_packets(at[place], duration_rtp=800):
                sequence += 1
                event = rtp(sequence, timestamp, payload_type=101, payload=packet.payload, marker=packet.marker)
                rig.take(source, event, now=0.02 * place)
    for _, payload, timestamp, ssrc, marker in rig.events:
        if len(payload) >= 4:
            pressed += receiver.receive(payload, timestamp=timestamp, ssrc=ssrc, marker=marker)
    assert pressed == "".join(digit for digit, _ in keys)
