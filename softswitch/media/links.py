"""Links: two legs that live in different workers hear each other through a pair of internal legs between the workers.

Each worker sees a room of its own: the phone's leg and the link's end. The ends are legs like any other, on loopback
ports, and speak the codec that the phones share, so that both workers relay; where the phones share none, they speak
L16 at 16 kHz and each worker converts. Nothing of a link is a fact: whoever asks for the room again gets it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from softswitch.media.engine import Format, Hear, LegOpened, MediaEvent, OpenLeg, Stream

PREFIX: Final = "link "
"""Before the names of links' ends: no conversation's id has a blank."""
LOOPBACK: Final = "127.0.0.1"
_SPEECH, _EVENTS = 96, 101
"""Payload types on links."""
EVENT: Final = "telephone-event"
_WIDE: Final = (Format("L16", 16000, 1, _SPEECH, _SPEECH),)


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
        """Say who hears whom in a worker's half of a room."""
        ...


@dataclass(slots=True)
class _Link:
    room: str
    legs: tuple[str, str]
    workers: tuple[int, int]
    formats: tuple[Format, ...]
    ports: list[int] = field(default_factory=lambda: [0, 0])

    def end(self, side: int) -> str:
        return f"{PREFIX}{self.room} {side + 1}"


class Links:
    """All links between the workers of one engine.

    Args:
        workers: carries out what links ask for.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._links: dict[str, _Link] = {}
        self._streams: dict[str, Stream] = {}

    def join(self, room: str, legs: tuple[str, str], workers: tuple[int, int]) -> None:
        """Let two legs of different workers hear each other."""
        known = self._links.get(room)
        formats = self._formats(legs)
        if known is not None and (known.legs, known.workers) != (legs, workers):
            self.part(room)
            known = None
        if known is None:
            known = self._links[room] = _Link(room, legs, workers, formats)
        known.formats = formats
        for side in (0, 1):
            name = known.end(side)
            self._workers.open_end(workers[side], OpenLeg(name, name, LOOPBACK))
            rows = (Hear(legs[side], (name,)), Hear(name, (legs[side],)))
            self._workers.seat(workers[side], room, rows)

    def part(self, room: str) -> None:
        """End a room's link, if it has one."""
        link = self._links.pop(room, None)
        for side in (0, 1) if link is not None else ():
            assert link is not None  # noqa: S101  # for the type checker
            self._workers.close_end(link.workers[side], link.end(side))

    def streamed(self, leg: str, stream: Stream) -> None:
        """Note a leg's stream; a link of it follows a change of formats."""
        self._streams[leg] = stream
        for link in self._links.values():
            if leg in link.legs:
                link.formats = self._formats(link.legs)
                self._aim(link)

    def gone(self, leg: str) -> None:
        """Forget a leg."""
        self._streams.pop(leg, None)

    def worker_lost(self, worker: int) -> None:
        """Give up the links that lead to a worker; what is left of them at the other ends is closed."""
        for room in [room for room, link in self._links.items() if worker in link.workers]:
            self.part(room)

    def takes(self, event: MediaEvent) -> bool:
        """Take an event of a link's end, of which the brain need not know; tell whether it was one."""
        name = getattr(event, "leg", "")
        if not name.startswith(PREFIX):
            return False
        room, _, number = name.removeprefix(PREFIX).rpartition(" ")
        link = self._links.get(room)
        if link is not None and isinstance(event, LegOpened):
            link.ports[int(number) - 1] = event.port
            self._aim(link)
        return True

    def _aim(self, link: _Link) -> None:
        if not all(link.ports):
            return
        for side in (0, 1):
            port = link.ports[1 - side]
            stream = Stream(LOOPBACK, port, port + 1, LOOPBACK, link.formats, receive=True, send=True)
            self._workers.aim_end(link.workers[side], link.end(side), stream)

    def _formats(self, legs: tuple[str, str]) -> tuple[Format, ...]:
        """Return what a link speaks: the first codec that both legs have, and keys where both have those."""
        first, second = (self._streams.get(leg) for leg in legs)
        if first is None or second is None:
            return _WIDE
        kinds = {form[:3] for form in second.formats}
        shared = [form for form in first.formats if form[:3] in kinds]
        speech = [form for form in shared if form.encoding not in {EVENT, "CN"}]
        chosen = (Format(*speech[0][:3], _SPEECH, _SPEECH),) if speech else _WIDE
        clock_hz = chosen[0].clock_rate_hz
        keys = [form for form in shared if form.encoding == EVENT and form.clock_rate_hz == clock_hz]
        return (*chosen, Format(*keys[0][:3], _EVENTS, _EVENTS)) if keys else chosen
