from __future__ import annotations

import asyncio
import threading

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
