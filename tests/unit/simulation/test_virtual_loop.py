from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from softswitch.core.errors import SimulationError
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually


def test_hours_pass_at_once_and_timers_fire_at_their_exact_times() -> None:
    async def script(loop: VirtualLoop) -> list[float]:
        fired: list[float] = []
        for delay_s in (0.5, 7200.0, 0.1 + 0.2, 86_400.0 * 3):
            loop.call_later(delay_s, lambda: fired.append(loop.time()))
        await asyncio.sleep(86_400.0 * 4)
        return fired

    assert run_virtually(script) == pytest.approx([0.3, 0.5, 7200.0, 259_200.0], abs=1e-9)


def test_a_timer_that_is_armed_again_for_a_time_just_ahead_does_not_stop_the_clock() -> None:
    async def script(loop: VirtualLoop) -> float:
        done: asyncio.Future[None] = loop.create_future()
        deadline = 1e6 + 1e-10

        def look() -> None:
            if loop.time() >= deadline:
                done.set_result(None)
            else:
                loop.call_at(deadline, look)

        look()
        await done
        return loop.time()

    assert run_virtually(script, start_s=1e6) >= 1e6


def test_timers_of_one_moment_are_called_in_the_order_in_which_they_were_asked_for() -> None:
    async def script(loop: VirtualLoop) -> list[int]:
        called: list[int] = []
        for number in range(20):
            loop.call_at(5.0, called.append, number)
        await asyncio.sleep(6.0)
        return called

    assert run_virtually(script) == list(range(20))


def test_what_is_asked_for_by_what_is_called_comes_after_all_that_is_ready() -> None:
    async def script(loop: VirtualLoop) -> list[str]:
        called: list[str] = []

        def first() -> None:
            called.append("first")
            loop.call_soon(called.append, "asked for by the first")

        loop.call_at(1.0, first)
        loop.call_at(1.0, called.append, "second")
        await asyncio.sleep(2.0)
        return called

    assert run_virtually(script) == ["first", "second", "asked for by the first"]


def test_what_was_cancelled_is_not_called_and_does_not_pile_up() -> None:
    async def script(loop: VirtualLoop) -> tuple[list[int], int]:
        called: list[int] = []
        for number in range(1000):
            loop.call_later(3600.0, called.append, number).cancel()
        ready = loop.call_soon(called.append, -1)
        ready.cancel()
        await asyncio.sleep(1.0)
        left = len(loop._timers)
        await asyncio.sleep(7200.0)
        return called, left

    called, left = run_virtually(script)
    assert called == []
    assert left < 250


def test_asynchronous_generators_that_were_left_are_ended() -> None:
    ended: list[bool] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(1.0)
            ended.append(True)

    async def script(_: VirtualLoop) -> AsyncIterator[int]:
        left = numbers()
        assert await anext(left) == 1
        return left

    left = run_virtually(script)
    assert ended == [True]
    assert left is not None


def test_a_closed_loop_takes_nothing_more() -> None:
    loop = VirtualLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1.0, print)


def test_waiting_for_what_nobody_will_do_is_a_deadlock() -> None:
    async def script(loop: VirtualLoop) -> None:
        await loop.create_future()

    with pytest.raises(SimulationError, match="deadlock"):
        run_virtually(script)


def test_threads_programs_signals_and_real_sockets_are_refused() -> None:
    async def script(loop: VirtualLoop) -> None:
        with pytest.raises(SimulationError, match="threads do not exist"):
            await asyncio.to_thread(len, "")
        with pytest.raises(SimulationError, match="programs do not exist"):
            await asyncio.create_subprocess_exec("true")
        with pytest.raises(SimulationError, match="real sockets do not exist"):
            await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
        with pytest.raises(SimulationError, match="real sockets do not exist"):
            await asyncio.open_connection("127.0.0.1", 9)
        with pytest.raises(SimulationError, match="signals do not exist"):
            loop.add_signal_handler(2, print)

    run_virtually(script)


def test_another_thread_may_not_schedule_anything() -> None:
    async def script(loop: VirtualLoop) -> list[str]:
        told: list[str] = []

        def intrude() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except SimulationError as error:
                told.append(str(error))

        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
        return told

    assert run_virtually(script) == ["threads do not exist in virtual time"]
