from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from softswitch.net.opening import holder_of, open_tcp, open_udp, open_unix, refusal

pytestmark = pytest.mark.network
HOST = "127.0.51.9"


def test_a_udp_port_cannot_be_shared() -> None:
    with open_udp(HOST, 0) as first:
        port = first.getsockname()[1]
        second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with second, pytest.raises(OSError, match="in use"):
            second.bind((HOST, port))


def test_both_families_are_opened() -> None:
    for host in (HOST, "::1"):
        with open_udp(host, 0) as udp, open_tcp(host, 0) as tcp:
            assert udp.getsockname()[0] == tcp.getsockname()[0] == host


@pytest.mark.parametrize("wildcard", [HOST, "0.0.0.0"])
def test_who_holds_a_port_is_found(wildcard: str) -> None:
    with open_udp(wildcard, 0) as udp, open_tcp(wildcard, 0) as tcp:
        for transport, held in (("udp", udp), ("tcp", tcp)):
            holder = holder_of(transport, HOST, held.getsockname()[1])
            assert holder is not None
            assert holder[0] == os.getpid()
            assert holder[1] in Path(f"/proc/{os.getpid()}/comm").read_text()


def test_a_holder_in_the_other_family_is_found() -> None:
    both = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with both:
        both.bind(("::", 0))
        holder = holder_of("udp", HOST, both.getsockname()[1])
        assert holder is not None
        assert holder[0] == os.getpid()


def test_a_holder_of_another_address_is_not_blamed() -> None:
    with open_udp("127.0.51.10", 0) as other:
        assert holder_of("udp", HOST, other.getsockname()[1]) is None


def test_a_port_in_use_names_the_program_and_the_cure() -> None:
    with open_udp(HOST, 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(OSError, match="in use") as caught:
            open_udp(HOST, port)
        (problem,) = refusal(caught.value, "udp", HOST, port, "sip.listen").problems
    assert problem.where == f"sip.listen udp:{HOST}:{port}"
    assert f"(process {os.getpid()})" in problem.what
    assert f"kill {os.getpid()}" in problem.cure


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(OSError, match="assign") as caught:
        open_tcp("192.0.2.1", 0)
    (problem,) = refusal(caught.value, "tcp", "192.0.2.1", 5060, "api.listen").problems
    assert "no such address" in problem.what


def test_a_forbidden_port_is_told() -> None:
    error = PermissionError(errno.EACCES, "Permission denied")
    (problem,) = refusal(error, "tcp", HOST, 80, "api.listen").problems
    assert "1024" in problem.cure


def test_the_unix_socket_is_ours_alone_and_replaces_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "switch.sock"
    open_unix(path).close()
    with open_unix(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
