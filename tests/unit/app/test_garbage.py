from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from softswitch.app.garbage import GAP_S, OLD_COLLECTIONS, SHORT_GAP_S, SOME, IdleCollector, freeze


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def age(times: int) -> None:
    """Let the middle generation be collected so often."""
    gc.collect()
    for _ in range(times):
        gc.collect(1)


def test_after_freezing_full_collections_do_not_come_by_themselves() -> None:
    freeze()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[2] > 1_000_000


def test_a_gap_is_used_when_there_is_something_to_collect() -> None:
    collector = IdleCollector()
    age(OLD_COLLECTIONS + 1)
    collector.turn_ended(10.0)
    assert collector.look(10.0 + GAP_S)
    assert collector.longest_s > 0
    assert not collector.look(20.0)


def test_without_a_gap_nothing_is_collected() -> None:
    collector = IdleCollector()
    age(OLD_COLLECTIONS + 1)
    collector.turn_ended(10.0)
    assert not collector.look(10.0 + GAP_S / 2)


def test_a_short_gap_is_enough_for_the_youngest() -> None:
    freeze()
    collector = IdleCollector()
    collector.turn_ended(10.0)
    made: list[list[object]] = [[] for _ in range(2 * SOME)]  # some take the place of others and are not counted
    collector.look(10.0 + SHORT_GAP_S / 2)
    assert gc.get_count()[0] >= SOME
    collector.look(10.0 + 2 * SHORT_GAP_S)
    assert gc.get_count()[0] < SOME
    assert len(made) == 2 * SOME
