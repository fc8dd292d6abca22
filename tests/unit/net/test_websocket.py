"""SIP over WebSocket (RFC 7118), spoken by an independent client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from softswitch.net.limits import StreamLimits
from softswitch.net.tls import TlsContexts
from softswitch.sip.flow import Flow
from tests.unit.net.conftest import HOST, Heard, Make, listening_tcp
from tests.unit.net.test_tls import client, own

pytestmark = pytest.mark.network

MESSAGE = b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK1\r\n\r\n"
SIP = [Subprotocol("sip")]


def browser(address: tuple[str, int]) -> connect:
    return connect(f"ws://{address[0]}:{address[1]}/", subprotocols=SIP, open_timeout=5, ping_interval=None)


async def said(connection: ClientConnection) -> bytes | str:
    async with asyncio.timeout(5):
        return await connection.recv()


async def test_messages_come_one_a_frame_also_in_fragments_and_answers_go_back(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    address = listener.getsockname()
    transports = await make(listener, transport="ws")
    async with browser(address) as phone:
        assert phone.subprotocol == "sip"
        await phone.send(MESSAGE.decode())
        await phone.send(MESSAGE)
        await phone.send([MESSAGE[:10], MESSAGE[10:20], MESSAGE[20:]])
        await heard.until(lambda: len(heard.messages) == 3)
        flow = Flow("ws", address, phone.local_address, 1)
        assert heard.messages == [(MESSAGE, flow)] * 3
        transports.send(flow, b"answer")
        assert await said(phone) == "answer"
        transports.send(flow, b"not UTF-8: \xff")
        assert await said(phone) == b"not UTF-8: \xff"
    await heard.until(lambda: heard.closed == [flow])
    assert transports.connections() == 0


async def test_our_keep_alive_is_a_ping_and_not_a_message(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    transports = await make(listener, transport="ws")
    async with browser(listener.getsockname()) as phone:
        await phone.send(MESSAGE)
        await heard.until(lambda: bool(heard.messages))
        transports.send(heard.messages[0][1], b"\r\n\r\n")
        transports.send(heard.messages[0][1], b"after it")
        assert await said(phone) == "after it"


async def test_whoever_does_not_speak_sip_is_refused(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    await make(listener, transport="ws")
    host, port = listener.getsockname()
    for offered in (None, [Subprotocol("chat")]):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{host}:{port}/", subprotocols=offered, open_timeout=5)
        assert refused.value.response.status_code == 400


async def test_a_message_over_the_limit_ends_the_connection(heard: Heard, make: Make) -> None:
    listener = listening_tcp()
    await make(listener, transport="ws", limits=replace(StreamLimits(), most_octets=1000))
    async with browser(listener.getsockname()) as phone:
        await phone.send(b"x" * 1001)
        with pytest.raises(ConnectionClosed) as closed:
            await said(phone)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    assert not heard.messages


async def test_nobody_is_dialled_by_websocket(heard: Heard, make: Make) -> None:
    transports = await make()
    flow = Flow("ws", (HOST, 8088), listening_address := ("127.0.51.2", 9))
    transports.send(flow, MESSAGE)
    await heard.until(lambda: heard.closed == [flow])
    assert flow.remote == listening_address


async def test_a_secure_websocket_is_the_same_within_tls(heard: Heard, make: Make, tmp_path: Path) -> None:
    files = own(tmp_path)
    listener = listening_tcp()
    host, port = listener.getsockname()
    transports = await make(listener, tls=TlsContexts(files), transport="wss")
    url, trusted = f"wss://{host}:{port}/", client(files.certificate)
    async with connect(url, subprotocols=SIP, ssl=trusted, server_hostname="switch.example") as phone:
        await phone.send(MESSAGE)
        await heard.until(lambda: bool(heard.messages))
        flow = heard.messages[0][1]
        assert flow.transport == "wss"
        transports.send(flow, b"answer")
        assert await said(phone) == "answer"
