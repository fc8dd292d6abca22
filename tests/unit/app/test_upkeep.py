from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from softswitch.app.folded_state import FoldedState
from softswitch.app.history import newest_state, read_history
from softswitch.app.upkeep import DAY_S, keep_up, make_snapshot, upkeep_lock
from softswitch.calls.facts import ConversationEnded, ConversationStarted, DialogChanged
from softswitch.core.facts import decode, encode
from softswitch.journal.archive import archive_paths, read_archive, retired_through
from softswitch.journal.reading import Gap, Loss, read_journal
from softswitch.journal.segment_file import is_compressed, segment_paths
from softswitch.journal.segments import SegmentWriter
from softswitch.journal.snapshots import snapshot_paths

DECEMBER = 1_796_083_200.0
"""2026-12-01T00:00:00Z"""


def call(number: int, wall_s: float) -> list[bytes]:
    """Three facts of a call."""
    first, name = 3 * number + 1, f"c{number}"
    return [
        encode(first, wall_s, name, ConversationStarted("101", "102")),
        encode(first + 1, wall_s + 1, name, DialogChanged(f"{name}.1", ("Authorization: x", 7))),
        encode(first + 2, wall_s + 2, name, ConversationEnded("completed", 200)),
    ]


def write(journal: Path, *calls: tuple[int, float], rotate_octets: int = 1) -> None:
    """Write calls, a segment each."""
    writer = SegmentWriter(journal, rotate_octets=rotate_octets)
    for number, wall_s in calls:
        writer.append(call(number, wall_s))
    writer.close()


@pytest.fixture
def ring() -> int:
    descriptor = os.memfd_create("ring")
    os.ftruncate(descriptor, 1 << 16)
    return descriptor


def fold(journal: Path, ring: int) -> FoldedState:
    """Start as a brain does."""
    history = read_history(journal, ring)
    history.state.fold(history.items)
    return history.state


def test_the_closed_segments_become_a_snapshot_and_a_start_reads_only_what_is_behind_it(
    tmp_path: Path, ring: int
) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER), (2, DECEMBER))
    whole = fold(tmp_path, ring).encode()
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    history = read_history(tmp_path, ring)
    assert history.state.sequence == 6
    assert [decode(item).sequence for item in history.items if isinstance(item, bytes)] == [7, 8, 9]
    assert fold(tmp_path, ring).encode() == whole
    assert [is_compressed(path) for path in segment_paths(tmp_path)] == [True, True, False]


def test_a_start_decodes_the_newest_snapshot_once_and_no_older_one(
    tmp_path: Path, ring: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER))
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    write(tmp_path, (2, DECEMBER))
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    decoded: list[bytes] = []
    restore = FoldedState.restore

    def noted(state: FoldedState, data: bytes) -> None:
        decoded.append(data)
        restore(state, data)

    monkeypatch.setattr(FoldedState, "restore", noted)
    assert len(snapshot_paths(tmp_path)) == 2
    assert fold(tmp_path, ring).sequence == 9
    assert len(decoded) == 1


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER))
    assert make_snapshot(tmp_path) is not None
    assert make_snapshot(tmp_path) is None


def test_a_damaged_snapshot_gives_way_to_the_one_before_or_to_all_facts(tmp_path: Path, ring: int) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER))
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    write(tmp_path, (2, DECEMBER))
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    whole = fold(tmp_path, ring).encode()
    for left, path in ((3, snapshot_paths(tmp_path)[1]), (0, snapshot_paths(tmp_path)[0])):
        data = path.read_bytes()
        path.write_bytes(data[:-3] + b"???")
        assert read_history(tmp_path, ring).state.sequence == left
        assert fold(tmp_path, ring).encode() == whole


def test_a_snapshot_of_another_version_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER))
    made = make_snapshot(tmp_path)
    assert made is not None
    with monkeypatch.context() as later:
        later.setattr("softswitch.app.folded_state.FORMAT", 99)
        assert newest_state(tmp_path).encode() == FoldedState().encode()
    assert newest_state(tmp_path).encode() == made.state


