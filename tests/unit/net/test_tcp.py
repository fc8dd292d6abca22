from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.net.limits import StreamLimits
from softswitch.sip.flow import Flow
from tests.unit.net.conftest import HOST, PHONE, Heard, Make, Peers, listening_tcp

pytestmark = pytest.mark.network

MESSAGE = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
QUICK = replace(StreamLimits(), sweep_s=0.01)


async def test_messages_are_cut_out_of_the_stream_wherever_it_is_split(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    address = listener.getsockname()
    await make(listener)
    phone = await peers.connect(address)
    for octet in MESSAGE + MESSAGE:
        await phone.send(bytes([octet]))
    await heard.until(lambda: len(heard.messages) == 2)
    assert heard.messages == [(MESSAGE, Flow("tcp", address, phone.address, 1))] * 2


async def test_an_answer_goes_back_on_the_same_connection(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    transports = await make(listener)
    phone = await peers.connect(listener.getsockname())
    await phone.send(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    transports.send(heard.messages[0][1], b"answer")
    assert await phone.receive(6) == b"answer"


async def test_a_keep_alive_is_answered(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    await make(listener)
    phone = await peers.connect(listener.getsockname())
    await phone.send(b"\r\n\r\n")
    assert await phone.receive(2) == b"\r\n"
    assert not heard.messages


async def test_the_end_of_a_connection_is_told(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    transports = await make(listener)
    phone = await peers.connect(listener.getsockname())
    await phone.send(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    assert transports.connections() == 1
    phone.close()
    await heard.until(lambda: bool(heard.closed))
    assert heard.closed == [heard.messages[0][1]]
    assert transports.connections() == 0


async def test_a_message_for_a_phones_dead_connection_fails_and_dials_nowhere(
    heard: Heard, make: Make, peers: Peers
) -> None:
    transports = await make()
    flow = Flow("tcp", (HOST, 5060), peers.listener().getsockname(), 7)
    transports.send(flow, MESSAGE)
    await heard.until(lambda: bool(heard.closed))
    assert heard.closed == [flow]
    assert transports.connections() == 0


async def test_a_number_of_another_peer_is_not_taken(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    address = listener.getsockname()
    transports = await make(listener)
    phone = await peers.connect(address)
    await phone.send(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    transports.send(Flow("tcp", address, (PHONE, 1), 1), b"for somebody else")
    await heard.until(lambda: bool(heard.closed))
    transports.send(heard.messages[0][1], b"mine")
    assert await phone.receive(4) == b"mine"


async def test_a_connection_to_a_peer_is_opened_once_and_used_again(heard: Heard, make: Make, peers: Peers) -> None:
    transports = await make()
    listener = peers.listener()
    flow = Flow("tcp", (HOST, 5060), listener.getsockname())
    transports.send(flow, b"one")
    transports.send(flow, b"two")
    peer = await peers.accept(listener)
    await peer.send(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    transports.send(flow, b"three")
    assert await peer.receive(11) == b"onetwothree"
    assert transports.connections() == 1
    came_by = heard.messages[0][1]
    assert came_by.connection == 2
    assert came_by.local[0] == HOST


async def test_a_dead_connection_that_we_had_opened_is_opened_again(heard: Heard, make: Make, peers: Peers) -> None:
    transports = await make()
    listener = peers.listener()
    transports.send(Flow("tcp", (HOST, 5060), listener.getsockname(), 24), MESSAGE)
    peer = await peers.accept(listener)
    assert await peer.receive(len(MESSAGE)) == MESSAGE
    assert not heard.closed


async def test_a_peer_that_refuses_is_told_for_each_flow(heard: Heard, make: Make, peers: Peers) -> None:
    transports = await make()
    closed = peers.listener()
    remote = closed.getsockname()
    closed.close()
    first, second = Flow("tcp", (HOST, 5060), remote), Flow("tcp", (HOST, 5061), remote)
    transports.send(first, MESSAGE)
    transports.send(second, MESSAGE)
    await heard.until(lambda: len(heard.closed) == 2)
    assert set(heard.closed) == {first, second}


@pytest.mark.parametrize("octets", [b"OPTIONS sip:x SIP/2.0\r\nX: " + b"x" * 70000, b"OPTIONS sip:x SIP/2.0\r\n\r\n"])
async def test_a_stream_that_cannot_be_framed_is_closed(heard: Heard, make: Make, peers: Peers, octets: bytes) -> None:
    listener = listening_tcp()
    await make(listener)
    phone = await peers.connect(listener.getsockname())
    await phone.send(octets)
    await heard.until(lambda: bool(heard.closed))
    assert not heard.messages


async def test_a_message_before_the_fault_of_a_stream_still_counts(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    await make(listener)
    phone = await peers.connect(listener.getsockname())
    await phone.send(MESSAGE + b"OPTIONS sip:x SIP/2.0\r\n\r\n")
    await heard.until(lambda: bool(heard.closed))
    assert [data for data, _ in heard.messages] == [MESSAGE]


async def test_a_connection_that_brings_no_message_is_closed(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    await make(listener, limits=replace(QUICK, first_message_s=0.0))
    await peers.connect(listener.getsockname())
    await heard.until(lambda: bool(heard.closed))


async def test_a_silent_connection_is_closed(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    await make(listener, limits=replace(QUICK, idle_s=0.0))
    phone = await peers.connect(listener.getsockname())
    await phone.send(MESSAGE)
    await heard.until(lambda: bool(heard.closed))


async def test_connections_above_the_limit_are_closed_as_they_come(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    transports = await make(listener, limits=replace(StreamLimits(), most_connections=1))
    kept = await peers.connect(listener.getsockname())
    await kept.send(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    refused = await peers.connect(listener.getsockname())
    assert await refused.receive(1) == b""
    assert transports.connections() == 1


async def test_a_peer_that_does_not_read_is_cut_off(heard: Heard, make: Make, peers: Peers) -> None:
    listener = listening_tcp()
    transports = await make(listener)
    phone = await peers.connect(listener.getsockname())
    await phone.send(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    flow = heard.messages[0][1]
    for _ in range(200):
        transports.send(flow, bytes(65536))
    await heard.until(lambda: bool(heard.closed))
    assert heard.closed == [flow]
