"""Who hears whom does not depend on where each leg lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.engine import EVERYBODY, Hear
from softswitch.media.parts import Parts, parts_of

PREFIX = "link "
NAMES = tuple("abcdefgh")
GAINS = st.sampled_from([0.0, 0.5, 1.0, 2.0])


def heard_from(rows: Sequence[Hear], listener: str) -> dict[str, float]:
    """Return how loud each is to a listener, as the rows of one worker say."""
    voices = {row.listener: row.voice for row in rows}
    row = next((row for row in rows if row.listener == listener), Hear(listener, ()))
    if row.sources == (EVERYBODY,):
        found = {name: voice for name, voice in voices.items() if name != listener}
    else:
        found = dict(zip(row.sources, row.gains or (1.0,) * len(row.sources), strict=True))
    return {name: gain for name, gain in found.items() if gain}


def over_lines(parts: Parts, room: str) -> dict[str, tuple[int, str]]:
    """Return, for each end, the worker and the name of the other one."""
    found = {}
    for line in parts.lines:
        one, other = (PREFIX + line.end_at(room, worker) for worker in line.workers)
        found[one] = (line.workers[1], other)
        found[other] = (line.workers[0], one)
    return found


def heard_at_last(parts: Parts, room: str, home: Mapping[str, int], listener: str) -> dict[str, float]:
    """Follow the sound over the lines; what comes over a line must not have come over another one."""
    ends = over_lines(parts, room)
    total: dict[str, float] = {}
    for name, gain in heard_from(parts.rows[home[listener]], listener).items():
        if name not in ends:
            assert home[name] == home[listener]
            total[name] = total.get(name, 0.0) + gain
            continue
        worker, other = ends[name]
        for source, loudness in heard_from(parts.rows[worker], other).items():
            assert source not in ends, "a sum is sent on"
            assert home[source] == worker
            total[source] = total.get(source, 0.0) + gain * loudness
    return total


@st.composite
def rooms(draw: st.DrawFn) -> list[Hear]:
    people = draw(st.lists(st.sampled_from(NAMES), min_size=2, unique=True))
    kind = draw(st.sampled_from(["equal", "each their own", "of both kinds"]))
    rows = []
    for name in people:
        voice = draw(GAINS)
        if kind == "equal" or (kind == "of both kinds" and draw(st.booleans())):
            rows.append(Hear(name, (EVERYBODY,), (), voice))
        else:
            sources = draw(st.lists(st.sampled_from(people), unique=True))
            gains = draw(st.lists(GAINS, min_size=len(sources), max_size=len(sources)))
            rows.append(Hear(name, tuple(sources), tuple(gains), voice))
    return rows


@given(rows=rooms(), workers=st.lists(st.integers(0, 3), min_size=len(NAMES), max_size=len(NAMES)))
def test_each_hears_in_the_parts_what_the_rooms_rows_say(rows: list[Hear], workers: list[int]) -> None:
    home = dict(zip(NAMES, workers, strict=True))
    parts = parts_of("c", rows, home, PREFIX)
    for row in rows:
        assert heard_at_last(parts, "c", home, row.listener) == heard_from(rows, row.listener)


@given(rows=rooms(), workers=st.lists(st.integers(0, 1), min_size=len(NAMES), max_size=len(NAMES)))
def test_the_same_room_said_again_has_the_same_lines(rows: list[Hear], workers: list[int]) -> None:
    home = dict(zip(NAMES, workers, strict=True))
    assert parts_of("c", rows, home, PREFIX) == parts_of("c", rows, home, PREFIX)


def test_a_room_in_which_each_hears_all_others_has_one_line_a_pair_of_workers() -> None:
    home = {name: number % 3 for number, name in enumerate(NAMES)}
    parts = parts_of("c", [Hear(name, (EVERYBODY,)) for name in NAMES], home, PREFIX)
    assert [line.workers for line in parts.lines] == [(0, 1), (0, 2), (1, 2)]


def test_in_two_workers_the_parts_are_rooms_in_which_each_hears_all_others_too() -> None:
    """The mixer adds such rooms up at once."""
    home = {name: number % 2 for number, name in enumerate(NAMES)}
    parts = parts_of("c", [Hear(name, (EVERYBODY,), (), 0.5) for name in NAMES], home, PREFIX)
    assert all(row.sources == (EVERYBODY,) for part in parts.rows.values() for row in part)


def test_a_leg_that_is_in_no_worker_hears_nobody_and_is_not_heard() -> None:
    parts = parts_of("c", [Hear(name, (EVERYBODY,)) for name in "abc"], {"a": 0, "b": 1}, PREFIX)
    assert heard_at_last(parts, "c", {"a": 0, "b": 1}, "a") == {"b": 1.0}
