from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.recorder.placing import Track, places

FRAME_US = 20_000


def place(track: Track, numbers: list[int], came_us: list[int], *, start: int = 0, stream: int = 1) -> list[int]:
    """Return where packets of 20 ms with these numbers belong, in milliseconds."""
    count = len(numbers)
    timestamps = np.array([(start + 160 * number) & 0xFFFF_FFFF for number in numbers], np.int64)
    of, streams = np.zeros(count, np.int64), np.full(count, stream, np.int64)
    found = places([track], of, streams, timestamps, np.array(came_us, np.int64))
    return [int(sample) // (track.rate_hz // 1000) for sample in found]


@given(
    st.integers(0, 0xFFFF_FFFF), st.lists(st.integers(0, 60_000), min_size=50, max_size=50), st.sampled_from([8, 16])
)
def test_jitter_moves_nothing_within_a_stream(start: int, delays: list[int], rate_khz: int) -> None:
    track = Track(1_000_000, 1000 * rate_khz)
    came = [1_500_000 + FRAME_US * number + delay for number, delay in enumerate(delays)]
    found = place(track, list(range(50)), came, start=start)
    assert np.diff(found).tolist() == [20] * 49
    assert abs(found[0] - 500 - min(delays) / 1000) <= 1


def test_a_later_round_goes_on_where_the_one_before_ended() -> None:
    track = Track(0, 8000)
    first = place(track, list(range(25)), [FRAME_US * number for number in range(25)])
    second = place(track, list(range(25, 50)), [FRAME_US * number + 9_000 for number in range(25, 50)])
    assert (first[0], first[-1], second[0], second[-1]) == (0, 480, 500, 980)


def test_packets_in_disorder_and_lost_ones_leave_the_others_where_they_are() -> None:
    track = Track(0, 8000)
    found = place(track, [0, 2, 1, 5], [0, 40_000, 41_000, 100_000])
    assert found == [0, 40, 20, 100]


def test_a_new_stream_is_placed_by_when_it_came() -> None:
    track = Track(0, 8000)
    place(track, [0, 1], [0, 20_000])
    assert place(track, [900, 901], [500_000, 520_000], start=7, stream=2) == [500, 520]


def test_a_phone_that_does_not_count_its_pauses_begins_anew_behind_them() -> None:
    track = Track(0, 8000)
    assert place(track, [0, 1, 2, 3], [0, 20_000, 3_040_000, 3_060_000]) == [0, 20, 3040, 3060]
    assert place(track, [4, 5], [9_000_000, 9_020_000]) == [9000, 9020]


def test_a_phone_that_counts_its_pauses_needs_no_such_beginning() -> None:
    track = Track(0, 8000)
    assert place(track, [0, 1, 100, 101], [0, 20_000, 2_030_000, 2_051_000]) == [0, 20, 2000, 2020]


def test_after_an_hour_a_slow_and_a_fast_clock_are_still_within_twenty_milliseconds() -> None:
    for drift in (-200e-6, 200e-6):
        track = Track(0, 8000)
        worst = 0.0
        for first in range(0, 180_000, 25):
            numbers = list(range(first, first + 25))
            came = [int(FRAME_US * number * (1 + drift)) for number in numbers]
            found = place(track, numbers, came)
            worst = max(worst, abs(found[-1] - came[-1] / 1000))
        assert worst < 20


def test_a_first_packet_that_was_held_up_does_not_hold_up_the_others() -> None:
    track = Track(0, 8000)
    place(track, [0, 1], [150_000, 151_000])
    assert place(track, [2, 3, 4], [152_000, 153_000, 154_000])[-1] <= 154
    late = place(track, list(range(10, 35)), [80_000 + FRAME_US * (number - 4) for number in range(10, 35)])
    assert late[0] == 200
