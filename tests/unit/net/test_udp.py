from __future__ import annotations

import asyncio
import socket

import pytest

from softswitch.net.paced_readers import PacedReaders
from softswitch.net.transports import Transports
from softswitch.net.udp import DATAGRAMS_A_TURN, TURN_S, UdpSocket, enlarge_receive_buffer
from softswitch.sip.flow import Flow
from tests.unit.net.conftest import PHONE, Heard, Make, bound_udp

pytestmark = pytest.mark.network


async def test_a_datagram_comes_with_the_way_it_took(heard: Heard, make: Make) -> None:
    server, phone = bound_udp(), bound_udp(PHONE)
    local = server.getsockname()
    await make(server)
    with phone:
        phone.sendto(b"OPTIONS", local)
        await heard.until(lambda: bool(heard.messages))
        assert heard.messages == [(b"OPTIONS", Flow("udp", local, phone.getsockname()))]


async def test_an_answer_leaves_from_the_address_that_was_asked(heard: Heard, make: Make) -> None:
    first, second, phone = bound_udp(), bound_udp("127.0.51.3"), bound_udp(PHONE)
    asked = second.getsockname()
    transports = await make(first, second)
    with phone:
        phone.setblocking(False)
        phone.sendto(b"ask", asked)
        await heard.until(lambda: bool(heard.messages))
        transports.send(heard.messages[0][1], b"answer")
        data, source = await asyncio.get_running_loop().sock_recvfrom(phone, 100)
        assert (data, source) == (b"answer", asked)


async def drained(heard: Heard, count: int, work_s: float) -> list[int]:
    """Let so many datagrams wait for a socket, each of which takes so long; return how far each turn came."""
    server, phone, now_s = bound_udp(), bound_udp(PHONE), 0.0
    enlarge_receive_buffer(server)

    def on_message(data: bytes, flow: Flow) -> None:
        nonlocal now_s
        now_s += work_s
        heard.on_message(data, flow)

    with phone:
        for number in range(count):
            phone.sendto(b"%d" % number, server.getsockname())
        loop = asyncio.get_running_loop()
        readers = PacedReaders(loop, heard.end_turn)
        udp = UdpSocket(
            loop, readers, server, on_message=on_message, on_failed=heard.on_closed, monotonic=lambda: now_s
        )
        await heard.until(lambda: len(heard.messages) == count)
        udp.close()
        readers.close()
    assert [data for data, _ in heard.messages] == [b"%d" % number for number in range(count)]
    return heard.turns


async def test_a_burst_is_drained_in_few_turns_up_to_the_limit(heard: Heard) -> None:
    turns = await drained(heard, DATAGRAMS_A_TURN + 10, work_s=0.0)
    assert turns == [DATAGRAMS_A_TURN, DATAGRAMS_A_TURN + 10]


async def test_what_a_message_caused_does_not_wait_for_long_work_on_a_burst(heard: Heard) -> None:
    turns = await drained(heard, 5, work_s=0.6 * TURN_S)
    assert turns == [2, 4, 5], "after so long no other one is begun with"


async def test_the_largest_datagram_comes_whole(heard: Heard, make: Make) -> None:
    server, phone = bound_udp(), bound_udp(PHONE)
    await make(server)
    with phone:
        phone.sendto(bytes(65507), server.getsockname())
        await heard.until(lambda: bool(heard.messages))
        assert len(heard.messages[0][0]) == 65507


async def test_a_datagram_that_cannot_be_sent_is_told_but_not_at_once(heard: Heard, make: Make) -> None:
    server = bound_udp()
    local = server.getsockname()
    transports = await make(server)
    flow = Flow("udp", local, (PHONE, 5060))
    transports.send(flow, bytes(70000))
    assert not heard.closed
    await heard.until(lambda: bool(heard.closed))
    assert heard.closed == [flow]


async def test_a_flow_of_a_vanished_address_uses_another_socket(heard: Heard, make: Make) -> None:
    server, phone = bound_udp(), bound_udp(PHONE)
    local = server.getsockname()
    transports = await make(server)
    with phone:
        phone.setblocking(False)
        transports.send(Flow("udp", ("192.0.2.1", 5060), phone.getsockname()), b"hello")
        data, source = await asyncio.get_running_loop().sock_recvfrom(phone, 100)
    assert (data, source) == (b"hello", local)


async def test_a_flow_without_any_socket_fails(heard: Heard, make: Make) -> None:
    transports = await make()
    flow = Flow("udp", ("192.0.2.1", 5060), (PHONE, 5060))
    transports.send(flow, b"hello")
    await heard.until(lambda: heard.closed == [flow])


class Reluctant(socket.socket):
    """A socket that takes nothing until it is told to."""

    willing = False

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:  # type: ignore[override]  # as it is called
        if not self.willing:
            raise BlockingIOError
        return super().sendto(data, address)


async def test_what_the_kernel_does_not_take_waits_in_order(heard: Heard) -> None:
    server = Reluctant(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.51.1", 0))
    phone = bound_udp(PHONE)
    phone.setblocking(False)
    loop = asyncio.get_running_loop()
    readers = PacedReaders(loop, heard.end_turn)
    udp = UdpSocket(loop, readers, server, on_message=heard.on_message, on_failed=heard.on_closed)
    flow = Flow("udp", udp.local, phone.getsockname())
    with phone:
        udp.send(b"one", flow)
        udp.send(b"two", flow)
        await asyncio.sleep(0)
        server.willing = True
        assert await loop.sock_recv(phone, 100) == b"one"
        assert await loop.sock_recv(phone, 100) == b"two"
        udp.send(b"three", flow)
        assert await loop.sock_recv(phone, 100) == b"three"
    udp.close()
    readers.close()


async def test_a_socket_that_does_not_listen_yet_sends_and_hears_later_what_came_meanwhile(heard: Heard) -> None:
    loop = asyncio.get_running_loop()
    readers = PacedReaders(loop, heard.end_turn)
    transports = Transports(loop, readers, heard.on_message, heard.on_closed, heard.end_turn)
    transports.add_udp(bound_udp(), listens=False)
    local = transports.udp_addresses()[0]
    with bound_udp(PHONE) as phone:
        phone.setblocking(False)
        transports.send(Flow("udp", local, phone.getsockname()), b"said again")
        assert await loop.sock_recv(phone, 100) == b"said again"
        phone.sendto(b"came early", local)
        for _ in range(5):
            await asyncio.sleep(0)
        assert heard.messages == []
        transports.listen()
        await heard.until(lambda: bool(heard.messages))
    assert [data for data, _ in heard.messages] == [b"came early"]
    assert heard.closed == []
    await transports.close()
    readers.close()
