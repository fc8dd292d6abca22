from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from softswitch.cli.main import COMMANDS, build
from softswitch.core.errors import CommandError
from softswitch.core.facts import encode
from softswitch.directory.location import RegistrationRemoved
from softswitch.journal.segments import SegmentWriter
from tests.integration.api.listening import listening

pytestmark = pytest.mark.network


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "softswitch.toml"
    path.write_text(f'[storage]\ndirectory = "{tmp_path / "var"}"\n')
    (tmp_path / "var").mkdir()
    return path


@pytest.fixture
def running(config: Path) -> Iterator[Path]:
    with listening(config.parent / "var"):
        yield config


def softswitch(*words: str | Path) -> Result:
    return CliRunner().invoke(build(COMMANDS), [str(word) for word in words])


def test_status_for_programs_is_one_json_document_with_the_counts(running: Path) -> None:
    result = softswitch("status", "--json", "--config", running)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    counts = ("calls", "legs", "dialogs", "transactions", "ports", "timers", "registrations")
    assert [found[name] for name in counts] == [1, 2, 2, 0, 2, 1, 1]
    assert found["processes"] == [{"role": "brain", "pid": 41}, {"role": "worker", "pid": 42}]


def test_status_for_people_names_processes_and_alarms(running: Path) -> None:
    shown = softswitch("status", "--config", running).stdout
    assert "registrations" in shown
    assert "brain" in shown
    assert "disk full" in shown


def test_registrations_are_shown(running: Path) -> None:
    [phone] = json.loads(softswitch("registrations", "--json", "--config", running).stdout)
    assert phone == {
        "extension": "101",
        "contact": "sip:101@10.0.0.7:5062",
        "source": "udp:10.0.0.7:5062",
        "expires_s": 3312,
    }
    assert "udp:10.0.0.7:5062" in softswitch("registrations", "--config", running).stdout


def test_what_phones_watch_is_shown(running: Path) -> None:
    [lamp] = json.loads(softswitch("subscriptions", "--json", "--config", running).stdout)
    assert (lamp["package"], lamp["resource"]) == ("dialog", "102")
    assert "dialog" in softswitch("subscriptions", "--config", running).stdout


def test_phones_are_told_to_read_their_configuration(running: Path) -> None:
    told = softswitch("phone", "resync", "101", "--config", running)
    assert (told.exit_code, told.stdout) == (0, "sip:101@10.0.0.7:5062: check-sync\n")


def test_trunks_are_shown_with_their_registrations_and_failures(running: Path) -> None:
    pstn, spare = json.loads(softswitch("trunks", "--json", "--config", running).stdout)
    assert (pstn["registered_until"], pstn["calls"]) == ("2026-11-22T11:00:00.000Z", 2)
    assert spare["last_failure"] == "403 Forbidden"
    shown = softswitch("trunks", "--config", running).stdout
    assert "192.0.2.9" in shown
    assert "403" in shown


def test_calls_are_shown_with_their_legs(running: Path) -> None:
    [call] = json.loads(softswitch("calls", "--json", "--config", running).stdout)
    assert call["conversation_id"] == "c1"
    leg = {"leg": "c1.1", "user": "anna", "number": "101", "state": "talking", "codec": "PCMA"}
    assert call["legs"][0].items() >= leg.items()
    assert "c1.2" in softswitch("calls", "--config", running).stdout


@pytest.mark.parametrize("command", ["status", "registrations", "trunks", "calls"])
def test_without_a_running_switch_a_command_fails_and_says_how_to_start_it(config: Path, command: str) -> None:
    result = softswitch(command, "--config", config)
    assert result.exit_code == 1
    assert isinstance(result.exception, CommandError)
    assert "softswitch run" in str(result.exception)


@pytest.mark.parametrize(
    "words", [("status",), ("registrations",), ("trunks",), ("calls",), ("journal", "show"), ("journal", "verify")]
)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    assert f"Example: softswitch {' '.join(words)}" in softswitch(*words, "--help").stdout


def keep(config: Path, *sequences: int) -> None:
    writer = SegmentWriter(config.parent / "var" / "journal")
    removed = RegistrationRemoved("anna", "k", "sip:anna:s3cret@10.0.0.7", "expired")
    writer.append([encode(sequence, 1_800_000_000.0, f"c{sequence}", removed) for sequence in sequences])
    writer.close()


