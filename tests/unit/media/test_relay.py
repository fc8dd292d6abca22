from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.worker.ledger import Out
from softswitch.media.worker.rows import PACKET_OCTETS, To
from tests.unit.media.rig import Rig, either_way, rtp  # noqa: F401

pytestmark = pytest.mark.usefixtures("either_way")


def pair() -> tuple[Rig, int, int]:
    """Return a rig in which the second row hears the first."""
    rig = Rig()
    source, listener = rig.leg(0, event_type=101), rig.leg()
    rig.hear(listener, source, {0: 0, 101: 96})
    return rig, source, listener


def test_sequence_and_timestamp_differences_are_kept() -> None:
    rig, source, listener = pair()
    rig.take(source, *[rtp(n) for n in (65534, 65535, 0, 1)])
    heard = rig.heard(listener)
    assert [(h.sequence - heard[0].sequence) & 0xFFFF for h in heard] == [0, 1, 2, 3]
    assert [h.timestamp - heard[0].timestamp for h in heard[1:2]] == [160]
    assert {h.payload for h in heard} == {b"sound"}


def test_the_listener_sees_our_ssrc() -> None:
    rig, source, listener = pair()
    rig.take(source, rtp(1), rtp(2, ssrc=99))
    assert {h.ssrc for h in rig.heard(listener)} == {0xABC0 + listener}


def test_loss_reordering_and_duplicates_pass_unchanged() -> None:
    rig, source, listener = pair()
    rig.take(source, *[rtp(n) for n in (1, 2, 5, 4, 5, 6)])
    first = rig.heard(listener)[0].sequence
    assert [(h.sequence - first) & 0xFFFF for h in rig.heard(listener)] == [0, 1, 4, 3, 4, 5]


def test_a_new_ssrc_of_the_source_goes_on_where_the_old_one_stood() -> None:
    rig, source, listener = pair()
    rig.take(source, rtp(100, 16000), now=10.0)
    rig.take(source, rtp(9000, 5, ssrc=8), rtp(9001, 165, ssrc=8), now=10.5)
    before, after, later = rig.heard(listener)
    assert after.sequence == (before.sequence + 1) & 0xFFFF
    assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 4000
    assert (later.timestamp - after.timestamp) & 0xFFFFFFFF == 160
    assert (before.marker, after.marker, later.marker) == (True, True, False)


def test_a_jump_of_the_sequence_is_a_new_stream() -> None:
    rig, source, listener = pair()
    rig.take(source, rtp(100), rtp(30000), rtp(100))
    assert [h.sequence - rig.heard(listener)[0].sequence for h in rig.heard(listener)] == [0, 1, 2]


def test_another_source_goes_on_where_the_first_one_stood() -> None:
    rig = Rig()
    first, second, listener = rig.leg(), rig.leg(), rig.leg()
    rig.hear(listener, first)
    rig.take(first, rtp(100), now=1.0)
    rig.routes.set_listeners(first, [])
    rig.hear(listener, second)
    rig.take(second, rtp(7, ssrc=3), now=1.02)
    one, two = rig.heard(listener)
    assert two.sequence - one.sequence == 1
    assert two.timestamp - one.timestamp == 160
    assert one.ssrc == two.ssrc


def test_a_source_that_comes_at_the_same_moment_is_one_packet_further() -> None:
    rig = Rig()
    first, second, listener = rig.leg(), rig.leg(), rig.leg()
    rig.hear(listener, first)
    rig.take(first, rtp(100), now=1.0)
    rig.routes.set_listeners(first, [])
    rig.hear(listener, second)
    rig.take(second, rtp(7), now=1.0)
    one, two = rig.heard(listener)
    assert two.timestamp - one.timestamp == 160


def test_an_echo_hears_itself() -> None:
    rig = Rig()
    leg = rig.leg()
    rig.hear(leg, leg)
    rig.take(leg, rtp(1, payload=b"hello"))
    assert [h.payload for h in rig.heard(leg)] == [b"hello"]


def test_two_listeners_each_get_their_own_stream() -> None:
    rig = Rig()
    source, one, two = rig.leg(), rig.leg(), rig.leg()
    rig.hear(two, source, {0: 0})
    rig.hear(one, source, {0: 0})
    rig.routes.set_listeners(source, [one, two])
    rig.take(source, rtp(1), rtp(2))
    assert [h.ssrc for h in rig.heard(one)] == [0xABC0 + one] * 2
    assert [h.ssrc for h in rig.heard(two)] == [0xABC0 + two] * 2
    assert rig.heard(two)[1].sequence - rig.heard(two)[0].sequence == 1


def test_payload_types_are_mapped_to_the_listeners() -> None:
    rig = Rig()
    source, listener = rig.leg(0, 8), rig.leg()
    rig.hear(listener, source, {0: 0, 8: 97})
    rig.take(source, rtp(1), rtp(2, payload_type=8))
    assert [h.payload_type for h in rig.heard(listener)] == [0, 97]


