"""The program for errands: one that is killed is followed by another, and what it had to do has come to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softswitch.app.errand_runner import ErrandRunner
from softswitch.scenario.errands import DELETE, RESOLVE, Errand, ErrandOver
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network


class Told:
    """What came of errands."""

    def __init__(self) -> None:
        self.overs: dict[str, ErrandOver] = {}
        self._came = asyncio.Event()

    def tell(self, ticket: str, over: ErrandOver) -> None:
        self.overs[ticket] = over
        self._came.set()

    async def of(self, ticket: str) -> ErrandOver:
        async with asyncio.timeout(PATIENCE_S):
            while ticket not in self.overs:
                self._came.clear()
                await self._came.wait()
        return self.overs[ticket]


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def runner(told: Told) -> AsyncIterator[ErrandRunner]:
    made = ErrandRunner(asyncio.get_running_loop(), told.tell)
    yield made
    made.close()


def do(runner: ErrandRunner, ticket: str, errand: Errand) -> None:
    runner.send(ticket, errand)
    runner.flush()


async def test_a_program_that_is_killed_is_followed_by_another(
    runner: ErrandRunner, told: Told, tmp_path: Path
) -> None:
    file = tmp_path / "message.wav"
    file.write_bytes(b"RIFF")
    do(runner, "a/1", Errand(DELETE, {"path": str(file)}, 30.0))
    assert (await told.of("a/1")).ok
    assert not file.exists()
    assert runner._process is not None
    do(runner, "a/2", Errand(RESOLVE, {"host": "host.invalid", "port": 5060, "transport": "udp"}, 30.0))
    first = runner._process.pid
    runner._process.kill()
    assert not (await told.of("a/2")).ok
    do(runner, "a/3", Errand(RESOLVE, {"host": "127.0.0.1", "port": 5070, "transport": "udp"}, 30.0))
    assert await told.of("a/3") == ErrandOver(True, "done", {"host": "127.0.0.1", "port": "5070"})
    assert runner._process.pid != first
