"""A caller in few lines, for tests of the switch's processes."""

from __future__ import annotations

import os
import re
import socket
import ssl
import struct
import time
from pathlib import Path
from typing import Self

from softswitch.directory.demo import demo_accounts
from softswitch.sip.auth.client import authorize
from tests.waiting import PATIENCE_S


class EchoCaller:
    """A caller in few lines: INVITE with digest, ACK, and an answer to BYE."""

    transport = "UDP"

    def __init__(self, directory: Path, host: str, phone: str) -> None:
        passwords = {row[0]: row[2] for row in demo_accounts(directory / "var" / "demo" / "site.yaml")}
        self.directory, self.user = directory, "101"
        self.password, self.host, self.phone = passwords["101"], host, phone
        self.target = f"sip:*99@{host}"
        self.connect()
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((phone, 0))
        self.sent = 0
        self.to_tag, self.media = "", (host, 0)

    def connect(self) -> None:
        """Open the socket that SIP goes over."""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.phone, 5060))
        self.socket.settimeout(PATIENCE_S)

    def transmit(self, message: bytes) -> None:
        """Send a message to the switch."""
        self.socket.sendto(message, (self.host, 5060))

    def receive(self) -> bytes:
        """Return the next message."""
        return self.socket.recv(65536)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.rtp.close()

    def send(self, method: str, number: int, to_tag: str = "", authorization: str = "", sdp: str = "") -> None:
        branch = f"z9hG4bK{'INVITE' if number == 1 else method}{number}"
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/{self.transport} {self.phone}:5060;branch={branch}",
            f"From: <sip:{self.user}@{self.host}>;tag=caller",
            f"To: <{self.target}>{to_tag}",
            f"Call-ID: echo@{self.phone}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            f"Contact: <sip:{self.user}@{self.phone}:5060;transport={self.transport.lower()}>",
            *([f"Authorization: {authorization}"] if authorization else []),
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp)}",
            "",
            sdp,
        ]
        self.transmit("\r\n".join(lines).encode())

    def await_message(self, start: str) -> str:
        """Return the next message that begins so; whatever else comes is passed over."""
        while not (message := self.receive().decode()).startswith(start):
            pass
        return message

    def register(self, number: int) -> None:
        """Register with CSeq numbers from ``number`` on."""
        target, self.target = self.target, f"sip:{self.user}@{self.host}"
        self.send("REGISTER", number)
        refused = self.await_message("SIP/2.0 401")
        challenge = re.search(r"^WWW-Authenticate: ([^\r]+)", refused, re.MULTILINE)
        assert challenge is not None
        proof = authorize(challenge[1], self.user, self.password, "REGISTER", self.target, cnonce="abc")
        self.send("REGISTER", number + 1, authorization=proof)
        self.target = target

    def call(self) -> None:
        """Call the echo test, and be answered."""
        accepted = self.try_call("SIP/2.0 200")
        tag = re.search(r"^To:.*(;tag=[^\r]+)", accepted, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", accepted, re.MULTILINE)
        assert tag is not None
        assert port is not None
        self.to_tag, self.media = tag[1], (self.host, int(port[1]))
        self.send("ACK", 2, self.to_tag)

    def try_call(self, answer: str) -> str:
        """Call the echo test; return the message that begins with ``answer``."""
        at = self.rtp.getsockname()[1]
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {self.phone}\r\ns=-\r\nc=IN IP4 {self.phone}\r\nt=0 0\r\nm=audio {at} RTP/AVP 0\r\n"
        )
        self.send("INVITE", 1, sdp=sdp)
        refused = self.await_message("SIP/2.0 401")
        tag = re.search(r"^To:.*(;tag=[^\r]+)", refused, re.MULTILINE)
        self.send("ACK", 1, tag[1] if tag else "")
        challenge = re.search(r"^WWW-Authenticate: ([^\r]+)", refused, re.MULTILINE)
        assert challenge is not None
        credentials = authorize(challenge[1], "101", self.password, "INVITE", self.target, cnonce="abc")
        self.send("INVITE", 2, authorization=credentials, sdp=sdp)
        return self.await_message(answer)

    def bye(self) -> None:
        """Hang up."""
        self.send("BYE", 3, self.to_tag)

    def rtp_echoes(self) -> None:
        """Send sound until some comes back that was sent now."""
        mark = os.urandom(8)
        self.rtp.settimeout(0.02)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.sent += 1
            head = struct.pack("!BBHII", 0x80, 0, self.sent & 0xFFFF, 160 * self.sent, 77)
            self.rtp.sendto(head + mark + bytes(152), self.media)
            try:
                heard = self.rtp.recv(2048)
            except TimeoutError:
                continue
            if heard[12:20] == mark:
                return
        raise AssertionError("no echo")

    def answer(self, request: str, sdp: str = "") -> None:
        """Answer 200 with the headers that an answer repeats; with a description, to an INVITE."""
        kept = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):[^\r]*\r\n", request, re.MULTILINE)
        if sdp:
            kept = [line.replace("\r", ";tag=callee\r") if line.startswith("To:") else line for line in kept]
            kept.append(f"Contact: <sip:{self.user}@{self.phone}:5060>\r\nContent-Type: application/sdp\r\n")
        self.transmit(("SIP/2.0 200 OK\r\n" + "".join(kept) + f"Content-Length: {len(sdp)}\r\n\r\n{sdp}").encode())

    def heard(self) -> bool:
        """Throw away one message that has come already; tell whether there was one."""
        self.socket.setblocking(False)
        try:
            return bool(self.receive())
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(PATIENCE_S)


class StreamCaller(EchoCaller):
    """The same over TCP, whose connection may be lost and opened again."""

    transport = "TCP"

    def connect(self) -> None:
        """Open a connection; what came over an earlier one is gone."""
        self.socket = socket.create_connection((self.host, 5060), PATIENCE_S, (self.phone, 0))
        self.buffer = b""

    def transmit(self, message: bytes) -> None:
        """Send a message over the connection."""
        self.socket.sendall(message)

    def receive(self) -> bytes:
        """Return the next message of the stream.

        Raises:
            ConnectionError: the connection is gone.
        """
        while True:
            head, found, rest = self.buffer.lstrip(b"\r\n").partition(b"\r\n\r\n")
            length = re.search(rb"\ncontent-length: *(\d+)", head, re.IGNORECASE)
            if found and length and len(rest) >= (size := int(length[1])):
                self.buffer = rest[size:]
                return head + found + rest[:size]
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the switch closed the connection")
            self.buffer += more


class TlsCaller(StreamCaller):
    """The same over TLS, trusting the certificate that the switch made for itself."""

    transport = "TLS"

    def connect(self) -> None:
        """Open a connection; what came over an earlier one is gone."""
        trust = ssl.create_default_context(cafile=self.directory / "var" / "tls" / "certificate.pem")
        trust.check_hostname = False
        plain = socket.create_connection((self.host, 5061), PATIENCE_S, (self.phone, 0))
        self.socket = trust.wrap_socket(plain)
        self.buffer = b""