def test_what_is_too_old_goes_and_leaves_in_the_archive_what_records_are_made_of(tmp_path: Path) -> None:
    write(tmp_path, (0, DECEMBER - 100), (1, DECEMBER - 1), (2, DECEMBER), (3, DECEMBER + DAY_S))
    keep_up(tmp_path, keep_days=1, wall_s=DECEMBER + DAY_S + 10)
    assert [path.parent.name for path in archive_paths(tmp_path)] == ["2026-11", "2026-11", "2026-12"]
    archived = [decode(payload) for payload in read_archive(tmp_path, 1, pytest.fail)]
    assert [record.sequence for record in archived] == [1, 3, 4, 6]
    assert retired_through(tmp_path) == 6
    assert [item.sequence for item in read_journal(tmp_path, 7) if not isinstance(item, Gap)] == list(range(7, 13))


def test_nothing_goes_that_the_older_snapshot_still_needs(tmp_path: Path) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER))
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    write(tmp_path, (2, DECEMBER), (3, DECEMBER))
    keep_up(tmp_path, keep_days=1, wall_s=DECEMBER + 50 * DAY_S)
    assert retired_through(tmp_path) == 3
    assert next(iter(read_journal(tmp_path, 4))) is not None


def test_a_gap_in_closed_segments_is_remembered_by_the_snapshot(tmp_path: Path, ring: int) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER), (2, DECEMBER), (3, DECEMBER))
    segment_paths(tmp_path)[1].unlink()
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    (gap,) = fold(tmp_path, ring).untold.values()
    assert (gap.first_sequence, gap.last_sequence, gap.why) == (4, 6, Loss.MISSING)


def test_a_damaged_segment_stays_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER))
    first = segment_paths(tmp_path)[0]
    data = bytearray(first.read_bytes())
    data[60] ^= 1
    first.write_bytes(data)
    keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    assert segment_paths(tmp_path)[0].read_bytes() == data


def test_only_one_is_at_it(tmp_path: Path) -> None:
    write(tmp_path, (0, DECEMBER), (1, DECEMBER))
    with upkeep_lock(tmp_path) as ours:
        assert ours
        keep_up(tmp_path, keep_days=90, wall_s=DECEMBER)
    assert snapshot_paths(tmp_path) == []


def test_an_upkeep_that_dies_at_any_call_of_the_system_loses_nothing(
    tmp_path: Path, ring: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    for deaths in itertools.count():
        journal = tmp_path / str(deaths)
        write(journal, (0, DECEMBER - 100 * DAY_S), (1, DECEMBER - 99 * DAY_S), (2, DECEMBER), (3, DECEMBER))
        whole = fold(journal, ring).encode()
        left = deaths

        def dying(real: Callable[..., Any]) -> Callable[..., Any]:
            def call_or_die(*words: Any, **more: Any) -> Any:  # noqa: ANN401  # it stands for any call
                nonlocal left
                left -= 1
                if left < 0:
                    raise Died
                return real(*words, **more)

            return call_or_die

        with monkeypatch.context() as patched:
            for name in ("fsync", "open"):
                patched.setattr(os, name, dying(getattr(os, name)))
            for name in ("unlink", "replace"):
                patched.setattr(Path, name, dying(getattr(Path, name)))
            try:
                keep_up(journal, keep_days=90, wall_s=DECEMBER)
            except Died:
                died = True
            else:
                died = False
        kept = [decode(p).sequence for p in read_archive(journal, 1, pytest.fail)]
        items = list(read_journal(journal, retired_through(journal) + 1))
        assert not [item for item in items if isinstance(item, Gap)]
        ever = {*kept, *(item.sequence for item in items if not isinstance(item, Gap))}
        assert ever >= {number for number in range(1, 13) if number % 3 != 2}
        assert fold(journal, ring).encode() == whole
        keep_up(journal, keep_days=90, wall_s=DECEMBER)
        assert fold(journal, ring).encode() == whole
        assert retired_through(journal) == 3
        if not died:
            assert deaths > 15
            return
