"""A leg as its worker knows it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from softswitch.media.engine import DigitPressed, Stream
from softswitch.media.worker.guard import Guard, Tally
from softswitch.media.worker.key_track import KeyTrack
from softswitch.media.worker.latching import Endpoint, Latch
from softswitch.media.worker.track import Track
from softswitch.rtp.telephone_event import EventReceiver


@dataclass(slots=True)
class ReportState:
    """What a leg's reports (RTCP) have to remember."""

    canonical_name: str
    description: bytes = b""
    """The name as it is sent with every report (SDES), once one was sent."""
    source: Endpoint | None = None
    """Where the phone's reports come from, once one came."""
    made: int = 0
    """How many were made."""
    phone_ssrc: int = 0
    phone_report: int = 0
    """The middle of the NTP time of the phone's last sender report; 0 before the first."""
    phone_report_at: float = 0.0
    stream: int = 0
    """The stream that the two numbers below count."""
    expected_before: int = 0
    received_before: int = 0
    sent_before: int = 0
    heard_of_us: bool = False
    """Whether a report of the phone told of our packets."""
    lost_by_phone: int = 0
    jitter_at_phone_rtp: int = 0
    discarded_by_phone: float = 0.0
    """Share of packets that came to it too late, where its extended reports tell."""
    round_trip_s: float = 0.0


@dataclass(slots=True, eq=False)
class Leg:
    """One leg: its sockets, its row, and what was said of it."""

    name: str
    conversation_id: str
    address: str
    port: int
    row: int
    catch_all: socket.socket
    reports_socket: socket.socket
    reports: ReportState
    latch: Latch = field(default_factory=Latch)
    stream: Stream | None = None
    twin: socket.socket | None = None
    """The connected socket, from the latching on."""
    events: EventReceiver = field(default_factory=EventReceiver)
    track: Track | KeyTrack | None = None
    """What it hears in the place of its room."""
    guard: Guard | None = None
    """Encrypts and decrypts its packets; None where nothing is encrypted."""
    tally: Tally = field(default_factory=Tally)
    closed: bool = False
    keys: int = 0
    """How many keys were told."""
    alive_at: float = 0.0
    """Monotonic: when its stream was set last, a report came, or its silence was told."""

    def pressed(self, digit: str) -> DigitPressed:
        """Count a key, and return what is told of it."""
        self.keys += 1
        return DigitPressed(self.name, digit, self.keys)

    @property
    def may_receive(self) -> bool:
        """Whether the phone may send to us now."""
        return self.stream is not None and self.stream.receive

    @property
    def may_send(self) -> bool:
        """Whether packets may go to the phone now, and there is an address for them."""
        return self.stream is not None and self.stream.send and self.latch.destination is not None
