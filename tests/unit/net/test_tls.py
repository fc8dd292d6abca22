"""TLS: our certificate, those of phones and of peers, and its renewal without a restart."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from softswitch.core.errors import ConfigurationError
from softswitch.net.self_signed import ensure_self_signed
from softswitch.net.tls import TlsContexts, TlsFiles, TlsPeer
from softswitch.sip.flow import Flow
from tests.unit.net.conftest import HOST, PHONE, Heard, Make, listening_tcp

pytestmark = pytest.mark.network

MESSAGE = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def own(folder: Path, *names: str) -> TlsFiles:
    files = TlsFiles(folder / "certificate.pem", folder / "key.pem")
    assert files.certificate is not None
    assert files.key is not None
    ensure_self_signed(files.certificate, files.key, names or ("switch.example", HOST), now=NOW)
    return files


def client(trusted: Path | None, shown: TlsFiles | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trusted)
    if shown is not None and shown.certificate is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    return context


@asynccontextmanager
async def dialled(
    address: tuple[str, int], context: ssl.SSLContext, name: str = "switch.example"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=name)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def say(address: tuple[str, int], context: ssl.SSLContext) -> None:
    """Send a message and wait for an octet of an answer."""
    async with dialled(address, context) as (reader, writer):
        writer.write(MESSAGE)
        async with asyncio.timeout(5):
            await reader.readexactly(1)


def test_a_certificate_is_made_once_and_its_key_is_the_owners_alone(tmp_path: Path) -> None:
    files = own(tmp_path / "tls")
    assert files.certificate is not None
    assert files.key is not None
    before = files.certificate.read_bytes()
    assert not ensure_self_signed(files.certificate, files.key, ["other"], now=NOW)
    assert files.certificate.read_bytes() == before
    assert files.key.stat().st_mode & 0o777 == 0o600


async def test_a_phone_that_trusts_the_certificate_is_heard_and_answered(
    heard: Heard, make: Make, tmp_path: Path
) -> None:
    files = own(tmp_path)
    listener = listening_tcp()
    address = listener.getsockname()
    transports = await make(listener, tls=TlsContexts(files), transport="tls")
    async with dialled(address, client(files.certificate)) as (reader, writer):
        writer.write(b"\r\n\r\n" + MESSAGE)
        await heard.until(lambda: bool(heard.messages))
        data, flow = heard.messages[0]
        assert (data, flow.transport, flow.local, flow.connection) == (MESSAGE, "tls", address, 1)
        transports.send(flow, b"answer")
        async with asyncio.timeout(5):
            assert await reader.readexactly(8) == b"\r\nanswer"


async def test_plain_octets_and_other_versions_end_the_connection(heard: Heard, make: Make, tmp_path: Path) -> None:
    files = own(tmp_path)
    listener = listening_tcp()
    transports = await make(listener, tls=TlsContexts(files), transport="tls")
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(MESSAGE)
    async with asyncio.timeout(5):
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(4096)
    writer.transport.abort()
    assert not heard.messages
    assert transports.connections() == 0


async def test_a_phone_without_the_certificate_that_is_asked_for_is_turned_away(
    heard: Heard, make: Make, tmp_path: Path
) -> None:
    files, phone, stranger = own(tmp_path / "us"), own(tmp_path / "phone", "phone"), own(tmp_path / "no", "stranger")
    strict = TlsFiles(files.certificate, files.key, client_ca=phone.certificate, client_required=True)
    listener = listening_tcp()
    await make(listener, tls=TlsContexts(strict), transport="tls")
    for shown in (None, stranger):
        # In TLS 1.3 the client learns of its refusal with the first octets that it reads.
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await say(listener.getsockname(), client(files.certificate, shown))
    assert not heard.messages
    async with dialled(listener.getsockname(), client(files.certificate, phone)) as (_, writer):
        writer.write(MESSAGE)
        await heard.until(lambda: bool(heard.messages))


async def test_a_renewed_certificate_is_shown_to_new_connections_while_old_ones_go_on(
    heard: Heard, make: Make, tmp_path: Path
) -> None:
    files, later = own(tmp_path / "now"), own(tmp_path / "later")
    assert files.certificate is not None
    assert files.key is not None
    assert later.certificate is not None
    assert later.key is not None
    before = tmp_path / "before.pem"
    before.write_bytes(files.certificate.read_bytes())
    contexts = TlsContexts(files)
    listener = listening_tcp()
    await make(listener, tls=contexts, transport="tls")
    assert not contexts.reload_if_changed()
    async with dialled(listener.getsockname(), client(before)) as (_, writer):
        later.key.replace(files.key)
        assert not contexts.reload_if_changed()  # a key without its certificate is not taken
        later.certificate.replace(files.certificate)
        assert contexts.reload_if_changed()
        async with dialled(listener.getsockname(), client(files.certificate)):
            pass
        with pytest.raises(ssl.SSLError):
            async with dialled(listener.getsockname(), client(before)):
                pass
        writer.write(MESSAGE)
        await heard.until(lambda: bool(heard.messages))


async def test_a_peer_must_prove_the_name_that_we_know_it_by(heard: Heard, make: Make, tmp_path: Path) -> None:
    peer = own(tmp_path / "peer", "carrier.example")
    listener = listening_tcp(PHONE)
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read(100))
        writer.transport.abort()

    server = await asyncio.start_server(serve, sock=listener, ssl=TlsContexts(peer).server)
    transports = await make(tls=TlsContexts(TlsFiles(peer_ca=peer.certificate)))
    flow = Flow("tls", (HOST, 5061), listener.getsockname())
    transports.send(flow, MESSAGE)
    await heard.until(lambda: len(heard.closed) == 1)  # it was asked to prove its bare address
    transports.know_peer(flow.remote, TlsPeer("other.example"))
    transports.send(flow, MESSAGE)
    await heard.until(lambda: len(heard.closed) == 2)
    assert not any(got)
    transports.know_peer(flow.remote, TlsPeer("carrier.example"))
    transports.send(flow, MESSAGE)
    await heard.until(lambda: len(heard.closed) == 3)
    assert got[-1] == MESSAGE
    transports.know_peer(flow.remote, TlsPeer("other.example", verified=False))
    transports.send(flow, MESSAGE)
    await heard.until(lambda: len(heard.closed) == 4)
    assert got[-2:] == [MESSAGE, MESSAGE]
    server.close()


def test_files_that_cannot_be_used_are_told_with_a_cure(tmp_path: Path) -> None:
    files = own(tmp_path)
    (tmp_path / "junk.pem").write_text("junk")
    for wrong in (
        TlsFiles(tmp_path / "missing.pem", files.key),
        TlsFiles(files.certificate, tmp_path / "junk.pem"),
        TlsFiles(files.certificate, files.key, client_ca=tmp_path / "junk.pem"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            TlsContexts(wrong)
        assert "cannot be used" in str(refused.value)
        assert "tls." in str(refused.value)
