from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.worker.shelf import Shelf

ROWS = 6


def places(numbers: list[int]) -> npt.NDArray[np.intp]:
    return np.array(numbers, np.intp)


@given(st.lists(st.tuples(st.sampled_from(["come", "clear"]), st.sets(st.integers(0, ROWS - 1), min_size=1))))
def test_every_packet_is_taken_once_in_order_and_before_another_is_written_into_its_row(
    steps: list[tuple[str, set[int]]],
) -> None:
    memory = np.zeros(ROWS, np.int64)
    taken: list[tuple[int, int]] = []
    sent: list[tuple[int, int]] = []

    def take(rows: npt.NDArray[np.intp], numbers: npt.NDArray[np.int64]) -> None:
        assert len(set(rows.tolist())) == len(rows)
        assert (memory[rows] == numbers).all()  # what was noted still lies there
        taken.extend(zip(rows.tolist(), numbers.tolist(), strict=True))

    shelf = Shelf(ROWS, take)
    for number, (what, chosen) in enumerate(steps):
        if what == "come":
            rows = places(sorted(chosen))
            shelf.make_room(rows)
            memory[rows] = number
            shelf.put(rows, memory[rows])
            sent += [(row, number) for row in rows.tolist()]
        else:
            shelf.clear()
            assert taken == sent
    shelf.clear()
    assert taken == sent


def test_rows_in_which_nothing_waits_are_written_into_without_any_work() -> None:
    calls: list[list[int]] = []
    shelf = Shelf(ROWS, lambda rows: calls.append(rows.tolist()))
    shelf.put(places([1, 2]))
    shelf.make_room(places([0, 3, 5]))
    shelf.put(places([0]))
    assert calls == []
    shelf.make_room(places([4, 2]))
    assert calls == [[1, 2, 0]]
    shelf.make_room(places([1, 2, 0]))
    assert calls == [[1, 2, 0]]
