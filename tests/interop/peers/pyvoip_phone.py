"""A phone made of pyVoIP, which is under the GPL: a program of its own that tests start and talk to by its output.

It registers, calls or answers one call, says a tone, keeps what it hears in a WAV file, and prints one JSON document a
line: ``{"event": "registered"}``, ``called``, ``talking``, ``heard``, ``ended``, ``gone``. A line of
input lets it hang up.
"""

from __future__ import annotations

import argparse
import array
import json
import math
import sys
import threading
import time
import wave
from dataclasses import dataclass
from pathlib import Path

from pyVoIP.VoIP import CallState, PhoneStatus, VoIPCall, VoIPPhone

RATE_HZ = 8000
ENOUGH_S = 2
"""It tells once it has heard so much sound."""
_LIMIT_S = 60.0
_PAUSE_S = 0.3
"""Between the end of a call and the end of the registration: pyVoIP takes a late answer to its BYE for one to that."""


@dataclass(frozen=True)
class Orders:
    """What the command line asks for."""

    server: str
    port: int
    user: str
    password: str
    address: str
    sip_port: int
    tone_hz: float
    heard: Path
    dial: str


def tell(event: str) -> None:
    print(json.dumps({"event": event}), flush=True)  # noqa: T201  # this is what it is for


def tone(frequency_hz: float, seconds: float) -> bytes:
    """Make a tone as pyVoIP wants it: 8 bits a sample, unsigned."""
    step = 2 * math.pi * frequency_hz / RATE_HZ
    return bytes(round(128 + 62 * math.sin(step * n)) for n in range(int(RATE_HZ * seconds)))


def until(condition: CallState | PhoneStatus, what: VoIPCall | VoIPPhone) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while (what.state if isinstance(what, VoIPCall) else what.get_status()) is not condition:
        if time.monotonic() > deadline:
            raise TimeoutError(f"never {condition}")
        time.sleep(0.02)


class Talk:
    """One call, from its answer to its end."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._heard = bytearray()
        self.over = threading.Event()
        self._told_to_hang_up = threading.Event()

    def answer(self, call: VoIPCall) -> None:
        """Take a call; pyVoIP calls this in a thread of its own."""
        tell("called")
        call.answer()
        self.talk(call)

    def talk(self, call: VoIPCall) -> None:
        """Say the tone and listen, until it is told to hang up or the other side does."""
        tell("talking")
        call.write_audio(tone(self._orders.tone_hz, _LIMIT_S))
        threading.Thread(target=self._listen, daemon=True).start()
        deadline, loud = time.monotonic() + _LIMIT_S, 0
        while call.state is CallState.ANSWERED and not self._told_to_hang_up.is_set() and time.monotonic() < deadline:
            frame = call.read_audio(RATE_HZ // 50)
            self._heard += frame
            if any(abs(octet - 128) > 8 for octet in frame):
                loud += 1
                if loud == ENOUGH_S * 50:
                    tell("heard")
        if call.state is CallState.ANSWERED:
            call.hangup()
        self._keep()
        tell("ended")
        self.over.set()

    def _listen(self) -> None:
        if sys.stdin.readline():
            self._told_to_hang_up.set()

    def _keep(self) -> None:
        with wave.open(str(self._orders.heard), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE_HZ)
            out.writeframes(array.array("h", [(octet - 128) * 256 for octet in self._heard]).tobytes())


def run(orders: Orders) -> None:
    talk = Talk(orders)
    phone = VoIPPhone(
        orders.server,
        orders.port,
        orders.user,
        orders.password,
        myIP=orders.address,
        callCallback=talk.answer,
        sipPort=orders.sip_port,
        rtpPortLow=orders.sip_port + 1000,
        rtpPortHigh=orders.sip_port + 1099,
    )
    phone.start()
    try:
        until(PhoneStatus.REGISTERED, phone)
        tell("registered")
        if orders.dial:
            call = phone.call(orders.dial)
            until(CallState.ANSWERED, call)
            talk.talk(call)
        talk.over.wait(_LIMIT_S)
        time.sleep(_PAUSE_S)
    finally:
        phone.stop()
        tell("gone")


def orders_from(words: list[str] | None = None) -> Orders:
    parser = argparse.ArgumentParser()
    for name in ("server", "user", "password", "address"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, default=5060)
    parser.add_argument("--sip-port", type=int, required=True)
    parser.add_argument("--tone-hz", type=float, required=True)
    parser.add_argument("--heard", type=Path, required=True)
    parser.add_argument("--dial", default="")
    return Orders(**vars(parser.parse_args(words)))


if __name__ == "__main__":
    run(orders_from())
