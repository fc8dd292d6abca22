"""What the brain alone spends on a call and on a registration, in one process: no SIPp, no worker, no network.

The brain, its driver, the media engine and the ring are the product's; phones are templates, time is virtual, and a
worker answers over a real pair of sockets. So a run is the same messages at the same virtual moments each time, and
two figures of it do not hang on what else the machine does: the calls of Python functions, and the interpreter's
instructions. Processor time is printed beside them.

Usage: python -m bench.brain_cost [--calls N] [--rate CALLS_PER_S] [--runs N] [--profile [SORT]]
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import heapq
import itertools
import json
import os
import pstats
import random
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import md5, sha256
from statistics import median
from typing import Any

from softswitch.app.brain import Brain
from softswitch.app.brain_settings import BrainSettings
from softswitch.app.driver import Driver
from softswitch.app.garbage import IdleCollector, freeze
from softswitch.core.ids import Entropy
from softswitch.directory.bans import GuardLimits
from softswitch.directory.site import Number, Site, Trunk, User, make_site
from softswitch.journal.ring import HEADER_OCTETS, RingReader, RingWriter
from softswitch.media import wire
from softswitch.media.engine_process import WorkerEngine
from softswitch.sip.auth.client import authorize
from softswitch.sip.flow import Flow

DOMAIN = "softswitch.local"
SWITCH, CALLER, CALLEE = ("127.0.60.1", 5060), ("127.0.60.2", 5090), ("127.0.60.3", 5070)
USERS = 200
NET_S, ANSWER_S, TALK_S = 0.0002, 0.010, 0.2
"""Virtual seconds: of a message's way, from ringing to the answer, of the talk."""

_SDP = (
    "v=0\r\no=user1 53655765 2353687637 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio 6000 RTP/AVP {formats}\r\na=rtpmap:0 PCMU/8000\r\n{more}"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
)
OFFER = _SDP.format(host=CALLER[0], formats="0 8 101", more="a=rtpmap:8 PCMA/8000\r\n")
ANSWER = _SDP.format(host=CALLEE[0], formats="0 101", more="")