def test_a_type_that_the_listener_does_not_have_is_dropped_and_not_refused() -> None:
    rig = Rig()
    source, listener = rig.leg(0, 8), rig.leg()
    rig.hear(listener, source, {0: 0})
    rig.take(source, rtp(1, payload_type=8), rtp(2))
    assert [h.payload_type for h in rig.heard(listener)] == [0]
    assert rig.state.refused[source] == 0


def test_a_type_that_was_not_negotiated_is_refused() -> None:
    rig, source, listener = pair()
    rig.take(source, rtp(1, payload_type=18))
    assert rig.heard(listener) == []
    assert rig.state.refused[source] == 1
    assert rig.ledger.counted(source).received == 0


def test_an_event_keeps_one_timestamp_and_gets_the_listeners_number() -> None:
    rig, source, listener = pair()
    rig.take(source, rtp(1, 160))
    event = [rtp(n, 320, payload_type=101, payload=b"\x05\x0a\x00\xa0", marker=n == 2) for n in (2, 3, 4)]
    rig.take(source, *event)
    rig.take(source, rtp(5, 800))
    heard = rig.heard(listener)
    assert [h.payload_type for h in heard] == [0, 96, 96, 96, 0]
    assert len({h.timestamp for h in heard[1:4]}) == 1
    assert [h.marker for h in heard] == [True, True, False, False, False]
    assert heard[4].timestamp - heard[1].timestamp == 480
    assert [e[2] for e in rig.events] == [320] * 3


def test_events_are_shown_even_when_nobody_listens() -> None:
    rig = Rig()
    source = rig.leg(0, event_type=101)
    rig.take(source, rtp(1, 320, payload_type=101, payload=b"\x05\x0a\x00\xa0", marker=True, ssrc=5))
    assert rig.events == [(source, b"\x05\x0a\x00\xa0", 320, 5, True)]


@pytest.mark.parametrize(
    "packet",
    [
        rtp(1, first=0x81, payload=b"\0\0\0\1sound"),
        rtp(1, first=0x90, payload=b"\xbe\xde\0\1abcdsound"),
        rtp(1, first=0xA0, payload=b"sound\0\0\3"),
    ],
    ids=["contributing source", "extension", "padding"],
)
def test_what_is_hop_by_hop_is_left_out(packet: bytes) -> None:
    rig, source, listener = pair()
    rig.take(source, packet)
    assert [h.payload for h in rig.heard(listener)] == [b"sound"]


@pytest.mark.parametrize(
    "packet",
    [b"", b"x", rtp(1)[:11], rtp(1)[:12], rtp(1, first=0x40), rtp(1, first=0x8F), rtp(1, first=0xA0, payload=b"\xff")],
)
def test_nonsense_is_refused(packet: bytes) -> None:
    rig, source, listener = pair()
    rig.take(source, packet)
    assert rig.heard(listener) == []
    assert rig.state.refused[source] == 1


def test_a_packet_that_was_cut_is_refused() -> None:
    rig, source, listener = pair()
    rig.take(source, rtp(1, payload=bytes(PACKET_OCTETS)))
    assert rig.heard(listener) == []
    assert rig.state.refused[source] == 1


def test_reports_on_the_rtp_port_are_shown_and_not_relayed() -> None:
    rig, source, listener = pair()
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    rig.take(source, report)
    assert rig.reports == [(source, report)]
    assert rig.heard(listener) == []


def test_an_odd_packet_does_not_hold_up_the_others_of_its_sweep() -> None:
    rig = Rig()
    a, b, c = rig.leg(), rig.leg(), rig.leg()
    for leg in (a, b, c):
        rig.hear(leg, leg)
    rig.relay.take({a: [rtp(1)], b: [b"nonsense"], c: [rtp(1, first=0xA0, payload=b"pad\1")]}, now=0.0)
    assert [len(rig.heard(leg)) for leg in (a, b, c)] == [1, 0, 1]
    assert rig.heard(c)[0].payload == b"pad"


def test_a_listener_that_is_not_latched_is_sent_to_one_by_one() -> None:
    rig, source, listener = pair()
    rig.state.sending[listener, To.CONNECTED] = 0
    rig.take(source, rtp(1))
    assert [row for row, _ in rig.unlatched] == [listener]
    assert rig.ledger.outgoing(listener)[Out.SENT] == 1


def test_what_could_not_be_sent_is_not_counted_as_sent() -> None:
    rig, source, listener = pair()
    rig.backend.failing.add(listener)
    rig.take(source, rtp(1))
    assert rig.ledger.outgoing(listener)[[Out.SENT, Out.OCTETS]].tolist() == [0, 0]
    assert rig.state.failed[listener] == 1


