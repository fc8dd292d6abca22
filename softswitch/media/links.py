"""Links: legs that live in different workers hear each other through pairs of internal legs between the workers.

Each worker sees a part of the room: its own legs, and the ends of the lines to the other workers' parts
(:mod:`softswitch.media.parts`). The ends are legs like any other, on loopback ports. Where a room is two legs that hear
each other, the ends speak the codec that the phones share, so that both workers relay; in every other they speak L16 at
16 kHz, and each worker mixes. Keys go over a link beside the sound, whatever the phones have agreed upon: the worker at
the other end gives them to its phone in the way that this one understands. Nothing of a link is a fact: whoever asks
for the room again gets it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from softswitch.media.engine import EVERYBODY, Format, Hear, LegOpened, LegRefused, MediaEvent, OpenLeg, Stream
from softswitch.media.parts import Line, parts_of
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)

PREFIX: Final = "link "
"""Before the names of links' ends: no conversation's id has a blank."""
LOOPBACK: Final = "127.0.0.1"
_SPEECH, _EVENTS = 96, 101
"""Payload types on links."""
EVENT: Final = "telephone-event"
_WIDE: Final = (Format("L16", 16000, 1, _SPEECH, _SPEECH), Format(EVENT, 16000, 1, _EVENTS, _EVENTS))


class Workers(Protocol):
    """What links need of the engine; ``worker`` is a worker's number."""

    def open_end(self, worker: int, order: OpenLeg) -> None:
        """Ask a worker for the port of a link's end."""
        ...

    def aim_end(self, worker: int, name: str, stream: Stream) -> None:
        """Say where an end's sound comes from and goes to."""
        ...

    def close_end(self, worker: int, name: str) -> None:
        """Give an end's port back."""
        ...

    def seat(self, worker: int, room: str, rows: Sequence[Hear]) -> None:
        """Say who hears whom in a worker's part of a room."""
        ...


@dataclass(slots=True)
class _Link:
    room: str
    line: Line
    pair: tuple[str, str] | None
    """The two legs, where there are no others."""
    formats: tuple[Format, ...]
    ports: list[int] = field(default_factory=lambda: [0, 0])

    def end(self, side: int) -> str:
        return PREFIX + self.line.end_at(self.room, self.line.workers[side])


class Links:
    """All links between the workers of one engine.

    Args:
        workers: carries out what links ask for.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._links: dict[str, dict[Line, _Link]] = {}
        """By room."""
        self._ends: dict[str, tuple[_Link, int]] = {}
        """By name: the link and the side."""
        self._streams: dict[str, Stream] = {}

    def seat(self, room: str, rows: Sequence[Hear], home: Mapping[str, int]) -> None:
        """Let the legs of a room hear each other as its rows say.

        Args:
            room: its name.
            rows: who hears whom.
            home: by leg, its worker; at least two workers.
        """
        parts = parts_of(room, rows, home, PREFIX)
        pair = _pair_of(rows)
        known = self._links.get(room, {})
        for line in [line for line in known if line not in parts.lines]:
            self._end(known.pop(line))
        for line in parts.lines:
            link = known.get(line)
            if link is None:
                link = known[line] = self._begin(room, line)
            link.pair = pair
            self._set_formats(link)
        if known:
            self._links[room] = known
        else:
            self._links.pop(room, None)
        for worker, part in parts.rows.items():
            self._workers.seat(worker, room, part)

    def part(self, room: str) -> None:
        """End a room's links, if it has any."""
        for link in self._links.pop(room, {}).values():
            self._end(link)

    def streamed(self, leg: str, stream: Stream) -> None:
        """Note a leg's stream; a link between it and one other follows a change of formats."""
        self._streams[leg] = stream
        for links in self._links.values():
            for link in links.values():
                if link.pair is not None and leg in link.pair:
                    self._set_formats(link)

    def gone(self, leg: str) -> None:
        """Forget a leg."""
        self._streams.pop(leg, None)

    def knows(self, name: str) -> bool:
        """Tell whether a link has an end of that name."""
        return name in self._ends

    def worker_lost(self, worker: int) -> None:
        """Give up the links that lead to a worker; what is left of them at the other ends is closed."""
        for room, links in list(self._links.items()):
            for line in [line for line in links if worker in line.workers]:
                self._end(links.pop(line))
            if not links:
                del self._links[room]

    def takes(self, event: MediaEvent) -> bool:
        """Take an event of a link's end, of which the brain need not know; tell whether it was one."""
        name = getattr(event, "leg", "")
        if not name.startswith(PREFIX):
            return False
        if isinstance(event, LegOpened) and name in self._ends:
            link, side = self._ends[name]
            link.ports[side] = event.port
            self._aim(link)
        elif isinstance(event, LegRefused) and name in self._ends:
            link, _ = self._ends[name]
            _log.error("link.refused", conversation_id=link.room, reason=event.reason)
            self._end(self._links[link.room].pop(link.line))  # it is tried again when the room is said again
        return True

    def _begin(self, room: str, line: Line) -> _Link:
        link = _Link(room, line, None, ())
        for side in (0, 1):
            name = link.end(side)
            self._ends[name] = (link, side)
            self._workers.open_end(line.workers[side], OpenLeg(name, name, LOOPBACK))
        return link

    def _end(self, link: _Link) -> None:
        for side in (0, 1):
            del self._ends[link.end(side)]
            self._workers.close_end(link.line.workers[side], link.end(side))

    def _set_formats(self, link: _Link) -> None:
        link.formats = _WIDE if link.pair is None else self._formats(link.pair)
        self._aim(link)

    def _aim(self, link: _Link) -> None:
        if not all(link.ports):
            return
        for side in (0, 1):
            port = link.ports[1 - side]
            stream = Stream(LOOPBACK, port, port + 1, LOOPBACK, link.formats, receive=True, send=True)
            self._workers.aim_end(link.line.workers[side], link.end(side), stream)

    def _formats(self, legs: tuple[str, str]) -> tuple[Format, ...]:
        """Return what a link speaks: the first codec that both legs have, and keys on its clock."""
        first, second = (self._streams.get(leg) for leg in legs)
        if first is None or second is None:
            return _WIDE
        kinds = {form[:3] for form in second.formats}
        shared = (form for form in first.formats if form[:3] in kinds and form.encoding not in {EVENT, "CN"})
        speech = next(shared, None)
        if speech is None:
            return _WIDE
        keys = Format(EVENT, speech.clock_rate_hz, 1, _EVENTS, _EVENTS)
        return Format(*speech[:3], _SPEECH, _SPEECH), keys


def _pair_of(rows: Sequence[Hear]) -> tuple[str, str] | None:
    """Return the two legs of a room in which two hear each other as they are; None where it is not so."""
    if len(rows) != 2 or any(row.voice != 1.0 or any(gain != 1.0 for gain in row.gains) for row in rows):
        return None
    one, other = rows
    heard = {(row.listener, *row.sources) for row in rows}
    straight = {(one.listener, other.listener), (other.listener, one.listener)}
    equal = {(one.listener, EVERYBODY), (other.listener, EVERYBODY)}
    return (one.listener, other.listener) if heard in (straight, equal) else None