class VirtualClock:
    """Both faces of virtual time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now


@dataclass(slots=True)
class Handle:
    """A timer of the loop below."""

    at: float
    work: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Spent:
    """What was spent inside of the brain."""

    cpu_s: float = 0.0
    turns: int = 0
    wake_ups: int = 0
    facts: int = 0
    octets: int = 0
    sent: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)


class Bench:
    """The brain with everything around it."""

    def __init__(self, meter: Callable[[Callable[[], None]], None]) -> None:
        self.clock = VirtualClock()
        self.spent = Spent()
        self.failed = 0
        self._meter = meter
        self._chance = random.Random(1)  # noqa: S311  # the same run each time
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._answers: dict[str, Callable[[bytes, dict[str, str]], None]] = {}
        memory = os.memfd_create("ring")
        os.ftruncate(memory, HEADER_OCTETS + (8 << 20))
        self._writer, self._reader = RingWriter(memory), RingReader(memory)
        ours, self._worker = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._worker.setblocking(False)
        self.engine = WorkerEngine(
            (ours,),
            lambda event: self.brain.media_event(event),
            soon=lambda work: self.at(0.0, lambda: self.turn(work)),
        )
        self.brain = Brain(
            clock=self.clock,
            entropy=Entropy(self._chance.randbytes),
            settings=BrainSettings(nonce_key=b"n" * 32, media_key=b"m" * 32, guard=GuardLimits(strays=1e9)),
            site=site(),
            media=self.engine,
            send=self._sent,
            journal=self._writer,
        )
        self.driver = Driver(self, self.clock, self.brain, IdleCollector())  # type: ignore[arg-type]  # its one method
        self._ports = itertools.cycle(range(16384, 32768, 2))
        self._event_number = 0
        self._worker.send(wire.pack(("hello", wire.PROTOCOL, wire.PRODUCT, 0, "bench")))
        self._worker.send(wire.pack_lists(("state", False), [], []))
        self.turn(lambda: self.engine.readable(0))
        self.driver.in_turn(self.brain.serve)
        self.spent = Spent()

    # The loop

    def call_later(self, delay_s: float, work: Callable[[], None]) -> Handle:
        """Be the driver's loop."""
        handle = Handle(self.clock.now + delay_s, work)
        self.at(delay_s, lambda: self._wake(handle))
        return handle

    def _wake(self, handle: Handle) -> None:
        if not handle.cancelled:
            self.spent.wake_ups += 1
            self._meter(handle.work)
            self._after_turn()

    def at(self, delay_s: float, work: Callable[[], None]) -> None:
        """Do something later."""
        heapq.heappush(self._events, (self.clock.now + delay_s, next(self._order), work))

    def run(self, limit_s: float = float("inf")) -> None:
        """Let time pass until nothing is left, or so long."""
        until = self.clock.now + limit_s
        while self._events and self._events[0][0] <= until:
            self.clock.now, _, work = heapq.heappop(self._events)
            work()

    def turn(self, work: Callable[[], Any]) -> None:
        """Do something in the brain, and end the turn."""
        self._meter(lambda: self.driver.in_turn(work))
        self._after_turn()

    def _after_turn(self) -> None:
        self.spent.turns += 1
        self._serve_media()
        for record in self._reader.read():
            self.spent.facts += 1
            self.spent.octets += len(record)
        self._reader.release(self._writer.last_sequence)

    # The worker

    def _serve_media(self) -> None:
        events: list[tuple[Any, ...]] = []
        while True:
            try:
                message = wire.unpack(self._worker.recv(wire.RECEIVE_OCTETS))
            except BlockingIOError:
                break
            for command in message[2] if message[0] == "do" else ():
                if command[0] == "open":
                    events.append(("leg-opened", command[1], command[3], next(self._ports)))
                elif command[0] == "close":
                    events.append(("leg-closed", command[1], (0,) * 13))
        if events:
            packed = []
            for event in events:
                self._event_number += 1
                packed.append(wire.pack((self._event_number, *event)))
            data = wire.pack_lists(("events",), packed)
            self.at(NET_S, lambda: self._tell(data))

    def _tell(self, data: bytes) -> None:
        self._worker.send(data)
        self.turn(lambda: self.engine.readable(0))

    # The network

    def arrive(self, data: bytes, source: tuple[str, int]) -> None:
        """Let a datagram come."""
        self.turn(lambda: self.brain.receive(data, Flow("udp", SWITCH, source)))

    def _sent(self, flow: Flow, data: bytes) -> None:
        self.spent.sent += 1
        self.at(NET_S, lambda: self._delivered(flow.remote, data))

    def _delivered(self, to: tuple[str, int], data: bytes) -> None:
        head = fields(data)
        if to == CALLEE and "Expires" not in head and not head["CSeq"].endswith("REGISTER"):
            self._callee(data, head)
        else:
            self._answers[head["Call-ID"]](data, head)

    # Phones

    def register(self, number: int, source: tuple[str, int], call_id: str) -> None:
        """Register a user's phone as SIPp does it: challenged, then accepted."""

        def ask(cseq: int, proof: str) -> None:
            self.arrive(
                f"REGISTER sip:{SWITCH[0]} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {source[0]}:{source[1]};branch=z9hG4bK{call_id}{cseq};rport\r\nMax-Forwards: 70\r\n"
                f"From: <sip:{number}@{DOMAIN}>;tag=t{call_id}\r\nTo: <sip:{number}@{DOMAIN}>\r\n"
                f"Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{number}@{source[0]}:{source[1]}>\r\n"
                f"{proof}Expires: 3600\r\nContent-Length: 0\r\n\r\n".encode(),
                source,
            )

        def answered(data: bytes, head: dict[str, str]) -> None:
            if data.startswith(b"SIP/2.0 401"):
                value = authorize(
                    head["WWW-Authenticate"], str(number), "secret", "REGISTER", f"sip:{SWITCH[0]}", cnonce="7a1b2c3d"
                )
                ask(2, f"Authorization: {value}\r\n")
            else:
                self.failed += not data.startswith(b"SIP/2.0 200")
                del self._answers[call_id]

        self._answers[call_id] = answered
        ask(1, "")

    def call(self, number: int) -> None:
        """Call as SIPp's caller does: answered, talked a moment, hung up."""
        call_id = f"{number}-4711@{CALLER[0]}"
        state = {"to": f"<sip:5000@{SWITCH[0]}>", "target": f"sip:5000@{SWITCH[0]}:{SWITCH[1]}"}

        def request(method: str, cseq: int, uri: str, more: str = "", body: str = "") -> None:
            self.arrive(
                f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {CALLER[0]}:{CALLER[1]};branch=z9hG4bK-17-{number}-{method}{cseq}\r\n"
                f'Max-Forwards: 70\r\nFrom: "Load" <sip:+74950000000@{CALLER[0]}:{CALLER[1]}>;tag=17c{number}\r\n'
                f"To: {state['to']}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{more}"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode(),
                CALLER,
            )

        def answered(data: bytes, head: dict[str, str]) -> None:
            if data.startswith(b"SIP/2.0 1"):
                return
            if not data.startswith(b"SIP/2.0 200"):
                self.failed += 1
                del self._answers[call_id]
            elif head["CSeq"] == "1 INVITE":
                state["to"] = head["To"]
                request("ACK", 1, head["Contact"].strip("<>"))
                self.at(TALK_S, lambda: request("BYE", 2, state["target"]))
            else:
                del self._answers[call_id]

        self._answers[call_id] = answered
        contact = f"Contact: <sip:load@{CALLER[0]}:{CALLER[1]}>\r\nContent-Type: application/sdp\r\n"
        request("INVITE", 1, state["target"], contact, OFFER)

    def _callee(self, data: bytes, head: dict[str, str]) -> None:
        tag = "" if ";tag=" in head["To"] else f";tag=99a{head['Call-ID'][:6]}"
        copied = (
            f"Via: {head['Via']}\r\nFrom: {head['From']}\r\nTo: {head['To']}{tag}\r\n"
            f"Call-ID: {head['Call-ID']}\r\nCSeq: {head['CSeq']}\r\n"
        )
        contact = f"Contact: <sip:{CALLEE[0]}:{CALLEE[1]};transport=UDP>\r\n"
        if data.startswith(b"INVITE"):
            ringing = f"SIP/2.0 180 Ringing\r\n{copied}{contact}Content-Length: 0\r\n\r\n"
            taken = (
                f"SIP/2.0 200 OK\r\n{copied}{contact}Content-Type: application/sdp\r\n"
                f"Content-Length: {len(ANSWER)}\r\n\r\n{ANSWER}"
            )
            self.at(NET_S, lambda: self.arrive(ringing.encode(), CALLEE))
            self.at(ANSWER_S, lambda: self.arrive(taken.encode(), CALLEE))
        elif data.startswith(b"BYE"):
            self.at(NET_S, lambda: self.arrive(f"SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n".encode(), CALLEE))


