"""How soon a waiting caller rings at an agent who becomes free, over real SIP: from the agent's BYE to the next INVITE.

Usage: python -m bench.queue_offer [--agents N] [--waiting N] [--offers N]

Callers wait all the time and hear music. Each agent answers at once, talks for a moment and hangs up; the time runs
from the moment at which the BYE leaves the phone to the one at which the INVITE of the next caller arrives, media port
included: the kernel stamps it, so that the process which plays phones and callers may be slow in reading.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import socket
import statistics
import struct
import time
from pathlib import Path
from random import Random
from typing import Final

from bench.measuring import report
from bench.sip_load import CALLEE, CALLER, SWITCH, running_switch, sipp

AGENT_PORT, TRUNK_PORT, SIP_PORT = 5070, 5090, 5060
SOUND_PORT: Final = 20_000
_STAMPS: Final = 35
"""SO_TIMESTAMPNS, which the socket module does not name; Linux, <asm-generic/socket.h>."""
TALK_S: Final = (0.5, 1.5)
"""Between these: agents who hang up in the same moment wait for one another."""
_HEADER: Final = re.compile(r"^([A-Za-z-]+):[ \t]*(.*)$", re.MULTILINE)
_numbers = itertools.count(1)


def site(agents: int) -> str:
    """Write a site: agents of one queue, which a trunk's number leads to."""
    users = "".join(
        f'  - {{name: u{n}, extension: "{n}", password: secret-{n}, preset: mango}}\n' for n in _extensions(agents)
    )
    members = ", ".join(f"{{user: u{n}}}" for n in _extensions(agents))
    return (
        f"users:\n{users}"
        f'queues:\n  - {{name: support, extension: "700", members: [{members}]}}\n'
        f"trunks:\n  - {{name: load, host: {CALLER}, port: {TRUNK_PORT}, transport: udp}}\n"
        'numbers:\n  - {number: "5700", queue: support}\n'
    )


def write_site(folder: Path, agents: int) -> None:
    """Put that site in the place of the usual one."""
    (folder / "site.yaml").write_text(site(agents))


def _extensions(agents: int) -> range:
    return range(2000, 2000 + agents)