def test_loss_is_counted_over_all_streams_of_a_leg() -> None:
    rig, source, _ = pair()
    rig.take(source, *[rtp(n) for n in (1, 2, 4)], *[rtp(n, ssrc=8) for n in (500, 503)])
    assert rig.ledger.counted(source).received == 5
    assert rig.ledger.counted(source).lost == 3


def test_jitter_is_that_of_rfc_3550() -> None:
    rig, source, _ = pair()
    rng = random.Random(1)
    expected, last = 0.0, None
    for n in range(200):
        now = 100 + n * 0.02 + rng.random() * 0.01
        rig.take(source, rtp(n), now=now)
        transit = int(now * 1e6) * 8000 // 1_000_000 - n * 160
        if last is not None:
            expected += (abs(transit - last) - expected) / 16
        last = transit
    assert rig.ledger.counted(source).jitter_rtp == pytest.approx(expected, abs=1)


def test_a_phone_in_step_has_no_jitter_where_its_timestamps_wrap() -> None:
    rig, source, _ = pair()
    for n in range(50):
        rig.take(source, rtp(n, 0xFFFFFFFF - 1600 + n * 160), now=100 + n * 0.02)
    assert rig.ledger.counted(source).jitter_rtp < 1


def test_telephone_events_leave_the_jitter_alone() -> None:
    rig, source, _ = pair()
    for n in range(20):
        rig.take(source, rtp(n), now=n * 0.02)
    before = rig.ledger.counted(source).jitter_rtp
    for n in range(20, 40):
        rig.take(source, rtp(n, 3200, payload_type=101, payload=b"\0\0\0\0"), now=n * 0.02)
    assert rig.ledger.counted(source).jitter_rtp == before


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 65535), st.booleans()), min_size=1, max_size=60))
def test_however_sources_change_the_listener_sees_no_jump(packets: list[tuple[int, int, bool]]) -> None:
    rig = Rig()
    sources = [rig.leg(), rig.leg()]
    listener = rig.leg()
    for number, (ssrc, sequence, second) in enumerate(packets):
        source = sources[second]
        rig.routes.set_listeners(sources[not second], [])
        rig.hear(listener, source)
        rig.take(source, rtp(sequence, ssrc=ssrc), now=number * 0.02)
    sequences = [h.sequence for h in rig.heard(listener)]
    steps = [(b - a + 0x8000 & 0xFFFF) - 0x8000 for a, b in itertools.pairwise(sequences)]
    assert all(-100 <= step <= 3000 for step in steps)
    assert len({h.ssrc for h in rig.heard(listener)}) == 1


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_no_datagram_harms_the_relay(packet: bytes) -> None:
    rig, source, listener = pair()
    rig.take(source, packet, rtp(1))
    assert rig.heard(listener)[-1].payload == b"sound"


def test_a_sequence_number_that_wraps_leaves_the_payload_type_of_usual_packets_alone() -> None:
    rig = Rig()
    source, listener = rig.leg(0), rig.leg(0)
    rig.hear(listener, source, {0: 96})
    for number in range(65_400, 65_700):
        rig.take(source, rtp(number, marker=number % 7 == 0), now=number * 0.02)
    heard = rig.heard(listener)
    first = heard[0].sequence
    assert [one.sequence for one in heard] == [(first + n) & 0xFFFF for n in range(300)]
    assert {one.payload_type for one in heard} == {96}
    assert [one.marker for one in heard[1:]] == [number % 7 == 0 for number in range(65_401, 65_700)]


def test_usual_packets_go_on_beside_one_that_begins_a_stream() -> None:
    rig = Rig()
    pairs = [(rig.leg(0), rig.leg(0)) for _ in range(2)]
    for source, listener in pairs:
        rig.hear(listener, source)
    for number in range(5):
        for source, _ in pairs:
            ssrc = 9 if number > 2 and source == pairs[1][0] else 7
            rig.backend.waiting[source].append(rtp(number, ssrc=ssrc))
            rig.state.due[source] = number
        rig.sweeper.sweep(number, now=number * 0.02, catching_up=False)
    for source, listener in pairs:
        heard = rig.heard(listener)
        assert [one.sequence for one in heard] == [(heard[0].sequence + n) & 0xFFFF for n in range(5)]
        assert {one.ssrc for one in heard} == {0xABC0 + listener}
        assert rig.ledger.counted(source).received == 5


def test_a_listener_that_is_disconnected_between_two_packets_gets_the_next_one_by_its_catch_all() -> None:
    rig = Rig()
    source, listener = rig.leg(0), rig.leg(0)
    rig.hear(listener, source)
    for number in range(3):
        rig.take(source, rtp(number), now=number * 0.02)
    rig.state.disconnect(listener)
    rig.take(source, rtp(3), now=0.06)
    assert len(rig.heard(listener)) == 3
    assert [row for row, _ in rig.unlatched] == [listener]
