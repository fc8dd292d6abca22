from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvloop

from softswitch.api.client import SOCKET, SwitchClient
from softswitch.api.guard import Guard
from softswitch.api.server import ApiServer, build_app
from softswitch.core.errors import CommandError
from tests.unit.api.fake_view import FakeView

pytestmark = pytest.mark.network


class Listeners:
    """The API on a unix socket and on TCP, in a loop of its own thread as in the brain's process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.view = FakeView()
        (directory / "run").mkdir()
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(str(directory / SOCKET))
        tcp = socket.create_server(("127.0.90.1", 0))
        unix.listen()
        self.tcp = f"http://127.0.90.1:{tcp.getsockname()[1]}"
        app = build_app(self.view)
        self.servers = [ApiServer(app, [unix]), ApiServer(Guard(app, "right", ["127.0.90.1"]), [tcp])]

    async def serve(self) -> None:
        await asyncio.gather(*(server.run_until_stopped() for server in self.servers))

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


@contextmanager
def serving(directory: Path) -> Iterator[Listeners]:
    listeners = Listeners(directory)
    thread = threading.Thread(target=uvloop.run, args=(listeners.serve(),))
    thread.start()
    try:
        yield listeners
    finally:
        listeners.stop()
        thread.join(10)


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[Listeners]:
    with serving(tmp_path) as made:
        yield made


def test_the_unix_socket_needs_no_token(listeners: Listeners) -> None:
    with SwitchClient(listeners.directory) as client:
        assert client.status()["calls"] == 1
        assert client.registrations()[0]["extension"] == "101"
        assert client.calls()[0]["legs"][1]["number"] == "102"
        assert client.load_site(b"compiled", dry_run=True) == ["+ user anna"]
    assert listeners.view.loaded == [(b"compiled", True)]


def test_what_the_switch_refuses_comes_back_as_the_error_it_was(listeners: Listeners) -> None:
    with SwitchClient(listeners.directory) as client, pytest.raises(CommandError) as refused:
        client.load_site(b"busy")
    assert (refused.value.status, refused.value.error_id, refused.value.field) == (409, "load-running", "site")


def test_the_tcp_port_needs_the_token_and_a_host_of_ours(listeners: Listeners) -> None:
    url = f"{listeners.tcp}/api/v1/status"
    token = {"Authorization": "Bearer right"}
    with httpx.Client() as http:
        assert http.get(url).status_code == 401
        assert http.get(url, headers=token).json()["calls"] == 1
        assert http.get(url, headers={**token, "Host": "evil.example"}).status_code == 421
        assert http.get(f"{listeners.tcp}/healthz").text == "ok\n"


def test_a_header_cannot_claim_to_come_from_loopback_or_a_unix_socket(listeners: Listeners) -> None:
    claims = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=unix", "X-Forwarded-Host": "localhost"}
    with httpx.Client() as http:
        assert http.get(f"{listeners.tcp}/api/v1/status", headers=claims).status_code == 401


def test_signals_stay_with_the_process(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    listeners = Listeners(tmp_path)

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.2, listeners.stop)
        await listeners.serve()

    uvloop.run(run())
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_a_switch_the_client_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="softswitch run") as refused, SwitchClient(tmp_path):
        pass
    assert refused.value.error_id == "not-running"


def test_a_socket_that_a_dead_switch_left_behind_is_no_switch(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / SOCKET))
    unix.close()
    assert (tmp_path / SOCKET).exists()
    with pytest.raises(CommandError, match="not running"), SwitchClient(tmp_path):
        pass
