from __future__ import annotations

import gzip
import io
import random
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from softswitch.app.backup import BackupMade, make_backup
from softswitch.app.launch import lock_directory
from softswitch.app.restore import Restored, restore_backup
from softswitch.core.errors import CommandError
from softswitch.core.facts import encode
from softswitch.directory.bans import SourceBanned
from softswitch.journal.framing import sequence_of
from softswitch.journal.reading import Gap, read_journal_payloads
from softswitch.journal.segments import SegmentWriter
from softswitch.storage.record_store import RecordStore, default_url
from tests.fuzz.conftest import scale


def fact(sequence: int) -> bytes:
    return encode(sequence, 1_796_083_200.0, "", SourceBanned("192.0.2.9", 0.0, "guessing"))


class Rig:
    def __init__(self, folder: Path) -> None:
        self.storage, self.file, self.elsewhere = folder / "var", folder / "backup.tar.gz", folder / "elsewhere"
        self.settings = folder / "softswitch.toml"
        self.settings.write_text("[sip]\n")
        self.notices: list[str] = []
        journal = SegmentWriter(self.storage / "journal")
        journal.append([fact(1), fact(2)])
        journal.close_segment()
        journal.append([fact(3)])
        journal.close()
        store = RecordStore(default_url(self.storage))
        store.apply((), 3)
        store.close()
        for name in ("site.msgpack", "tls/key.pem", "recordings/a.wav", "run/switch.lock", ".site.msgpack.7.new"):
            path = self.storage / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(name)

    def backup(self, *, recordings: bool = False) -> BackupMade:
        settings = [self.settings, self.storage / "gone.yaml"]
        return make_backup(
            self.storage, self.file, settings=settings, recordings=recordings, notice=self.notices.append
        )

    def restore(self, *, force: bool = False) -> Restored:
        return restore_backup(self.file, self.elsewhere, force=force, wall_s=1_796_083_200.0)

    def restored_files(self) -> set[str]:
        found = {str(path.relative_to(self.elsewhere)) for path in self.elsewhere.rglob("*") if path.is_file()}
        return {name for name in found if not name.startswith(("run/", "restored-settings/"))}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def sequences(storage: Path) -> list[int]:
    items = list(read_journal_payloads(storage / "journal", 1))
    return [0 if isinstance(item, Gap) else sequence_of(item) for item in items]


def test_what_was_saved_comes_back_for_the_owner_alone(rig: Rig) -> None:
    made = rig.backup()
    assert (made.last_sequence, rig.file.stat().st_mode & 0o777) == (3, 0o600)
    restored = rig.restore()
    assert (restored.last_sequence, restored.files, restored.aside) == (3, made.files, None)
    assert sequences(rig.elsewhere) == [1, 2, 3]
    with closing(sqlite3.connect(rig.elsewhere / "softswitch.db")) as database:
        assert database.execute("SELECT sequence FROM projections").fetchall() == [(3,)]
    segments = {f"journal/{path.name}" for path in (rig.storage / "journal").glob("*.facts")}
    assert rig.restored_files() == {"softswitch.db", "site.msgpack", "tls/key.pem", *segments}
    assert {path.stat().st_mode & 0o077 for path in rig.elsewhere.rglob("*")} == {0}
    (settings,) = restored.settings.rglob("softswitch.toml")
    assert settings.read_text() == "[sip]\n"
    assert rig.notices == [f"{rig.storage / 'gone.yaml'} is left out: it is not there any more"]
    assert {path.name for path in rig.file.parent.iterdir()} == {"var", "backup.tar.gz", "elsewhere", "softswitch.toml"}


def test_recorded_sound_is_taken_where_it_is_wanted(rig: Rig) -> None:
    rig.backup(recordings=True)
    rig.restore()
    assert "recordings/a.wav" in rig.restored_files()


def test_what_the_writer_is_just_writing_stays_out(rig: Rig) -> None:
    last = max((rig.storage / "journal").glob("*.facts"))
    last.write_bytes(last.read_bytes() + fact(4)[:9])
    rig.backup()
    rig.restore()
    assert sequences(rig.elsewhere) == [1, 2, 3]


