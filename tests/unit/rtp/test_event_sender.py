"""Keys sent beside the sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import LocalProtocolError
from softswitch.rtp.event_sender import EventSender, SentEvent
from softswitch.rtp.telephone_event import DIGITS, EventReceiver, parse_event


def send(sender: EventSender, step_rtp: int, start: int = 4_294_967_000) -> list[tuple[int, SentEvent | None]]:
    """Run until idle; each frame's number and what went out; timestamps wrap on the way."""
    sent = []
    frame = 0
    while not sender.is_idle:
        sent.append((frame, sender.next_packet((start + frame * step_rtp) % (1 << 32))))
        frame += 1
        assert frame < 10_000
    return sent


def packets_of(sent: list[tuple[int, SentEvent | None]]) -> list[SentEvent]:
    return [packet for _, packet in sent if packet is not None]


@pytest.mark.parametrize("clock_rate_hz", [8000, 16000, 48000])
def test_a_key_has_one_timestamp_growing_durations_and_three_ends_20_ms_apart(clock_rate_hz: int) -> None:
    sender = EventSender(clock_rate_hz)
    sender.press("5")
    sent = send(sender, clock_rate_hz // 50, start=1000)
    packets = packets_of(sent)
    events = [parse_event(packet.payload) for packet in packets]
    step = clock_rate_hz // 50
    assert [frame for frame, packet in sent if packet] == list(range(7))
    assert {packet.timestamp for packet in packets} == {1000}
    assert [event.duration_rtp for event in events] == [step * count for count in (1, 2, 3, 4, 5, 5, 5)]
    assert [event.end for event in events] == [False] * 4 + [True] * 3
    assert [packet.marker for packet in packets] == [True] + [False] * 6
    assert {event.code for event in events} == {5}


def test_the_next_key_comes_after_the_pause_and_bears_its_own_time() -> None:
    sender = EventSender(8000, key_ms=60, pause_ms=40)
    sender.press("1")
    sender.press("1")
    sent = send(sender, 160, start=0)
    starts = [(frame, packet.timestamp) for frame, packet in sent if packet is not None and packet.marker]
    assert starts == [(0, 0), (7, 7 * 160)]


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 60])
@pytest.mark.parametrize("clock_rate_hz", [8000, 48000])
def test_our_receiver_hears_each_key_once(clock_rate_hz: int, ptime_ms: int) -> None:
    sender = EventSender(clock_rate_hz, ptime_ms)
    sender.press(DIGITS + DIGITS[::-1])
    receiver = EventReceiver()
    heard = [
        receiver.receive(packet.payload, timestamp=packet.timestamp, ssrc=7, marker=packet.marker)
        for packet in packets_of(send(sender, clock_rate_hz * ptime_ms // 1000))
    ]
    assert "".join(heard) == DIGITS + DIGITS[::-1]


@given(st.text("0123456789*#ABCD", min_size=1, max_size=12), st.floats(0, 0.5), st.randoms(use_true_random=False))
def test_each_key_is_heard_once_while_any_of_its_packets_arrives(digits: str, loss: float, random: object) -> None:
    sender = EventSender(8000)
    sender.press(digits)
    receiver = EventReceiver()
    arrived: set[int] = set()
    heard = ""
    for packet in packets_of(send(sender, 160)):
        if random.random() >= loss:  # type: ignore[attr-defined]
            arrived.add(packet.timestamp)
            heard += receiver.receive(packet.payload, timestamp=packet.timestamp, ssrc=7, marker=packet.marker)
    assert len(heard) == len(arrived)
    assert heard == digits or loss > 0


def test_what_cannot_be_sent_is_our_own_mistake_and_sends_nothing() -> None:
    sender = EventSender(8000)
    for wrong in ("12x", "1" * 65):
        with pytest.raises(LocalProtocolError):
            sender.press(wrong)
    assert sender.is_idle
    assert sender.next_packet(0) is None
    with pytest.raises(LocalProtocolError, match="48000"):
        EventSender(48000, key_ms=2000)
