from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from softswitch.net.limits import StreamLimits
from softswitch.sip.flow import Flow
from tests.unit.net.conftest import HOST, PHONE, Heard, Make, listening_tcp

pytestmark = pytest.mark.network

MESSAGE = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
QUICK = replace(StreamLimits(), sweep_s=0.01)


async def phone_to(address: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*address, local_addr=(PHONE, 0))


async def end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def test_messages_are_cut_out_of_the_stream_wherever_it_is_split(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    address = listener.getsockname()
    await make(listener)
    _, writer = await phone_to(address)
    for octet in MESSAGE + MESSAGE:
        writer.write(bytes([octet]))
        await writer.drain()
    await heard.until(lambda: len(heard.messages) == 2)
    source = writer.get_extra_info("sockname")
    assert heard.messages == [(MESSAGE, Flow("tcp", address, source, 1))] * 2
    await end(writer)


async def test_an_answer_goes_back_on_the_same_connection(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    transports = await make(listener)
    reader, writer = await phone_to(listener.getsockname())
    writer.write(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    transports.send(heard.messages[0][1], b"answer")
    assert await reader.readexactly(6) == b"answer"
    await end(writer)


async def test_a_keep_alive_is_answered(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    await make(listener)
    reader, writer = await phone_to(listener.getsockname())
    writer.write(b"\r\n\r\n")
    assert await reader.readexactly(2) == b"\r\n"
    assert not heard.messages
    await end(writer)


async def test_the_end_of_a_connection_is_told(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    transports = await make(listener)
    _, writer = await phone_to(listener.getsockname())
    writer.write(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    assert transports.connections() == 1
    await end(writer)
    await heard.until(lambda: bool(heard.closed))
    assert heard.closed == [heard.messages[0][1]]
    assert transports.connections() == 0


async def test_a_message_for_a_phones_dead_connection_fails_and_dials_nowhere(heard: Heard, make: Make) -> None:
    transports = await make()
    peer = listening_tcp(PHONE)
    with peer:
        flow = Flow("tcp", (HOST, 5060), peer.getsockname(), 7)
        transports.send(flow, MESSAGE)
        await heard.until(lambda: bool(heard.closed))
    assert heard.closed == [flow]
    assert transports.connections() == 0


async def test_a_number_of_another_peer_is_not_taken(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    address = listener.getsockname()
    transports = await make(listener)
    reader, writer = await phone_to(address)
    writer.write(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    transports.send(Flow("tcp", address, (PHONE, 1), 1), b"for somebody else")
    await heard.until(lambda: bool(heard.closed))
    await end(writer)
    assert await reader.read() == b""


async def test_a_connection_to_a_peer_is_opened_once_and_used_again(heard: Heard, make: Make) -> None:
    transports = await make()
    arrived: list[asyncio.StreamReader] = []
    writers: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(reader)
        writers.append(writer)
        writer.write(MESSAGE)

    server = await asyncio.start_server(accept, sock=listening_tcp(PHONE))
    flow = Flow("tcp", (HOST, 5060), server.sockets[0].getsockname())
    transports.send(flow, b"one")
    transports.send(flow, b"two")
    await heard.until(lambda: bool(heard.messages))
    transports.send(flow, b"three")
    assert await arrived[0].readexactly(11) == b"onetwothree"
    assert len(arrived) == 1
    came_by = heard.messages[0][1]
    assert came_by.connection == 2
    assert came_by.local[0] == HOST
    for writer in writers:
        await end(writer)
    await heard.until(lambda: bool(heard.closed))
    server.close()


async def test_a_dead_connection_that_we_had_opened_is_opened_again(heard: Heard, make: Make) -> None:
    transports = await make()
    got = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        got.set()

    server = await asyncio.start_server(accept, sock=listening_tcp(PHONE))
    transports.send(Flow("tcp", (HOST, 5060), server.sockets[0].getsockname(), 24), MESSAGE)
    async with asyncio.timeout(5):
        await got.wait()
    assert not heard.closed
    for writer in writers:
        await end(writer)
    server.close()


async def test_a_peer_that_refuses_is_told_for_each_flow(heard: Heard, make: Make) -> None:
    transports = await make()
    closed = listening_tcp(PHONE)
    remote = closed.getsockname()
    closed.close()
    first, second = Flow("tcp", (HOST, 5060), remote), Flow("tcp", (HOST, 5061), remote)
    transports.send(first, MESSAGE)
    transports.send(second, MESSAGE)
    await heard.until(lambda: len(heard.closed) == 2)
    assert set(heard.closed) == {first, second}


@pytest.mark.parametrize("octets", [b"OPTIONS sip:x SIP/2.0\r\nX: " + bytes(70000), b"OPTIONS sip:x SIP/2.0\r\n\r\n"])
async def test_a_stream_that_cannot_be_framed_is_closed(heard: Heard, make: Make, octets: bytes) -> None:
    listener = listening_tcp()
    await make(listener)
    reader, writer = await phone_to(listener.getsockname())
    writer.write(octets)
    await heard.until(lambda: bool(heard.closed))
    assert not heard.messages
    writer.close()
    del reader


async def test_a_connection_that_brings_no_message_is_closed(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    await make(listener, limits=replace(QUICK, first_message_s=0.0))
    reader, writer = await phone_to(listener.getsockname())
    await heard.until(lambda: bool(heard.closed))
    writer.close()
    del reader


async def test_a_silent_connection_is_closed(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    await make(listener, limits=replace(QUICK, idle_s=0.0))
    reader, writer = await phone_to(listener.getsockname())
    writer.write(MESSAGE)
    await heard.until(lambda: bool(heard.closed))
    await end(writer)
    del reader


async def test_connections_above_the_limit_are_closed_as_they_come(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    transports = await make(listener, limits=replace(StreamLimits(), most_connections=1))
    _, kept = await phone_to(listener.getsockname())
    kept.write(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    reader, refused = await phone_to(listener.getsockname())
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    assert transports.connections() == 1
    refused.close()
    await end(kept)


async def test_a_peer_that_does_not_read_is_cut_off(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    transports = await make(listener)
    reader, writer = await phone_to(listener.getsockname())
    writer.write(MESSAGE)
    await heard.until(lambda: bool(heard.messages))
    flow = heard.messages[0][1]
    for _ in range(200):
        transports.send(flow, bytes(65536))
    await heard.until(lambda: bool(heard.closed))
    assert heard.closed == [flow]
    writer.close()
    del reader
