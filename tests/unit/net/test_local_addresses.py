from __future__ import annotations

import socket
import struct

import pytest

from softswitch.net.local_addresses import local_addresses, read_answer


@pytest.mark.network
def test_a_wildcard_stands_for_the_loopback_address_too() -> None:
    assert "127.0.0.1" in local_addresses("0.0.0.0")
    assert all(":" not in address for address in local_addresses("0.0.0.0"))
    assert all(":" in address for address in local_addresses("::"))


def answer(family: int, flags: int, scope: int, *attributes: tuple[int, bytes]) -> bytes:
    body = struct.pack("=BBBBI", family, 0, flags, scope, 1)
    for kind, value in attributes:
        body += struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
    return struct.pack("=IHHII", 16 + len(body), 20, 0, 1, 0) + body


DONE = struct.pack("=IHHIIi", 20, 3, 0, 1, 0, 0)
FOUR = socket.inet_aton("10.0.0.5")
SIX = socket.inet_pton(socket.AF_INET6, "2001:db8::1")


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        (answer(socket.AF_INET, 0, 0, (1, FOUR)), [(socket.AF_INET, "10.0.0.5")]),
        (answer(socket.AF_INET, 0, 0, (3, b"eth0\0"), (1, bytes(4)), (2, FOUR)), [(socket.AF_INET, "10.0.0.5")]),
        (answer(socket.AF_INET6, 0, 0, (1, SIX)), [(socket.AF_INET6, "2001:db8::1")]),
        (answer(socket.AF_INET6, 0, 253, (1, SIX)), []),
        (answer(socket.AF_INET6, 0x40, 0, (1, SIX)), []),
        (answer(socket.AF_INET, 0, 0), []),
    ],
)
def test_addresses_that_can_be_bound_are_read(data: bytes, meant: list[tuple[int, str]]) -> None:
    found: list[tuple[int, str]] = []
    assert read_answer(data, found)
    assert found == meant


def test_reading_ends_at_the_last_message() -> None:
    found: list[tuple[int, str]] = []
    assert not read_answer(answer(socket.AF_INET, 0, 0, (1, FOUR)) + DONE, found)
    assert len(found) == 1
