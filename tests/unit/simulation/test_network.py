from __future__ import annotations

import asyncio

import pytest

from softswitch.core.errors import SimulationError
from softswitch.simulation.nat import Nat
from softswitch.simulation.network import Address, Conditions, Network
from softswitch.simulation.streams import StreamEnd, StreamNetwork
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually

HERE: Address = ("192.0.2.1", 5060)
THERE: Address = ("192.0.2.2", 5060)


def sent_over(conditions: Conditions, *, count: int = 200, seed: int = 7) -> list[int]:
    """Send numbers from one host to another and return them as they arrived."""

    async def script(loop: VirtualLoop) -> list[int]:
        network = Network(loop, seed)
        network.set_path(HERE[0], THERE[0], conditions)
        got: list[int] = []
        network.bind(THERE, lambda data, _: got.append(int(data)))
        socket = network.bind(HERE, lambda *_: None)
        for number in range(count):
            socket.send(str(number).encode(), THERE)
            await asyncio.sleep(0.002)
        await asyncio.sleep(1)
        return got

    return run_virtually(script)


def test_a_quiet_path_delivers_everything_once_and_in_order() -> None:
    assert sent_over(Conditions()) == list(range(200))


def test_loss_takes_its_share_and_a_seed_always_takes_the_same() -> None:
    arrived = sent_over(Conditions(loss=0.3))
    assert 110 < len(arrived) < 170
    assert arrived == sent_over(Conditions(loss=0.3))
    assert arrived != sent_over(Conditions(loss=0.3), seed=8)


def test_duplicates_and_overtaking_happen_where_they_are_asked_for() -> None:
    doubled = sent_over(Conditions(duplicate=0.5))
    assert sorted(set(doubled)) == list(range(200))
    assert 60 < len(doubled) - 200 < 140
    overtaken = sent_over(Conditions(reorder=0.1))
    assert overtaken != sorted(overtaken)
    assert sorted(overtaken) == list(range(200))


def test_datagrams_for_the_same_moment_keep_their_order() -> None:
    async def script(loop: VirtualLoop) -> list[int]:
        network = Network(loop, 1)
        got: list[int] = []
        network.bind(THERE, lambda data, _: got.append(int(data)))
        socket = network.bind(HERE, lambda *_: None)
        for number in range(50):
            socket.send(str(number).encode(), THERE)
        await asyncio.sleep(1)
        return got

    assert run_virtually(script) == list(range(50))


def test_an_address_is_taken_once_and_free_again_after_closing() -> None:
    async def script(loop: VirtualLoop) -> str:
        network = Network(loop, 1)
        socket = network.bind(HERE, lambda *_: None)
        with pytest.raises(SimulationError, match="in use"):
            network.bind(HERE, lambda *_: None)
        socket.close()
        with pytest.raises(SimulationError, match="closed"):
            socket.send(b"x", THERE)
        network.bind(HERE, lambda *_: None).send(b"OPTIONS sip:a SIP/2.0\r\n\r\n", THERE)
        await asyncio.sleep(1)
        return network.written_trace()

    trace = run_virtually(script)
    assert trace.endswith("udp 192.0.2.1:5060 -> 192.0.2.2:5060  OPTIONS sip:a SIP/2.0  (nobody there)")


def test_a_nat_shows_its_own_address_lets_answers_in_and_forgets() -> None:
    inside: Address = ("10.0.0.5", 5060)
    stranger: Address = ("198.51.100.66", 5060)

    async def script(loop: VirtualLoop) -> None:
        network = Network(loop, 1)
        network.add_nat(Nat("203.0.113.1", ("10.0.0.5",), timeout_s=30))
        seen: list[Address] = []
        got: list[bytes] = []
        phone = network.bind(inside, lambda data, _: got.append(data))
        server = network.bind(THERE, lambda _, source: seen.append(source))
        other = network.bind(stranger, lambda *_: None)
        phone.send(b"a", THERE)
        await asyncio.sleep(1)
        assert seen == [("203.0.113.1", 40000)]
        server.send(b"answer", seen[0])
        other.send(b"intruder", seen[0])
        await asyncio.sleep(31)
        server.send(b"late", seen[0])
        await asyncio.sleep(1)
        assert got == [b"answer"]
        phone.send(b"b", THERE)
        await asyncio.sleep(1)
        assert seen[1] == ("203.0.113.1", 40001)

    run_virtually(script)


def test_a_stream_keeps_order_however_it_is_cut_and_tells_the_other_end_of_its_closing() -> None:
    async def script(loop: VirtualLoop) -> None:
        network = Network(loop, 3)
        network.conditions = Conditions(fragment=0.7, jitter_s=0.05)
        streams = StreamNetwork(network)
        got: list[bytes] = []
        closed: list[float] = []

        def accept(end: StreamEnd) -> None:
            end.on_data = got.append
            end.on_closed = lambda: closed.append(loop.time())

        streams.listen(THERE, accept)
        near = streams.connect(("192.0.2.1", 33000), THERE)
        for number in range(100):
            near.send(f"message {number};".encode())
        near.close()
        await asyncio.sleep(1)
        assert b"".join(got) == "".join(f"message {number};" for number in range(100)).encode()
        assert len(got) > 120
        assert len(closed) == 1
        with pytest.raises(SimulationError, match="closed"):
            near.send(b"more")

    run_virtually(script)


def test_a_stream_from_behind_a_nat_shows_the_outside_and_one_to_nobody_fails() -> None:
    async def script(loop: VirtualLoop) -> None:
        network = Network(loop, 3)
        network.add_nat(Nat("203.0.113.1", ("10.0.0.5",)))
        streams = StreamNetwork(network)
        accepted: list[StreamEnd] = []
        streams.listen(THERE, accepted.append)
        near = streams.connect(("10.0.0.5", 33000), THERE)
        await asyncio.sleep(1)
        assert accepted[0].remote == ("203.0.113.1", 40000)
        heard: list[bytes] = []
        near.on_data = heard.append
        accepted[0].send(b"hello")
        await asyncio.sleep(1)
        assert heard == [b"hello"]
        streams.close(THERE)
        refused = streams.connect(("10.0.0.5", 33001), THERE)
        await asyncio.sleep(1)
        assert refused.closed

    run_virtually(script)
