"""Long work lets others go on between its pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from softswitch.app import slices
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually


async def beside(done: list[str]) -> None:
    for _ in range(3):
        done.append("other")
        await asyncio.sleep(0)


async def works(done: list[str]) -> list[int]:
    def items() -> Iterator[int]:
        for number in range(3):
            done.append("work")
            yield number

    found, _ = await asyncio.gather(slices.in_slices(items()), beside(done))
    return found


@pytest.mark.parametrize(("slice_s", "first"), [(0.0, ["work", "other"] * 3), (60.0, ["work"] * 3 + ["other"] * 3)])
def test_others_go_on_when_a_slice_is_over(monkeypatch: pytest.MonkeyPatch, slice_s: float, first: list[str]) -> None:
    monkeypatch.setattr(slices, "SLICE_S", slice_s)
    monkeypatch.setattr(slices, "PAUSE_S", 0.0)
    done: list[str] = []
    assert asyncio.run(works(done)) == [0, 1, 2]
    assert done == first


def test_the_loop_is_left_alone_behind_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_S", 0.0)

    async def script(loop: VirtualLoop) -> float:
        assert await slices.in_slices(range(100)) == list(range(100))
        return loop.time()

    assert run_virtually(script) == pytest.approx(100 * slices.PAUSE_S)
