from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvloop

from softswitch.api.client import SOCKET, SwitchClient
from softswitch.core.errors import CommandError
from tests.integration.api.listening import Listeners, listening
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[Listeners]:
    with listening(tmp_path) as made:
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
    with httpx.Client(timeout=PATIENCE_S) as http:
        assert http.get(url).status_code == 401
        assert http.get(url, headers=token).json()["calls"] == 1
        assert http.get(url, headers={**token, "Host": "evil.example"}).status_code == 421
        assert http.get(f"{listeners.tcp}/healthz").text == "ok\n"


def test_a_header_cannot_claim_to_come_from_loopback_or_a_unix_socket(listeners: Listeners) -> None:
    claims = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=unix", "X-Forwarded-Host": "localhost"}
    with httpx.Client(timeout=PATIENCE_S) as http:
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
