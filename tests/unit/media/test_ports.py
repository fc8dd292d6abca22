from __future__ import annotations

from softswitch.media.worker.ports import PortPool


def taken(pool: PortPool) -> int:
    return next(pool.take())


def test_only_whole_pairs_are_given_out() -> None:
    pool = PortPool(range(10001, 10008))
    assert [taken(pool) for _ in range(pool.size)] == [10002, 10004, 10006]


def test_a_last_port_without_its_odd_neighbour_is_left_out() -> None:
    assert PortPool(range(10000, 10003)).size == 1


def test_the_least_recently_used_port_comes_first() -> None:
    pool = PortPool(range(10000, 10006))
    first, second, third = (taken(pool) for _ in range(3))
    pool.give_back(second)
    pool.give_back(first)
    pool.give_back(third)
    assert [taken(pool) for _ in range(3)] == [second, first, third]


def test_a_port_of_no_use_goes_to_the_end_of_the_line() -> None:
    pool = PortPool(range(10000, 10006))
    offers = pool.take()
    held_by_others = next(offers)
    assert next(offers) == 10002
    offers.close()
    assert [taken(pool) for _ in range(len(pool))] == [10004, held_by_others]


def test_each_port_is_offered_once_and_then_there_is_none() -> None:
    pool = PortPool(range(10000, 10006))
    assert list(pool.take()) == [10000, 10002, 10004]
    assert len(pool) == 3
