"""The jitter ring of one leg, packet by packet and cell by cell: what the vectorised one must equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from softswitch.media.worker.mixing import ring

NOTHING: Final = (0, b"")


@dataclass
class ScalarRing:
    """One leg's packets on their way to being heard.

    Attributes:
        row: of the leg: it says in which frame the leg is judged.
        octets: by code, the octets of a cell.
        units: timestamp units of a cell.
    """

    row: int
    octets: dict[int, int]
    units: int = 80
    cells: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """By number, what waits: code and payload."""
    played: set[int] = field(default_factory=set)
    """Numbers of cells that were heard, as far back as anybody asks."""
    head: int = 0
    turn: int = 0
    stream: int = 0
    offsets: list[int] = field(default_factory=list)
    """Of the packets in this window."""
    shift: int = 0
    late_in_window: int = 0
    astray: int = 0
    empty: int = ring.QUIET
    late: int = 0
    missing: int = 0
    frame: int = 0

    def put(self, code: int, timestamp: int, stream: int, payload: bytes) -> None:
        """Take a packet."""
        if stream != self.stream:
            self.begin(timestamp)
            self.stream = stream
        difference = (timestamp - self.turn) % (1 << 32)
        if difference >= 1 << 31:
            difference -= 1 << 32
        offset = difference // self.units
        if not 0 <= offset < ring.AHEAD:
            placed = self.place_odd(offset, timestamp)
            if placed is None:
                return
            offset = placed
        else:
            self.astray = 0
        self.offsets.append(offset)
        width = self.octets[code]
        for number in range(len(payload) // width):
            if 0 <= offset + number < ring.AHEAD:
                cell = payload[number * width : (number + 1) * width]
                self.cells[self.head + offset + number] = (code, cell)

    def place_odd(self, offset: int, timestamp: int) -> int | None:
        """See to a packet that is late or early beyond all measure; return its offset, None to drop it."""
        remembered = offset >= -ring.AHEAD
        if offset < 0 and remembered and self.head + offset in self.played:
            return None
        if offset < 0:
            self.late += 1
            if remembered:
                self.late_in_window += 1
                if self.late_in_window >= ring.LATE_PACKETS and max(self.offsets, default=-1) < ring.MOST_DELAY:
                    self.shift = -1
        self.astray += 1
        if self.astray >= ring.ASTRAY or (self.empty >= ring.QUIET and not (offset < 0 and remembered)):
            self.begin(timestamp)
            return ring.START
        return offset if offset < 0 and remembered else None

    def begin(self, timestamp: int) -> None:
        """Forget what waits and give this packet its turn."""
        self.cells.clear()
        self.played.clear()
        self.turn = (timestamp - ring.START * self.units) % (1 << 32)
        self.offsets.clear()
        self.shift = self.late_in_window = self.astray = 0

    def take(self) -> list[tuple[int, bytes]]:
        """Return the two cells whose turn it is: code and payload, or nothing."""
        frame = []
        if self.shift > 0:
            self.cells.pop(self.head, None)
            self.played.discard(self.head)
        first = self.head + self.shift
        for number in (first, first + 1):
            cell = self.cells.pop(number, NOTHING)
            self.played.discard(number)
            if cell is NOTHING:
                self.empty += 1
            else:
                self.played.add(number)
                self.missing += self.empty if self.empty < ring.QUIET else 0
                self.empty = 0
            frame.append(cell)
        self.head = first + 2
        self.turn = (self.turn + (2 + self.shift) * self.units) % (1 << 32)
        self.shift = 0
        self.judge()
        return frame

    def judge(self) -> None:
        """Set right the delay when the window is over."""
        self.frame += 1
        if (self.row + self.frame) % ring.WINDOW:
            return
        least, most = min(self.offsets, default=None), max(self.offsets, default=-1)
        if least is None:
            self.shift = 0
        elif least < ring.LEAST and most < ring.MOST_DELAY:
            self.shift = -1
        else:
            self.shift = 1 if least >= ring.SPARE else 0
        self.offsets.clear()
        self.late_in_window = 0
