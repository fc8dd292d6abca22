"""A room whose legs live in several workers, as each worker sees it.

Between two workers there are *lines*: one carries, each way, one sum of what people of the one worker say to people of
the other. Most rooms need one line between two workers, since all on the one side hear the same of the other side; a
whisper may need a second one. What comes over a line is never sent on, so nobody hears anything twice, nor themselves.
Who hears whom, and how loud, is thereby what the room's rows say, wherever each leg was placed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from softswitch.media.engine import EVERYBODY, Hear

Sum = tuple[tuple[str, float], ...]
"""Who is added up, and how loud each."""


class Line(NamedTuple):
    """One of the lines between two workers."""

    workers: tuple[int, int]
    """The lower number first."""
    number: int
    """Counted from 1 between the two."""

    def end_at(self, room: str, worker: int) -> str:
        """Return the name of its end in a worker, without what tells ends from legs."""
        return f"{room} {self.workers[0]}-{self.workers[1]}.{self.number} {self.workers.index(worker) + 1}"


class Parts(NamedTuple):
    """What becomes of a room."""

    rows: dict[int, tuple[Hear, ...]]
    """By worker."""
    lines: tuple[Line, ...]


def parts_of(room: str, rows: Sequence[Hear], home: Mapping[str, int], prefix: str) -> Parts:
    """Divide a room.

    Args:
        room: its name.
        rows: who hears whom.
        home: by leg, its worker; legs that are in none hear nobody and are not heard.
        prefix: before the names of lines' ends.
    """
    voices = {row.listener: row.voice for row in rows}
    placed = [row for row in rows if row.listener in home]
    if len(placed) == len(rows) and all(row.sources == (EVERYBODY,) for row in rows):
        workers = {home[row.listener] for row in rows}
        if len(workers) == 2:
            return _equals(room, placed, home, prefix)
    made: dict[int, list[Hear]] = {home[row.listener]: [] for row in placed}
    sums: dict[tuple[int, int], dict[Sum, int]] = {}
    """From a worker to another: the numbers of the lines by what goes over them."""
    for row in placed:
        here = home[row.listener]
        by_worker: dict[int, list[tuple[str, float]]] = {}
        for name, gain in _heard(row, voices):
            if gain and name in home:
                by_worker.setdefault(home[name], []).append((name, gain))
        heard = by_worker.pop(here, [])
        for there, added in by_worker.items():
            numbers = sums.setdefault((there, here), {})
            number = numbers.setdefault(tuple(added), len(numbers) + 1)
            heard.append((prefix + _line(there, here, number).end_at(room, here), 1.0))
        made[here].append(_row(row.listener, heard, row.voice))
    lines = {_line(there, here, number) for (there, here), numbers in sums.items() for number in numbers.values()}
    for line in sorted(lines):
        for here, there in (line.workers, line.workers[::-1]):
            said = next((added for added, n in sums.get((here, there), {}).items() if n == line.number), ())
            made.setdefault(here, []).append(_row(prefix + line.end_at(room, here), said))
    return Parts({worker: tuple(part) for worker, part in made.items()}, tuple(sorted(lines)))


def _equals(room: str, rows: Sequence[Hear], home: Mapping[str, int], prefix: str) -> Parts:
    """Divide a room in which each hears all others in two: then each part is such a room, with the line's end in it."""
    one, other = dict.fromkeys(home[row.listener] for row in rows)
    line = _line(one, other, 1)
    made = {
        worker: (
            *(row for row in rows if home[row.listener] == worker),
            Hear(prefix + line.end_at(room, worker), (EVERYBODY,)),
        )
        for worker in line.workers
    }
    return Parts(made, (line,))


def _heard(row: Hear, voices: Mapping[str, float]) -> list[tuple[str, float]]:
    if row.sources == (EVERYBODY,):
        return [(name, voice) for name, voice in voices.items() if name != row.listener]
    gains = row.gains or (1.0,) * len(row.sources)
    return list(zip(row.sources, gains, strict=True))


def _row(listener: str, heard: Sequence[tuple[str, float]], voice: float = 1.0) -> Hear:
    gains = tuple(gain for _, gain in heard)
    plain = all(gain == 1.0 for gain in gains)
    return Hear(listener, tuple(name for name, _ in heard), () if plain else gains, voice)


def _line(one: int, other: int, number: int) -> Line:
    return Line((min(one, other), max(one, other)), number)
