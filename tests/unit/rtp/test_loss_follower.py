from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softswitch.rtp.loss_pattern import GMIN, LossFollower


def follow(numbers: list[int], follower: LossFollower) -> None:
    """Let packets come in this order, the first of the stream before them."""
    highest = 0
    for number in numbers:
        if number > highest:
            if number > highest + 1:
                follower.tell(highest)
                follower.missed(highest + 1, number)
            highest = number
        else:
            follower.came(number)
    follower.tell(highest, all_of_it=True)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, GMIN - 2)), min_size=1, max_size=120))
def test_what_comes_late_is_no_loss_and_what_never_comes_is_one(fates: list[tuple[bool, int]]) -> None:
    """Each packet is lost or comes up to so many places behind its own."""
    came = [(number + late, number) for number, (lost, late) in enumerate(fates, 1) if not lost]
    numbers = [number for _, number in sorted(came)]
    follower = LossFollower(0)
    follow(numbers, follower)
    highest = max(numbers, default=0)
    lost = [number for number in range(1, highest) if fates[number - 1][0]]
    runs = sum(number - 1 not in lost for number in lost)
    pattern = follower.pattern
    assert (pattern.losses, pattern.runs, pattern.seen) == (len(lost), runs, highest + 1)


def test_nothing_is_told_while_packets_may_still_come() -> None:
    follower = LossFollower(0)
    follower.missed(1, 3)
    follower.tell(3)
    assert follower.pattern.losses == 0
    follower.tell(2 + GMIN)
    assert (follower.pattern.losses, follower.pattern.runs) == (2, 1)


def test_another_stream_begins_where_it_says() -> None:
    follower = LossFollower(0)
    follower.missed(1, 2)
    follower.tell(2, all_of_it=True)
    follower.begin(40_000)
    follower.tell(40_000 + GMIN)
    assert (follower.pattern.losses, follower.pattern.seen) == (1, 4)
