from __future__ import annotations

import pytest

from softswitch.runtime.addresses import (
    AddressError,
    HostPort,
    Listen,
    PortRange,
    parse_host_port,
    parse_listen,
    parse_port_range,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("udp:0.0.0.0:5060", Listen("udp", "0.0.0.0", 5060)),
        ("TCP:127.0.0.1:5061", Listen("tcp", "127.0.0.1", 5061)),
        ("udp:[::]:5060", Listen("udp", "::", 5060)),
        ("tls:0.0.0.0:5061", Listen("tls", "0.0.0.0", 5061)),
        ("wss:[::1]:443", Listen("wss", "::1", 443)),
        ("udp:[2001:DB8::1]:65535", Listen("udp", "2001:db8::1", 65535)),
    ],
)
def test_a_listen_line_is_read_and_written_again(text: str, meant: Listen) -> None:
    assert parse_listen(text) == meant
    assert parse_listen(str(meant)) == meant


def test_wildcards_are_told_from_addresses() -> None:
    assert parse_listen("udp:0.0.0.0:5060").wildcard
    assert parse_listen("udp:[::]:5060").wildcard
    assert not parse_listen("udp:127.0.0.1:5060").wildcard


@pytest.mark.parametrize(
    ("text", "what", "cure"),
    [
        ("sctp:0.0.0.0:5060", "does not begin with udp:, tcp:, tls:, ws: or wss:", "udp:0.0.0.0:5060"),
        ("0.0.0.0:5060", "does not begin with udp:", "udp:0.0.0.0:5060"),
        ("udp:0.0.0.0", "is not HOST:PORT", "127.0.0.1:8080"),
        ("udp:::5060", "is not HOST:PORT", "[::1]:8080"),
        ("udp:0.0.0.0:70000", "port 70000", "1 to 65535"),
        ("udp:0.0.0.0:0", "port 0", "1 to 65535"),
        ("udp:pbx.example.com:5060", "'pbx.example.com'", "an address of this machine"),
        ("udp:1.2.3.400:5060", "'1.2.3.400'", "an address of this machine"),
    ],
)
def test_a_wrong_listen_line_is_refused_with_its_cure(text: str, what: str, cure: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_listen(text)
    assert what in caught.value.what
    assert cure in caught.value.cure


def test_hosts_and_ports_are_read_in_both_families() -> None:
    assert parse_host_port("127.0.0.1:8080") == HostPort("127.0.0.1", 8080)
    assert str(parse_host_port("[::1]:8080")) == "[::1]:8080"


@pytest.mark.parametrize("text", ["16384-32767", "16384 - 16385", "20001-20003"])
def test_a_port_range_with_a_pair_is_taken(text: str) -> None:
    assert isinstance(parse_port_range(text), PortRange)


@pytest.mark.parametrize(
    "text", ["", "16384", "a-b", "80-90", "30000-70000", "2000-1999", "20001-20002", "20000-20000"]
)
def test_a_port_range_without_a_pair_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_port_range(text)
