"""A media worker as the brain knows it, over its socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from softswitch.media import wire
from softswitch.media.engine import Hear, LegState
from softswitch.media.worker_health import WorkerHealth

_SEND_BUFFER_OCTETS: Final = 4 << 20
UNACKNOWLEDGED: Final = 64
"""Events after which an acknowledgement is sent on its own account; fewer go along with the next notes."""


class WorkerLink:
    """One worker as the brain knows it: its socket, its notes of this turn, its legs."""

    __slots__ = (
        "acknowledged",
        "ahead",
        "backlog",
        "conversations",
        "delivered",
        "differing",
        "full",
        "greeted",
        "health",
        "journaled",
        "named",
        "notes",
        "number",
        "open",
        "opening",
        "parts",
        "product",
        "protocol",
        "retiring",
        "sock",
        "strays",
    )

    def __init__(self, number: int, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_OCTETS)
        self.number = number
        self.sock = sock
        self.open = True
        self.retiring = False
        """Whether another one takes its place once its last leg is gone."""
        self.full = False
        """Whether it is too busy for new conversations."""
        self.greeted = False
        """Whether it said hello. What comes before was meant for an earlier brain, and is told again after."""
        self.protocol = wire.PROTOCOL
        self.product = ""
        self.conversations: dict[str, str] = {}
        """Leg to conversation id."""
        self.opening: set[str] = set()
        """Legs whose order it has not answered: reports that wait to be read were made before it came."""
        self.ahead: dict[str, list[int]] = {}
        """By address, ports that it holds ready."""
        self.notes: list[bytes] = []
        self.backlog: list[bytes] = [wire.pack(("hello", wire.PROTOCOL, wire.PRODUCT))]
        """Messages that the socket had no room for."""
        self.delivered = 0
        """Number of the last event that was handed to the brain."""
        self.journaled = 0
        """Number of the last event that the brain has kept."""
        self.acknowledged = 0
        """Number of the last event that the worker was told it may forget."""
        self.health = WorkerHealth(number, 0, 0.0, 0)
        self.named: set[str] = set()
        """Legs that it named so far in the report that is coming in."""
        self.differing: set[str] = set()
        """Legs that it or the brain did not know at its last report."""
        self.strays: set[str] = set()
        """Links' ends that no link knew at its last report: what an earlier brain left."""
        self.parts: tuple[list[LegState], list[tuple[str, tuple[Hear, ...]]]] = ([], [])

    @property
    def takes_legs(self) -> bool:
        """Whether new conversations may be placed here."""
        return self.open and not self.retiring and self.protocol == wire.PROTOCOL

    def take_ahead(self, address: str) -> int:
        """Return a port that it holds ready and nobody else gets; 0 where there is none, or orders wait to be sent."""
        ports = self.ahead.get(address)
        return ports.pop() if ports and not self.backlog else 0

    def note(self, command: wire.Values) -> None:
        """Note a command for the end of the turn."""
        self.notes.append(wire.pack(command))

    def queue_notes(self) -> None:
        """Make messages of this turn's notes, and of an acknowledgement where many events wait for one."""
        if not self.notes and self.journaled - self.acknowledged < UNACKNOWLEDGED:
            return
        notes, self.notes = self.notes, []
        self.acknowledged = self.journaled
        head = ("do", self.acknowledged)
        self.backlog += [wire.pack_lists(head, group) for group in wire.grouped(notes)]

    def drain(self, on_blocked: Callable[[int], None] | None) -> None:
        """Send what waits, until the socket is full: ``on_blocked`` is told then."""
        while self.open and self.backlog:
            try:
                self.sock.send(self.backlog[0])
            except BlockingIOError:
                if on_blocked is not None:
                    on_blocked(self.number)
                return
            except OSError:
                # The end of the socket is read as well, and whoever reads tells of the loss, once.
                return
            del self.backlog[0]
