"""Calls at the moment when the switch stops: both sides are told, and the record is written."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
from pathlib import Path

import pytest

from softswitch.directory.demo import demo_accounts
from softswitch.sip.auth.client import authorize
from tests.integration.run.conftest import Start

pytestmark = pytest.mark.network
HOST = "127.0.54.1"
PHONE = "127.0.54.2"
TARGET = f"sip:*99@{HOST}"


class EchoCaller:
    """A caller in few lines: INVITE with digest, ACK, and an answer to BYE."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((PHONE, 5060))
        self.socket.settimeout(20)

    def send(self, method: str, number: int, to_tag: str = "", authorization: str = "", sdp: str = "") -> None:
        lines = [
            f"{method} {TARGET} SIP/2.0",
            f"Via: SIP/2.0/UDP {PHONE}:5060;branch=z9hG4bK{method}{number}",
            f"From: <sip:101@{HOST}>;tag=caller",
            f"To: <{TARGET}>{to_tag}",
            "Call-ID: farewell",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            f"Contact: <sip:101@{PHONE}:5060>",
            *([f"Authorization: {authorization}"] if authorization else []),
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp)}",
            "",
            sdp,
        ]
        self.socket.sendto("\r\n".join(lines).encode(), (HOST, 5060))

    def await_message(self, start: str) -> str:
        """Return the next message that begins so; whatever else comes is passed over."""
        while not (message := self.socket.recv(65536).decode()).startswith(start):
            pass
        return message

    def call(self) -> None:
        sdp = f"v=0\r\no=- 1 1 IN IP4 {PHONE}\r\ns=-\r\nc=IN IP4 {PHONE}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
        self.send("INVITE", 1, sdp=sdp)
        refused = self.await_message("SIP/2.0 401")
        tag = re.search(r"^To:.*(;tag=[^\r]+)", refused, re.MULTILINE)
        self.send("ACK", 1, tag[1] if tag else "")
        challenge = re.search(r"^WWW-Authenticate: ([^\r]+)", refused, re.MULTILINE)
        assert challenge is not None
        answer = authorize(challenge[1], "101", self.password, "INVITE", TARGET, cnonce="abc")
        self.send("INVITE", 2, authorization=answer, sdp=sdp)
        accepted = self.await_message("SIP/2.0 200")
        tag = re.search(r"^To:.*(;tag=[^\r]+)", accepted, re.MULTILINE)
        self.send("ACK", 2, tag[1] if tag else "")

    def answer(self, request: str) -> None:
        """Answer 200 with the headers that an answer repeats."""
        kept = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):[^\r]*\r\n", request, re.MULTILINE)
        self.socket.sendto(("SIP/2.0 200 OK\r\n" + "".join(kept) + "Content-Length: 0\r\n\r\n").encode(), (HOST, 5060))


def test_a_call_is_ended_politely_when_the_switch_stops(start: Start) -> None:
    switch = start(HOST)
    switch.until_ready()
    passwords = {row[0]: row[2] for row in demo_accounts(switch.directory / "var" / "demo" / "site.yaml")}
    caller = EchoCaller(passwords["101"])
    with caller.socket:
        caller.call()
        switch.until(lambda: switch.status()["calls"] == 1)
        switch.process.send_signal(signal.SIGINT)
        bye = caller.await_message("BYE")
        assert "\r\nReason: " in bye
        caller.answer(bye)
    assert switch.process.wait(20) == 0
    assert record(switch.directory) == ("101", "*99", True)
    assert "Traceback" not in switch.log()


def record(directory: Path) -> tuple[str, str, bool]:
    database = sqlite3.connect(directory / "var" / "softswitch.db")
    ((caller, dialled, ended),) = database.execute("SELECT from_number, to_number, ended_at FROM conversations")
    database.close()
    return caller, dialled, ended is not None