def fields(data: bytes) -> dict[str, str]:
    """Read a message of the switch's, which is well written."""
    lines = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def site() -> Site:
    """Return the site of the benchmark with SIPp."""
    users = []
    for number in range(2000, 2000 + USERS):
        text = f"{number}:{DOMAIN}:secret".encode()
        users.append(User(f"u{number}", str(number), "", md5(text).hexdigest(), sha256(text).hexdigest()))  # noqa: S324
    return make_site(
        DOMAIN, users, [Number("5000", "user", "u2000")], [Trunk("load", CALLER[0], CALLER[1], "udp", any_port=False)]
    )


class CpuMeter:
    """Adds up processor time."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    def __call__(self, work: Callable[[], None]) -> None:
        began = time.process_time()
        work()
        self.spent_s += time.process_time() - began


class CountMeter:
    """Counts the calls of functions (Python's, and the interpreter's own) and the instructions of Python's."""

    def __init__(self, *, instructions: bool) -> None:
        self.python = self.native = self.instructions = 0
        self._instructions = instructions

    def __call__(self, work: Callable[[], None]) -> None:
        if self._instructions:
            sys.settrace(self._enter)
        else:
            sys.setprofile(self._count)
        try:
            work()
        finally:
            sys.settrace(None)
            sys.setprofile(None)

    def _count(self, _frame: object, event: str, _argument: object) -> None:
        if event == "call":
            self.python += 1
        elif event == "c_call":
            self.native += 1

    def _enter(self, frame: Any, _event: str, _argument: object) -> Callable[..., Any]:  # noqa: ANN401
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._step

    def _step(self, _frame: object, event: str, _argument: object) -> Callable[..., Any]:
        self.instructions += event == "opcode"
        return self._step


