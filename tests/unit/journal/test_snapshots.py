from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.journal.snapshots import KEPT, Snapshot, read_snapshot, snapshot_paths, write_snapshot


def test_what_was_written_is_read_and_only_the_owner_may(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, Snapshot(77, b"the state"))
    assert read_snapshot(path) == Snapshot(77, b"the state")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_last_few_are_kept(tmp_path: Path) -> None:
    for sequence in range(1, 8):
        write_snapshot(tmp_path, Snapshot(sequence, b"x"))
    kept = [read_snapshot(path) for path in snapshot_paths(tmp_path)]
    assert kept == [Snapshot(sequence, b"x") for sequence in range(8 - KEPT, 8)]


def test_a_flipped_bit_anywhere_and_a_cut_anywhere_are_noticed(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, Snapshot(3, b"the state"))
    whole = path.read_bytes()
    for offset in range(len(whole)):
        path.write_bytes(whole[:offset] + bytes((whole[offset] ^ 16,)) + whole[offset + 1 :])
        assert isinstance(read_snapshot(path), str)
        path.write_bytes(whole[:offset])
        assert isinstance(read_snapshot(path), str)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_snapshot(tmp_path, Snapshot(3, b"the state"))
    assert list(tmp_path.iterdir()) == []
