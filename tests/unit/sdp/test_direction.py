from __future__ import annotations

import itertools

import pytest

from softswitch.sdp.direction import DIRECTIONS, Direction, answer_direction, direction_of

BOTH, SEND, RECV, NONE = Direction.SENDRECV, Direction.SENDONLY, Direction.RECVONLY, Direction.INACTIVE


@pytest.mark.parametrize(
    ("offered", "wanted", "answered"),
    [
        (BOTH, BOTH, BOTH),
        (BOTH, SEND, SEND),
        (BOTH, RECV, RECV),
        (BOTH, NONE, NONE),
        (SEND, BOTH, RECV),
        (SEND, SEND, NONE),
        (SEND, RECV, RECV),
        (SEND, NONE, NONE),
        (RECV, BOTH, SEND),
        (RECV, SEND, SEND),
        (RECV, RECV, NONE),
        (RECV, NONE, NONE),
        (NONE, BOTH, NONE),
        (NONE, SEND, NONE),
        (NONE, RECV, NONE),
        (NONE, NONE, NONE),
    ],
)
def test_an_answer_takes_what_is_wanted_as_far_as_the_offer_allows(
    offered: Direction, wanted: Direction, answered: Direction
) -> None:
    assert answer_direction(offered, wanted) is answered


def test_a_direction_is_named_by_its_attribute_and_rebuilt_from_its_halves() -> None:
    assert set(DIRECTIONS) == {"sendrecv", "sendonly", "recvonly", "inactive"}
    for direction in Direction:
        assert DIRECTIONS[direction.value] is direction
        assert direction_of(sends=direction.sends, receives=direction.receives) is direction


def test_an_answer_answered_again_does_not_change() -> None:
    for offered, wanted in itertools.product(Direction, repeat=2):
        once = answer_direction(offered, wanted)
        assert answer_direction(offered, once) is once