def test_the_journal_is_shown_without_secrets(config: Path) -> None:
    keep(config, 1, 2)
    shown = softswitch("journal", "show", "--conversation", "c2", "--config", config).stdout
    assert shown.startswith("2 2027-01-15T08:00:00.000Z c2 registration.removed")
    assert "s3cret" not in shown


def test_a_whole_journal_verifies_and_a_damaged_one_fails_with_what_is_missing(config: Path) -> None:
    keep(config, 1, 2, 3)
    whole = softswitch("journal", "verify", "--config", config)
    assert (whole.exit_code, whole.stdout) == (0, "3 facts in 1 segments, 1 to 3\n")
    keep(config, 6)
    broken = softswitch("journal", "verify", "--config", config)
    assert broken.exit_code == 1
    assert "never kept: facts 4 to 5" in broken.stdout


def test_agents_are_shown_with_status_and_time(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    shown = softswitch("agents", "--config", running).stdout
    assert "anna" in shown
    assert "1:02:05" in shown
    [anna] = json.loads(softswitch("agents", "--json", "--config", running).stdout)
    assert (anna["user"], anna["status"], anna["in_status_s"]) == ("anna", "on_line", 3725)


def test_a_status_is_set_and_a_queue_entered_by_command(running: Path) -> None:
    told = softswitch("agent", "set", "anna", "break", "--config", running)
    assert (told.exit_code, told.stdout) == (0, "anna: break (Перерыв), logged in to no queue\n")
    told = softswitch("agent", "login", "anna", "support", "--config", running)
    assert told.stdout == "anna: break (Перерыв), logged in to support\n"
    told = softswitch("agent", "logout", "anna", "--json", "--config", running)
    assert json.loads(told.stdout)["queues"] == []


def test_calls_are_forwarded_and_refused_by_command(running: Path) -> None:
    told = softswitch("agent", "forward", "anna", "busy", "102", "--config", running)
    assert (told.exit_code, told.stdout) == (0, "anna: busy to 102\n")
    told = softswitch("agent", "dnd", "anna", "on", "--config", running)
    assert told.stdout == "anna: busy to 102, do not disturb\n"
    softswitch("agent", "dnd", "anna", "off", "--config", running)
    told = softswitch("agent", "forward", "anna", "busy", "--config", running)
    assert told.stdout == "anna: calls ring at the phones\n"
    told = softswitch("agent", "dnd", "anna", "maybe", "--config", running)
    assert told.exit_code == 2


def test_a_status_that_there_is_not_is_refused_with_the_field(running: Path) -> None:
    refused = softswitch("agent", "set", "anna", "lunch", "--config", running)
    assert isinstance(refused.exception, CommandError)
    assert (refused.exception.status, refused.exception.field) == (422, "status")


def test_statuses_are_listed(running: Path) -> None:
    shown = softswitch("statuses", "--config", running).stdout
    assert "Перерыв" in shown
    [row] = json.loads(softswitch("statuses", "--json", "--config", running).stdout)
    assert row["code"] == "2"


def test_queues_are_shown_with_their_line(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    shown = softswitch("queues", "--config", running).stdout
    assert "support" in shown
    assert "67 %" in shown
    shown = softswitch("queues", "support", "--config", running).stdout
    assert "7001" in shown
    assert "agents: anna free, boris logged out" in shown
    [queue] = json.loads(softswitch("queues", "--json", "--config", running).stdout)
    assert queue["waiting_entries"][0]["position"] == 1


def test_a_wrap_up_is_ended_and_a_missing_block_told_by_command(running: Path) -> None:
    assert softswitch("agent", "ready", "anna", "--config", running).exit_code == 0
    result = softswitch("agent", "unblock", "anna", "--config", running)
    assert isinstance(result.exception, CommandError)


def test_messages_are_listed_saved_and_deleted(running: Path, tmp_path: Path) -> None:
    assert (
        json.loads(softswitch("voicemail", "list", "anna", "--json", "--config", running).output)[0]["seconds"] == 7.5
    )
    assert "+79161112233" in softswitch("voicemail", "list", "--config", running).output
    assert softswitch("voicemail", "list", "boris", "--config", running).output == "No messages.\n"
    assert softswitch("voicemail", "delete", "anna", "m-1", "--config", running).output == "deleted: m-1\n"
    failed = softswitch("voicemail", "save", "anna", "m-2", tmp_path / "x.wav", "--config", running)
    assert isinstance(failed.exception, CommandError)
    assert not (tmp_path / "x.wav").exists()