def test_a_database_that_is_none_is_left_out_and_said(rig: Rig) -> None:
    (rig.storage / "softswitch.db").write_bytes(b"x" * 8192)
    rig.backup()
    rig.restore()
    assert "softswitch.db" not in rig.restored_files()
    assert "the switch makes it again from the journal" in rig.notices[0]


def test_a_backup_replaces_no_file_and_wants_a_storage_directory(rig: Rig) -> None:
    rig.backup()
    before = rig.file.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        rig.backup()
    assert rig.file.read_bytes() == before
    rig.storage = rig.elsewhere
    rig.file = rig.file.with_name("other")
    with pytest.raises(CommandError, match="no storage directory"):
        rig.backup()


def test_a_directory_in_use_is_kept_without_force_and_moved_aside_with_it(rig: Rig) -> None:
    rig.backup()
    rig.elsewhere.mkdir()
    (rig.elsewhere / "site.msgpack").write_text("mine")
    with pytest.raises(CommandError, match="is not empty"):
        rig.restore()
    assert rig.restored_files() == {"site.msgpack"}
    restored = rig.restore(force=True)
    assert restored.aside == rig.elsewhere / "before-restore-20261201T000000Z"
    assert (restored.aside / "site.msgpack").read_text() == "mine"
    assert (rig.elsewhere / "site.msgpack").read_text() == "site.msgpack"


def test_a_restore_keeps_out_where_a_switch_runs(rig: Rig) -> None:
    rig.backup()
    (rig.elsewhere / "run").mkdir(parents=True)
    lock = lock_directory(rig.elsewhere)
    with pytest.raises(CommandError, match="already runs"):
        rig.restore(force=True)
    lock_file = io.FileIO(lock)
    lock_file.close()
    assert rig.restore().last_sequence == 3


def short(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def flipped(data: bytes) -> bytes:
    """Flip a bit of what was saved. In the compressed octets one may mean nothing, as the place of a row of zeros."""
    saved = bytearray(gzip.decompress(data))
    saved[saved.index(b"site.msgpack", 512 + saved.index(b"storage/site.msgpack"))] ^= 4
    return gzip.compress(saved)


def with_files(*names: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return made.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        short,
        flipped,
        lambda data: b"no backup",
        lambda data: with_files("storage/../../evil"),
        lambda data: with_files("storage/a", "storage/a"),
        lambda data: with_files("storage/a", "storage/a/b"),
        lambda data: with_files("storage/a/b", "storage/a"),
        lambda data: with_files(f"storage/{'a' * 300}"),
    ],
    ids=["short", "flipped", "other", "outside", "twice", "in-a-file", "a-folder", "long"],
)
def test_a_file_that_is_no_whole_backup_changes_nothing(rig: Rig, damage: Callable[[bytes], bytes]) -> None:
    rig.backup()
    rig.file.write_bytes(damage(rig.file.read_bytes()))
    rig.elsewhere.mkdir()
    (rig.elsewhere / "site.msgpack").write_text("mine")
    with pytest.raises(CommandError, match="damaged"):
        rig.restore(force=True)
    assert rig.restored_files() == {"site.msgpack"}
    assert not (rig.elsewhere.parent / "evil").exists()


def test_a_flipped_bit_anywhere_is_refused_or_means_nothing(rig: Rig) -> None:
    rig.backup()
    whole = rig.file.read_bytes()
    chance = random.Random(1)
    refused: list[str] = []
    for _ in range(scale(30)):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        rig.file.write_bytes(data)
        try:
            rig.restore()
        except CommandError as error:
            refused.append(str(error))
            left = rig.restored_files()
        else:
            left = set() if gzip.decompress(data) == gzip.decompress(whole) else rig.restored_files()
            shutil.rmtree(rig.elsewhere)
        assert left == set()
    assert refused
    assert all("damaged" in text for text in refused)
