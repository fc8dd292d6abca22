from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from softswitch.app.record_rows import project
from softswitch.app.recording_archive import RecordingArchive
from softswitch.app.recordings_upkeep import DAY_S, keep_recordings
from softswitch.calls import facts as calls
from softswitch.calls.recording import facts
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.media.recorder.about import update_about
from softswitch.queues.router.facts import QueueEntered
from softswitch.runtime.settings import RecordingSettings
from softswitch.storage.record_store import RecordStore, default_url

NOW_S = 100 * DAY_S


class FakeSwitch:
    """Keeps what is said, as a switch keeps it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = RecordStore(default_url(directory))
        self.said: list[tuple[str, ...]] = []
        self.refusing = False

    def keep(self, wall_s: float, recording: str, *told: object) -> None:
        conversation_id = recording.partition("-")[0]
        changes = project(Record(1, wall_s, conversation_id, fact) for fact in told)
        self.store.apply(changes, self.store.sequence + 1)

    def recorded(self, recording: str, days_ago: float, seconds: float = 2.0, *, message: bool = False) -> Path:
        began_s = NOW_S - days_ago * DAY_S
        path = f"{'voicemail/anna' if message else 'recordings/day'}/{recording}.wav"
        if message:
            self.keep(began_s, recording, facts.MessageStarted("c.1", recording, path, 60.0, 0.0))
            self.keep(began_s + seconds, recording, facts.MessageEnded("c.1", recording, "limit"))
        else:
            files = ((recording, path, (("c.1",), ("c.2",))),)
            self.keep(began_s, recording, facts.RecordingStarted(1, files, "api"))
            self.keep(began_s + seconds, recording, facts.RecordingStopped(1, "end", (recording,)))
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        sound = (8000 * np.sin(np.arange(int(8000 * seconds)) / 3)).astype(np.int16)
        soundfile.write(file, np.stack([sound, sound // 2], axis=1), 8000)
        return file

    def delete_recording(self, recording: str, by: str, why: str) -> None:
        self.said.append(("delete", recording, by, why))
        if self.refusing:
            raise CommandError("not now", status=409, error_id="still-recording")
        (self.directory / f"recordings/day/{recording}.wav").unlink()

    def converted_recording(self, recording: str, path: str) -> None:
        self.said.append(("converted", recording, path))
        if self.refusing:
            raise CommandError("not now", status=503, error_id="not-running")
        self.keep(NOW_S, recording, facts.RecordingConverted(recording, path))


@pytest.fixture
def switch(tmp_path: Path) -> FakeSwitch:
    return FakeSwitch(tmp_path)


def keep(switch: FakeSwitch, **rules: object) -> None:
    archive = RecordingArchive(switch.directory)
    keep_recordings(switch.directory, archive, switch, RecordingSettings.model_validate(rules), wall_s=NOW_S)


def test_without_rules_everything_stays_as_it_is(switch: FakeSwitch) -> None:
    file = switch.recorded("a-01", 1000)
    keep(switch)
    assert switch.said == []
    assert file.exists()


def test_what_is_too_old_goes_and_messages_stay(switch: FakeSwitch) -> None:
    switch.recorded("a-01", 31)
    switch.recorded("b-01", 29)
    switch.recorded("c-message-01", 99, message=True)
    keep(switch, keep_days=30)
    assert switch.said == [("delete", "a-01", "retention", "older than 30 days")]


def test_where_it_is_too_much_the_oldest_go_until_the_rest_fits(switch: FakeSwitch) -> None:
    for number in range(4):
        switch.recorded(f"c{number}-01", 10 - number)
    octets = (switch.directory / "recordings/day/c0-01.wav").stat().st_size
    keep(switch, keep_gb=2.5 * octets / 1e9)
    assert [name for _, name, *_ in switch.said] == ["c0-01", "c1-01"]


def test_the_first_rule_that_names_a_call_decides_also_where_it_is_too_much(switch: FakeSwitch) -> None:
    for name, number in (("a", "101"), ("b", "102"), ("c", "103"), ("d", "104")):
        switch.keep(0.0, name, calls.ConversationStarted(number, "+74950000001", from_user="anna", trunk="pstn"))
        switch.keep(0.0, name, calls.LegAdded(f"{name}.1", "caller", "anna", number, "", (), "", ""))
        switch.recorded(f"{name}-01", 40)
    switch.keep(0.0, "d", QueueEntered(1, "support", "104", 0.0))
    rules = [
        {"queue": "support", "user": "boris", "keep_days": 1},
        {"queue": "support", "keep_days": 0},
        {"number": "+102", "keep_days": 50},
        {"user": "anna", "trunk": "pstn", "number": "103", "keep_days": 39},
    ]
    keep(switch, keep_days=30, keep_gb=0.000001, rules=rules)
    assert switch.said == [
        ("delete", "a-01", "retention", "older than 30 days"),
        ("delete", "c-01", "retention", "older than 39 days"),
    ]


def test_a_refused_deletion_stops_no_other(switch: FakeSwitch) -> None:
    for name in ("a-01", "b-01"):
        switch.recorded(name, 31)
    switch.refusing = True
    keep(switch, keep_days=30)
    assert [name for _, name, *_ in switch.said] == ["a-01", "b-01"]


def test_a_file_of_another_form_takes_the_place_of_the_first_and_is_told_of(switch: FakeSwitch) -> None:
    file = switch.recorded("a-01", 1)
    keep(switch, form="opus")
    assert switch.said == [("converted", "a-01", "recordings/day/a-01.opus")]
    assert sorted(path.name for path in file.parent.iterdir()) == ["a-01.opus"]
    assert soundfile.info(file.with_suffix(".opus")).duration == pytest.approx(2.0, abs=0.05)
    assert (file.with_suffix(".opus").stat().st_mode & 0o777) == 0o600
    keep(switch, form="opus")
    assert len(switch.said) == 1


def test_the_first_file_stays_where_the_switch_does_not_hear_of_the_other(switch: FakeSwitch) -> None:
    file = switch.recorded("a-01", 1)
    switch.refusing = True
    keep(switch, form="flac")
    assert file.exists()
    switch.refusing = False
    keep(switch, form="flac")
    assert [path.name for path in file.parent.iterdir()] == ["a-01.flac"]


@pytest.mark.parametrize("left", [".a-01.opus", "a-01.wav", "a-01.wav.sealed", "a-01.mp3"])
def test_what_a_killed_converter_left_behind_goes_the_next_time(switch: FakeSwitch, left: str) -> None:
    file = switch.recorded("a-01", 1)
    other = switch.recorded("b-01-b.1", 1)
    keep(switch, form="opus")
    file.with_name(left).write_bytes(b"left behind")
    keep(switch, form="opus")
    assert sorted(path.name for path in file.parent.iterdir()) == ["a-01.opus", "b-01-b.1.opus"]
    assert not other.exists()
    assert len(switch.said) == 2


def test_a_call_that_has_just_ended_is_left_alone(switch: FakeSwitch) -> None:
    switch.recorded("a-01", 10 / DAY_S)
    keep(switch, form="opus", keep_gb=0.000001)
    assert switch.said == []


def test_files_are_sealed_and_open_to_what_they_were_with_the_switch_s_key_alone(switch: FakeSwitch) -> None:
    file = switch.recorded("a-01", 1)
    before = file.read_bytes()
    keep(switch, encrypt=True)
    assert switch.said == [("converted", "a-01", "recordings/day/a-01.wav.sealed")]
    sealed = file.with_name("a-01.wav.sealed")
    assert [path.name for path in file.parent.iterdir()] == ["a-01.wav.sealed"]
    assert before[44:200] not in sealed.read_bytes()
    assert b"".join(RecordingArchive(switch.directory).sound_of(sealed)) == before
    keep(switch, encrypt=True)
    assert len(switch.said) == 1
    (switch.directory / "recordings.key").write_bytes(b"k" * 32)
    with pytest.raises(CommandError, match="sealed with another"):
        list(RecordingArchive(switch.directory).sound_of(sealed))


def test_a_file_is_converted_first_and_then_sealed_and_goes_with_what_stands_beside_it(switch: FakeSwitch) -> None:
    file = switch.recorded("a-01", 1)
    update_about(file, '{"conversation_id": "a", "interval": {"file": "a-01.wav"}}', {})
    keep(switch, form="opus", encrypt=True)
    assert [path for *_, path in switch.said] == ["recordings/day/a-01.opus", "recordings/day/a-01.opus.sealed"]
    assert sorted(path.name for path in file.parent.iterdir()) == ["a-01.opus.sealed", "a.json"]
    RecordingArchive(switch.directory).remove("a-01")
    assert list(file.parent.iterdir()) == []
