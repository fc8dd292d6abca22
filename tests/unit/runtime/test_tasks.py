from __future__ import annotations

import asyncio

import pytest

from softswitch.core.errors import LocalProtocolError
from softswitch.runtime.tasks import TaskSupervisor


async def forever(log: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        log.append("ended")


async def fail() -> None:
    raise ValueError("broken")


async def test_closing_cancels_the_tasks_and_waits_for_them() -> None:
    log: list[str] = []
    tasks = TaskSupervisor("brain")
    tasks.start("one", forever(log))
    tasks.start("two", forever(log))
    await asyncio.sleep(0)
    assert len(tasks) == 2
    await tasks.close()
    assert log == ["ended", "ended"]
    assert len(tasks) == 0
    assert tasks.first_failure is None


async def test_a_task_carries_its_owner_and_name() -> None:
    tasks = TaskSupervisor("brain")
    assert tasks.start("reports", forever([])).get_name() == "brain.reports"
    await tasks.close()


async def test_the_first_failure_is_kept_and_every_one_is_told() -> None:
    told: list[BaseException] = []
    tasks = TaskSupervisor("brain", told.append)
    first = tasks.start("one", fail())
    second = tasks.start("two", fail())
    await asyncio.wait([first, second])
    await asyncio.sleep(0)
    assert len(told) == 2
    assert isinstance(tasks.first_failure, ValueError)
    await tasks.close()


async def test_a_closed_owner_starts_nothing() -> None:
    tasks = TaskSupervisor("brain")
    await tasks.close()
    with pytest.raises(LocalProtocolError):
        tasks.start("late", forever([]))


async def test_a_task_may_close_its_owner() -> None:
    tasks = TaskSupervisor("brain")
    log: list[str] = []
    tasks.start("other", forever(log))

    async def close() -> None:
        await tasks.close()
        log.append("closed")

    await tasks.start("closer", close())
    assert log == ["ended", "closed"]