class ProfileMeter:
    """Profiles."""

    def __init__(self) -> None:
        self.profile = cProfile.Profile()

    def __call__(self, work: Callable[[], None]) -> None:
        self.profile.runcall(work)


def measured_calls(meter: Callable[[Callable[[], None]], None], count: int, rate: float) -> Bench:
    """Make calls at a rate until the last one's timers have run out."""
    bench = Bench(meter)
    bench.register(2000, CALLEE, "callee")
    bench.run(0.1)
    for number in range(count):
        bench.at(number / rate, partial(bench.call, number))
    bench.run(count / rate + 40.0)
    left = {name: value for name, value in bench.brain.counts().items() if value and name != "registrations"}
    if bench.failed or left:
        raise RuntimeError(f"{bench.failed} calls failed; left {left}")
    return bench


def measured_registrations(meter: Callable[[Callable[[], None]], None], count: int, rate: float) -> Bench:
    """Register phones of many users in turn."""
    bench = Bench(meter)
    for number in range(count):
        who = 2001 + number % (USERS - 1)
        bench.at(number / rate, partial(bench.register, who, (CALLER[0], 5094), f"r{number}"))
    bench.run(count / rate + 40.0)
    if bench.failed:
        raise RuntimeError(f"{bench.failed} registrations failed")
    return bench


SCENES: dict[str, Callable[[Callable[[Callable[[], None]], None], int, float], Bench]] = {
    "call": measured_calls,
    "registration": measured_registrations,
}


def counted(name: str, count: int, rate: float) -> dict[str, float]:
    """Return what does not hang on the machine, each for one call or registration."""
    SCENES[name](CpuMeter(), 20, rate)  # what is loaded for the first of them is none of the others' cost
    calls, steps = CountMeter(instructions=False), CountMeter(instructions=True)
    spent = SCENES[name](calls, count, rate).spent
    SCENES[name](steps, count, rate)
    return {
        "python_calls": calls.python / count,
        "native_calls": calls.native / count,
        "instructions": steps.instructions / count,
        "turns": spent.turns / count,
        "wake_ups": spent.wake_ups / count,
        "facts": spent.facts / count,
        "fact_octets": spent.octets / count,
        "messages_sent": spent.sent / count,
    }


def cpu_us(name: str, count: int, rate: float) -> float:
    """Return microseconds of processor time."""
    meter = CpuMeter()
    gc.collect()
    thresholds = gc.get_threshold()
    freeze()
    try:
        SCENES[name](meter, count, rate)
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    return 1e6 * meter.spent_s / count


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--counted", type=int, default=150, help="calls whose functions and instructions are counted")
    parser.add_argument("--rate", type=float, default=150.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=SCENES)
    parser.add_argument("--profile", nargs="?", const="tottime", default="", help="print the profiler's list instead")
    options = parser.parse_args()
    names = [options.only] if options.only else list(SCENES)
    if options.profile:
        for name in names:
            meter = ProfileMeter()
            SCENES[name](meter, options.calls, options.rate)
            pstats.Stats(meter.profile).sort_stats(options.profile).print_stats(70)
        return
    for name in names:
        figures = counted(name, options.counted, options.rate) if options.counted else {}
        times = [cpu_us(name, options.calls, options.rate) for _ in range(options.runs)]
        figures |= {"cpu_us_least": min(times), "cpu_us_median": median(times)} if times else {}
        print(json.dumps({name: {key: round(value, 1) for key, value in figures.items()}}, indent=2), flush=True)


if __name__ == "__main__":
    main()