class Message:
    """A message as far as a phone must look into it."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode()
        head = self.text.partition("\r\n\r\n")[0]
        self.start = head.partition("\r\n")[0]
        self.headers = [(name.lower(), value.strip()) for name, value in _HEADER.findall(head)]

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def lines(self, *names: str) -> str:
        return "".join(f"{key}: {value}\r\n" for key, value in self.headers if key in names)


def described(address: str) -> str:
    head = f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
    return f"{head}m=audio {SOUND_PORT} RTP/AVP 0\r\n"


class Peer:
    """An address that speaks SIP with the switch; its sound goes to one port, where nobody listens to it."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self._socket = _bound(address, port)
        self._socket.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)
        self._sound = _bound(address, SOUND_PORT)
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._sound.close()

    def _readable(self) -> None:
        data, ancillary, _, _ = self._socket.recvmsg(65_535, 64)
        seconds, nanoseconds = struct.unpack("@qq", ancillary[0][2])
        self.received(Message(data), seconds + nanoseconds / 1e9)

    def received(self, message: Message, at_s: float) -> None:
        """Take a message that arrived at this wall time."""
        raise NotImplementedError

    def send(self, text: str, body: str = "") -> None:
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._socket.sendto(f"{text}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode(), (SWITCH, SIP_PORT))

    def respond(self, to: Message, status: str, body: str = "") -> None:
        tag = "" if ";tag=" in to.get("to") else ";tag=t"
        lines = to.lines("via", "from", "call-id", "cseq")
        contact = f"Contact: <sip:x@{self.address}:{self.port}>\r\n"
        self.send(f"SIP/2.0 {status}\r\n{lines}To: {to.get('to')}{tag}\r\n{contact}", body)

    def via(self) -> str:
        return (
            f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{next(_numbers)};rport\r\nMax-Forwards: 70\r\n"
        )


class Agents(Peer):
    """All agents' phones."""

    def __init__(self, wanted: int) -> None:
        super().__init__(CALLEE, AGENT_PORT)
        self.taken_s: list[float] = []
        self.done = asyncio.get_running_loop().create_future()
        self._wanted = wanted
        self._chance = Random(1)  # noqa: S311  # a reproducible run is wanted
        self._freed_s: dict[str, float] = {}
        self._calls: dict[str, Message] = {}

    def received(self, message: Message, at_s: float) -> None:
        method = message.start.partition(" ")[0]
        if method == "INVITE":
            self._invited(message, at_s)
        elif method == "ACK":
            invite = self._calls.get(message.get("call-id"))
            if invite is not None:
                asyncio.get_running_loop().call_later(self._chance.uniform(*TALK_S), self._hang_up, invite)
        elif not method.startswith("SIP/"):
            self.respond(message, "200 OK")

    def _invited(self, invite: Message, at_s: float) -> None:
        if invite.get("call-id") in self._calls:
            return  # said again
        self._calls[invite.get("call-id")] = invite
        user = invite.start.partition("sip:")[2].partition("@")[0]
        freed_s = self._freed_s.pop(user, None)
        if freed_s is not None:
            self.taken_s.append(at_s - freed_s)
            if len(self.taken_s) >= self._wanted and not self.done.done():
                self.done.set_result(None)
        self.respond(invite, "200 OK", described(self.address))

    def _hang_up(self, invite: Message) -> None:
        if self._calls.pop(invite.get("call-id"), None) is None:
            return
        target = invite.get("contact").partition("<")[2].partition(">")[0]
        parties = f"From: {invite.get('to')};tag=t\r\nTo: {invite.get('from')}\r\nCall-ID: {invite.get('call-id')}\r\n"
        self._freed_s[invite.start.partition("sip:")[2].partition("@")[0]] = time.time()
        self.send(f"BYE {target} SIP/2.0\r\n{self.via()}{parties}CSeq: 1 BYE\r\n")


class Callers(Peer):
    """As many callers as are to wait; who was served calls again."""

    def __init__(self) -> None:
        super().__init__(CALLER, TRUNK_PORT)
        self._live: dict[str, tuple[str, str]] = {}
        """Where to and between whom, by call."""
        self._calls_again = True

    def stop(self) -> None:
        """Let everybody hang up."""
        self._calls_again = False
        for target, parties in self._live.values():
            self.send(f"BYE {target} SIP/2.0\r\n{self.via()}{parties}CSeq: 2 BYE\r\n")

    def call(self) -> None:
        number = next(_numbers)
        from_ = f"From: <sip:8495{number:07}@x>;tag=c{number}\r\n"
        to = f"To: <sip:5700@{SWITCH}>\r\nCall-ID: c{number}@{self.address}\r\nCSeq: 1 INVITE\r\n"
        contact = f"Contact: <sip:c@{self.address}:{self.port}>\r\n"
        self.send(f"INVITE sip:5700@{SWITCH} SIP/2.0\r\n{self.via()}{from_}{to}{contact}", described(self.address))

    def received(self, message: Message, at_s: float) -> None:
        if message.start.startswith("SIP/2.0 200") and "INVITE" in message.get("cseq"):
            target = message.get("contact").partition("<")[2].partition(">")[0]
            parties = message.lines("from", "to", "call-id")
            self._live[message.get("call-id")] = (target, parties)
            self.send(f"ACK {target} SIP/2.0\r\n{self.via()}{parties}CSeq: 1 ACK\r\n")
        elif message.start.startswith("BYE"):
            self.respond(message, "200 OK")
            self._live.pop(message.get("call-id"), None)
            if self._calls_again:
                self.call()


def _bound(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.bind((address, port))
    return made


def register(directory: Path, agents: int) -> None:
    """Register all phones."""
    users = directory / "agents.csv"
    rows = (f"{n};[authentication username={n} password=secret-{n}];" for n in _extensions(agents))
    users.write_text("SEQUENTIAL\n" + "\n".join(rows) + "\n")
    words = ("-inf", str(users), "-m", str(agents))
    if sipp(directory, *words, scenario="register.xml", address=CALLEE, port=AGENT_PORT)["failed"]:
        raise RuntimeError("the agents could not register")


async def measured(agents: int, waiting: int, offers: int) -> list[float]:
    """Return the times of so many offers in seconds, in order of size."""
    phones, callers = Agents(offers), Callers()
    for _ in range(agents + waiting):
        callers.call()
        await asyncio.sleep(0.02)
    await asyncio.wait_for(phones.done, 600)
    callers.stop()
    await asyncio.sleep(2)
    phones.close()
    callers.close()
    return sorted(phones.taken_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=10)
    parser.add_argument("--waiting", type=int, default=40)
    parser.add_argument("--offers", type=int, default=1000)
    options = parser.parse_args()
    with running_switch(prepare=lambda folder: write_site(folder, options.agents)) as (directory, _):
        register(directory, options.agents)
        config = directory / "softswitch.toml"
        log_in(config, [f"u{n}" for n in _extensions(options.agents)])
        taken = asyncio.run(measured(options.agents, options.waiting, options.offers))
    figures = {name: 1000 * taken[int(len(taken) * part)] for name, part in (("p50", 0.5), ("p99", 0.99))}
    told = {f"{name}_ms": value for name, value in figures.items()}
    report("queue_offer", {"offers": len(taken), "mean_ms": 1000 * statistics.mean(taken), **told})


def log_in(config: Path, users: list[str]) -> None:
    """Log agents in to their queues."""
    import subprocess

    from bench.sip_load import PROGRAM

    for user in users:
        words = [PROGRAM, "agent", "login", user, "--config", str(config)]
        subprocess.run(words, check=True, capture_output=True)


if __name__ == "__main__":
    main()
