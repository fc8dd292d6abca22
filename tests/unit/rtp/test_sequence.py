from __future__ import annotations

import pytest

from softswitch.rtp.sequence import Jitter, SequenceTracker


def tracker(*sequences: int, start: int = 1) -> SequenceTracker:
    """A source proven by two packets, that then sent these."""
    made = SequenceTracker(start)
    made.update(start)
    made.update((start + 1) % 65536)
    for sequence in sequences:
        made.update(sequence)
    return made


def test_a_source_counts_from_its_second_packet_in_sequence() -> None:
    made = SequenceTracker(10)
    assert [made.update(n) for n in (10, 11, 12)] == [False, True, True]
    assert (made.received, made.expected, made.extended_highest, made.lost) == (2, 2, 12, 0)


def test_a_source_that_jumps_is_not_proven() -> None:
    made = SequenceTracker(10)
    assert [made.update(n) for n in (10, 500, 9000, 9001)] == [False, False, False, True]
    assert (made.received, made.extended_highest) == (1, 9001)


def test_before_the_proof_nothing_is_expected() -> None:
    made = SequenceTracker(10)
    assert (made.expected, made.lost, made.fraction_lost()) == (0, 0, 0)


def test_gaps_are_counted_and_late_packets_fill_them() -> None:
    made = tracker(3, 6)
    assert made.lost == 2
    assert made.update(4)
    assert (made.lost, made.extended_highest) == (1, 6)


def test_duplicates_make_the_loss_negative() -> None:
    assert tracker(2, 2, 2).lost == -3


def test_the_numbers_wrap_into_the_next_cycle() -> None:
    made = tracker(0, 1, start=65534)
    assert (made.extended_highest, made.expected, made.lost) == (65537, 3, 0)


def test_a_late_packet_from_before_the_wrap_starts_no_new_cycle() -> None:
    made = tracker(0, 65535, start=65533)
    assert (made.extended_highest, made.lost) == (65536, 0)


def test_one_wild_packet_is_noise() -> None:
    made = tracker()
    assert not made.update(30000)
    assert made.update(3)
    assert (made.extended_highest, made.received) == (3, 2)


def test_two_wild_packets_in_sequence_are_a_restarted_sender() -> None:
    made = tracker(*range(3, 200))
    assert not made.update(30000)
    assert made.update(30001)
    assert (made.extended_highest, made.expected, made.received) == (30001, 1, 1)


@pytest.mark.parametrize(("ahead", "taken"), [(2999, True), (3000, False), (-99, True), (-100, False)])
def test_a_jump_counts_up_to_its_bounds(ahead: int, taken: bool) -> None:
    made = tracker(start=20000)
    assert made.update(20001 + ahead) is taken


def test_the_fraction_lost_is_that_since_the_last_report() -> None:
    made = tracker(3, 4)
    assert made.fraction_lost() == 0
    made.update(8)
    assert made.fraction_lost() == (3 << 8) // 4
    made.update(8)
    assert made.fraction_lost() == 0
    made.update(9)
    made.update(9)
    assert made.fraction_lost() == 0


def test_the_fraction_lost_fits_into_its_octet() -> None:
    made = tracker()
    made.fraction_lost()
    made.update(2000)
    assert made.fraction_lost() == 255


def test_the_loss_stays_within_24_bits() -> None:
    made = tracker()
    for cycle in range(6000):
        made.update((2999 * (cycle + 1)) % 65536)
    assert made.lost == (1 << 23) - 1


def test_even_packets_have_no_jitter() -> None:
    jitter = Jitter(8000)
    for n in range(50):
        jitter.update(160 * n, 100 + 0.02 * n)
    assert jitter.jitter_rtp == pytest.approx(0, abs=1e-6)


def test_jitter_grows_by_a_sixteenth_of_each_deviation() -> None:
    jitter = Jitter(8000)
    jitter.update(0, 0.0)
    jitter.update(160, 0.03)
    assert jitter.jitter_rtp == pytest.approx(80 / 16)
    assert jitter.jitter_ms == pytest.approx(80 / 16 / 8)
    jitter.update(320, 0.05)
    assert jitter.jitter_rtp == pytest.approx(80 / 16 * 15 / 16)


def test_a_timestamp_that_wraps_is_no_deviation() -> None:
    jitter = Jitter(8000)
    jitter.update((1 << 32) - 160, 5.0)
    jitter.update(0, 5.02)
    assert jitter.jitter_rtp == pytest.approx(0, abs=1e-6)
