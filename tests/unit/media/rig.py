"""A relay without sockets: packets are handed to rows and come out as lists by listener."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Final, NamedTuple

import numpy as np
import pytest

from softswitch.media.engine import Format
from softswitch.media.loops.compiling import functions
from softswitch.media.loops.found import Loops
from softswitch.media.worker.io_backend import Received
from softswitch.media.worker.ledger import Ledger
from softswitch.media.worker.relay import Relay
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import AUDIO, NEVER, TELEPHONE_EVENT, Indices, Lengths, Rows, To
from softswitch.media.worker.sweep import Sweeper

PCMU = Format("PCMU", 8000, 1, 0, 0)
PCMA = Format("PCMA", 8000, 1, 8, 8)
EVENT_101 = Format("telephone-event", 8000, 1, 101, 101)


class Way:
    """How the relays of the test that runs do their work: with numpy, or in these loops."""

    loops: Loops | None = None


LOOPS: Final = SimpleNamespace(**{name: function for name, (function, _) in functions().items()})
"""As plain Python."""


@pytest.fixture(params=[None, LOOPS], ids=["numpy", "loops"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test both ways."""
    monkeypatch.setattr(Way, "loops", request.param)


class Header(NamedTuple):
    """What a listener sees."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def rtp(
    sequence: int,
    timestamp: int | None = None,
    *,
    payload_type: int = 0,
    ssrc: int = 7,
    payload: bytes = b"sound",
    marker: bool = False,
    first: int = 0x80,
) -> bytes:
    """Build a packet; its timestamp follows from the sequence number unless it is said."""
    stamp = sequence * 160 if timestamp is None else timestamp
    second = marker << 7 | payload_type
    return struct.pack("!BBHII", first, second, sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc) + payload


def read(packet: bytes) -> Header:
    """Read a plain packet."""
    first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
    assert first == 0x80
    return Header(second > 0x7F, second & 0x7F, sequence, timestamp, ssrc, packet[12:])


@dataclass
class MemoryBackend:
    """An I/O backend whose sockets are lists."""

    state: Rows
    waiting: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    failing: set[int] = field(default_factory=set)
    sweeps: list[list[int]] = field(default_factory=list)
    name: str = "memory"

    def receive(self, rows: Indices) -> Received:
        self.sweeps.append(rows.tolist())
        found = [row for row in rows.tolist() if self.waiting[row]]
        lengths = []
        for row in found:
            packet = self.waiting[row].pop(0)
            self.state.octets[row, : len(packet)] = np.frombuffer(packet, np.uint8)
            lengths.append(len(packet))
        missed = [row for row in rows.tolist() if row not in found]
        return Received(np.array(found, np.intp), np.array(lengths, np.int64), np.array(missed, np.intp))

    def send(self, listeners: Indices, sources: Indices, lengths: Lengths) -> Indices:
        for listener, source, length in zip(listeners.tolist(), sources.tolist(), lengths.tolist(), strict=True):
            if listener not in self.failing:
                self.sent[listener].append(self.state.octets[source, :length].tobytes())
        return np.array([row for row in listeners.tolist() if row in self.failing], np.intp)


class Rig:
    """Rows, routes and a relay over a :class:`MemoryBackend`."""

    def __init__(self, capacity: int = 8) -> None:
        self.state = Rows(capacity, Way.loops)
        self.routes = Routes(self.state)
        self.backend = MemoryBackend(self.state)
        self.events: list[tuple[int, bytes, int, int, bool]] = []
        self.reports: list[tuple[int, bytes]] = []
        self.strange: list[tuple[int, int]] = []
        self.unlatched: list[tuple[int, bytes]] = []
        self.ledger = Ledger(self.state)
        self.relay = Relay(
            self.state,
            self.routes,
            self.ledger,
            self.backend,  # type: ignore[arg-type]  # attaches nothing
            on_event=lambda *event: self.events.append(event),
            on_report=lambda *report: self.reports.append(report),
            on_strange=lambda *sound: self.strange.append(sound),
            send_unlatched=self._send_unlatched,
        )
        self.sweeper = Sweeper(self.state, self.backend, self.relay)  # type: ignore[arg-type]  # as above

    def _send_unlatched(self, row: int, packet: bytes) -> bool:
        self.unlatched.append((row, packet))
        return True

    def leg(self, *types: int, event_type: int | None = None) -> int:
        """Take a row whose phone sends these payload types."""
        row = self.state.take()
        self.state.kinds[row, list(types or (0,))] = AUDIO
        if event_type is not None:
            self.state.kinds[row, event_type] = TELEPHONE_EVENT
        self.state.sending[row, To.SSRC] = 0xABC0 + row
        self.state.connect(row)
        self.state.due[row] = NEVER
        self.ledger.open(row, sequence=100 * row, timestamp=1000 * row)
        return row

    def hear(self, listener: int, source: int, types: dict[int, int] | None = None) -> None:
        """Let a listener hear a source, with its own numbers for payload types."""
        for received, sent in (types or {0: 0}).items():
            self.state.maps[listener, received] = sent << 16
        self.routes.set_listeners(source, [listener])

    def take(self, row: int, *packets: bytes, now: float = 0.0) -> None:
        """Let packets come to a row."""
        self.relay.take({row: packets}, now=now)

    def heard(self, listener: int) -> list[Header]:
        """Return what a listener got so far."""
        return [read(packet) for packet in self.backend.sent[listener]]
