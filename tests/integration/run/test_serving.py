"""A switch that runs and is let alone: what it prints, answers and shows."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.integration.run.conftest import PROGRAM, Running, UdpProbe, options, running
from tests.own_network import own
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network
HOST = own("50.1")
PHONE = own("50.2")


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("serving"), HOST) as found:
        yield found


def test_the_welcome_tells_where_phones_register_and_as_whom(switch: Running) -> None:
    log = switch.log()
    assert re.search(rf"Phones register at +{re.escape(HOST)}:5060 +UDP, TCP", log)
    accounts = dict(re.findall(r"^ +(10[123]) +\w+ +(\w{10,})$", log, re.MULTILINE))
    assert sorted(accounts) == ["101", "102", "103"]
    assert len(set(accounts.values())) == 3
    assert "Ctrl-C" in log


def test_options_is_answered_over_udp_from_the_address_asked(switch: Running) -> None:
    with UdpProbe(PHONE) as probe:
        answer, source = probe.ask(switch.host, "udp")
    assert answer.startswith(b"SIP/2.0 200")
    assert source == (HOST, 5060)


def test_options_is_answered_over_tcp(switch: Running) -> None:
    with socket.create_connection((HOST, 5060), PATIENCE_S, (PHONE, 0)) as phone:
        phone.sendall(options(HOST, "tcp", phone.getsockname(), "TCP"))
        assert phone.recv(65536).startswith(b"SIP/2.0 200")


def test_a_datagram_keep_alive_is_answered(switch: Running) -> None:
    with UdpProbe(PHONE) as probe:
        probe.socket.sendto(b"\r\n\r\n", (HOST, 5060))
        assert probe.receive()[0] == b"\r\n"


def test_status_names_every_process(switch: Running) -> None:
    status = switch.status()
    roles = [each["role"] for each in status["processes"]]
    assert sorted(roles) == ["brain", "supervisor", "worker", "writer"]
    assert status["alarms"] == []
    assert switch.pids()["supervisor"] == switch.process.pid


def test_the_command_line_shows_the_status(switch: Running) -> None:
    done = subprocess.run(
        [PROGRAM, "status", "--json", "--config", str(switch.config)], capture_output=True, check=True
    )
    assert b'"supervisor"' in done.stdout


def test_the_tcp_port_of_the_api_asks_for_the_token(switch: Running) -> None:
    def get(headers: bytes) -> bytes:
        with socket.create_connection((HOST, 8080), PATIENCE_S) as asking:
            asking.sendall(b"GET /api/v1/status HTTP/1.0\r\n" + headers + b"\r\n")
            return asking.recv(65536)

    host = f"Host: {HOST}\r\n".encode()
    token = (switch.directory / "var" / "api.token").read_bytes().strip()
    assert b" 401 " in get(host)
    assert b" 200 " in get(host + b"Authorization: Bearer " + token + b"\r\n")
    assert b" 421 " in get(b"Host: evil.example\r\nAuthorization: Bearer " + token + b"\r\n")


def test_nobody_else_may_read_what_the_switch_keeps(switch: Running) -> None:
    var = switch.directory / "var"
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    for path in ("run/switch.sock", "api.token", "nonce.key", "site.msgpack", "demo/site.yaml"):
        assert stat.S_IMODE((var / path).stat().st_mode) == 0o600, path


def test_passwords_stand_on_the_screen_only(switch: Running) -> None:
    passwords = re.findall(r"^ +10[123] +\w+ +(\w{10,})$", switch.log(), re.MULTILINE)
    for path in (switch.directory / "var").rglob("*"):
        if path.is_file() and path.name != "site.yaml":
            assert not any(password.encode() in path.read_bytes() for password in passwords), path


def test_a_second_switch_on_the_same_folder_is_refused(switch: Running) -> None:
    done = subprocess.run([PROGRAM, "run", "--config", str(switch.config)], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"process {switch.process.pid}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_names_the_program_that_holds_it(switch: Running, tmp_path: Path) -> None:
    config = tmp_path / "softswitch.toml"
    config.write_text(f'[sip]\nlisten = ["udp:{HOST}:5060"]\n[api]\nlisten = "{HOST}:8081"\n')
    done = subprocess.run([PROGRAM, "run", "--config", str(config)], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"in use by the program softswitch (process {switch.process.pid})" in done.stderr
    assert f"kill {switch.process.pid}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_file_stops_the_start_with_file_line_and_cure(tmp_path: Path) -> None:
    config = tmp_path / "softswitch.toml"
    config.write_text('[sip]\ndomian = "example.com"\n')
    done = subprocess.run([PROGRAM, "run", "--config", str(config)], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"{config}:2: unknown key 'domian' in [sip]" in done.stderr
    assert "did you mean 'domain'?" in done.stderr
    assert not (tmp_path / "var").exists()


def test_a_broken_site_stops_the_start_and_loads_nothing(tmp_path: Path) -> None:
    config, site = tmp_path / "softswitch.toml", tmp_path / "site.yaml"
    config.write_text(f'[sip]\nlisten = ["udp:{HOST}:5070"]\n[storage]\ndirectory = "state"\n')
    site.write_text("users:\n  - {name: anna, extension: '101', pasword: x}\n")
    done = subprocess.run(
        [PROGRAM, "run", "--config", str(config), "--site", str(site)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert f"{site}:2" in done.stderr
    assert not (tmp_path / "state" / "site.msgpack").exists()


def asked(switch: Running, method: str, path: str, token: str, body: object = None) -> tuple[int, Any]:
    """Ask the HTTP API over TCP; return status and JSON."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"http://{HOST}:8080/api/v1{path}"
    answer = httpx.request(method, url, headers=headers, json=body, timeout=PATIENCE_S)
    return answer.status_code, answer.json()


def test_facts_are_watched_over_a_websocket_by_whoever_may_only_look(switch: Running) -> None:
    made = subprocess.run(
        [PROGRAM, "token", "add", "screen", "--config", str(switch.config)], check=True, capture_output=True, text=True
    )
    viewer, administrator = made.stdout.strip(), (switch.directory / "var" / "api.token").read_text().strip()
    user = asked(switch, "GET", "/agents", viewer)[1][0]["user"]
    path, wanted = f"/users/{user}/do-not-disturb", {"wanted": True}
    assert asked(switch, "PUT", path, viewer, wanted)[0] == 403
    head = {"Authorization": f"Bearer {viewer}"}
    with connect(
        f"ws://{HOST}:8080/api/v1/facts?names=disturbance.", additional_headers=head, open_timeout=PATIENCE_S
    ) as socket:
        assert asked(switch, "PUT", path, administrator, wanted)[0] == 200
        fact = json.loads(socket.recv(PATIENCE_S))
    assert fact["name"] == "disturbance.chosen"
    assert user in fact["fields"].values()
    with pytest.raises(InvalidStatus), connect(f"ws://{HOST}:8080/api/v1/facts"):
        pass


def test_calls_are_watched_until_the_command_is_stopped(switch: Running) -> None:
    command = [PROGRAM, "calls", "--watch", "--json", "--config", str(switch.config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline()) == []
        watching.send_signal(signal.SIGINT)
        assert watching.wait(PATIENCE_S) != 0
