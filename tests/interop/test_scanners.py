"""A scanner against the program that people run: 10,000 guesses and a sweep, with a phone beside it."""

from __future__ import annotations

import itertools
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess
from tests.waiting import until

pytestmark = pytest.mark.network

GUESSES = 10_000
SCANNER = "127.0.9.9"
SWITCH = ("127.0.0.1", 5060)
_numbers = itertools.count(1)


@contextmanager
def scanner(space: Namespace, host: str) -> Iterator[socket.socket]:
    with space.entered():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with made:
        made.bind((host, 5060))
        made.settimeout(0.5)
        yield made


def request(method: str, extension: str, host: str, more: str = "") -> bytes:
    number = next(_numbers)
    return (
        f"{method} sip:{'127.0.0.1' if method == 'REGISTER' else extension + '@127.0.0.1'} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bKscan{number};rport\r\nMax-Forwards: 70\r\n"
        f"From: <sip:{extension}@127.0.0.1>;tag=s{number}\r\nTo: <sip:{extension}@127.0.0.1>\r\n"
        f"Call-ID: scan{number}\r\nCSeq: 1 {method}\r\nContact: <sip:{extension}@{host}:5060>\r\n{more}"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def guess(nonce: str) -> str:
    return (
        f'Authorization: Digest username="101", realm="softswitch.local", nonce="{nonce}", uri="sip:127.0.0.1", '
        f'response="{next(_numbers):032x}", algorithm=MD5\r\n'
    )


def answers(sock: socket.socket) -> list[str]:
    """Read what comes until nothing comes for a while."""
    found = []
    while True:
        try:
            found.append(sock.recv(65536).decode())
        except TimeoutError:
            return found


def take(sock: socket.socket, found: list[str]) -> list[str]:
    """Add what comes until nothing comes for a while; return all."""
    found += answers(sock)
    return found


def of_method(swept: list[str], method: str) -> list[str]:
    return [answer for answer in swept if f"CSeq: 1 {method}" in answer]


def shape(answer: str) -> str:
    """Reduce an answer to what a scanner could learn by it: all but its own request's echo and the nonce."""
    own = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
    kept = [line for line in answer.split("\r\n") if not line.startswith(own)]
    return re.sub(r'nonce="[^"]*"', "nonce", "\n".join(kept))


def test_ten_thousand_guesses_and_a_sweep_teach_nothing_and_a_phone_beside_them_rings(
    space: Namespace, switch: SwitchProcess, phone: PhoneMaker
) -> None:
    vera, boris = phone("103"), phone("102")
    with scanner(space, SCANNER) as sock:
        sock.sendto(request("REGISTER", "101", SCANNER), SWITCH)
        nonce = re.search(r'nonce="([^"]*)"', until(lambda: answers(sock))[0])
        assert nonce is not None
        seen: list[str] = []
        for number in range(GUESSES):
            sock.sendto(request("REGISTER", "101", SCANNER, guess(nonce[1])), SWITCH)
            if number == GUESSES // 2:
                vera.command("dial", "102")
                boris.until("CALL_INCOMING")
                boris.command("accept")
                vera.until("CALL_ESTABLISHED")
            if number % 500 == 0:
                seen += answers(sock)
        until(lambda: take(sock, seen))
        assert 1 <= len(seen) <= 11
        assert {answer[:11] for answer in seen} == {"SIP/2.0 401"}
    vera.command("hangup")
    boris.until("CALL_CLOSED")
    with scanner(space, "127.0.9.10") as sock:
        for extension in [*range(100, 400), *range(9000, 9700)]:
            for method in ("INVITE", "OPTIONS", "REGISTER"):
                sock.sendto(request(method, str(extension), "127.0.9.10"), SWITCH)
        swept: list[str] = []
        for method in ("INVITE", "REGISTER"):
            until(lambda: of_method(take(sock, swept), method))  # noqa: B023  # asked at once
            assert len({shape(answer) for answer in of_method(swept, method)}) == 1
        assert len(swept) <= 250
    bans = until(lambda: len(found := json.loads(switch.cli("bans", "list", "--json"))) == 2 and found)
    assert {(ban["source"], ban["reason"]) for ban in bans or ()} == {
        (SCANNER, "guessing"),
        ("127.0.9.10", "flooding"),
    }
    log = switch.log()
    assert nonce[1] not in log
    assert "secret-" not in log
    assert SCANNER in switch.cli("bans", "lift", SCANNER)
    with scanner(space, SCANNER) as sock:
        sock.sendto(request("REGISTER", "101", SCANNER), SWITCH)
        assert until(lambda: answers(sock))[0].startswith("SIP/2.0 401")
    switch.until_at_rest()
