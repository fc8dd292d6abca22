"""Softphones that no one of us wrote are recorded: by policy, by command."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from softswitch.api.client import SwitchClient
from softswitch.api.recordings_view import RecordingView
from softswitch.app.recording_archive import RecordingArchive
from softswitch.app.recordings_upkeep import keep_recordings
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.settings import RecordingSettings
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import PURE, loud_part, loud_s, share_of
from tests.interop.peers.baresip import Baresip, let_hear
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SITE, SwitchProcess
from tests.waiting import until

pytestmark = pytest.mark.network

ALWAYS = SITE.replace("password: secret-103}", "password: secret-103, recording: always}")


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A switch whose user 103 is always recorded."""
    found = SwitchProcess(space, tmp_path_factory.mktemp("switch"), site=ALWAYS, more='[recording]\nform = "opus"')
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def connected(caller: Baresip, callee: Baresip, number: str) -> None:
    caller.command("dial", number)
    callee.until("CALL_INCOMING")
    callee.command("accept")
    caller.until("CALL_ESTABLISHED")
    callee.until("CALL_ESTABLISHED")


def listed(switch: SwitchProcess, count: int, conversation_id: str, suffix: str = "") -> list[dict[str, Any]]:
    """Return the recordings of a call once there are so many that are whole and of a form, the first first."""
    archive = RecordingArchive(switch.directory / "var")

    def whole() -> list[RecordingView]:
        views = archive.listed(conversation_id=conversation_id)
        return views if len(views) == count and all(one.seconds and one.path.endswith(suffix) for one in views) else []

    views = until(whole, lambda: archive.listed(conversation_id=conversation_id))
    found = [{name: getattr(one, name) for name in one.__slots__} for one in views]
    return sorted(found, key=lambda one: str(one["recording"]))


def sound_of(switch: SwitchProcess, one: dict[str, Any]) -> tuple[int, npt.NDArray[np.float64]]:
    samples, rate = soundfile.read(switch.directory / "var" / one["path"], dtype="int16", always_2d=True)
    return rate, samples.astype(np.float64)


def leg_of(switch: SwitchProcess, user: str) -> str:
    calls = switch.ask("GET", "calls")
    return next(str(leg["leg"]) for call in calls for leg in call["legs"] if leg["user"] == user)


def record(switch: SwitchProcess, user: str, seconds: float, *phones: Baresip) -> str:
    """Record a user's call while its phones hear so much; return the conversation."""
    leg = leg_of(switch, user)
    switch.ask("POST", f"legs/{leg}/record/start")
    let_hear(seconds, *phones)
    switch.ask("POST", f"legs/{leg}/record/stop")
    return leg.partition(".")[0]


@pytest.mark.row("C-27", "I-21")
def test_who_is_always_recorded_is_heard_on_the_right_sides_from_first_to_last(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    anna, vera = phone("101"), phone("103")
    connected(anna, vera, "103")
    for each in (anna, vera):
        each.until_heard(2.5)
    leg = leg_of(switch, "vera")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        switch.cli("call", "record", "stop", leg)
    assert refused.value.returncode == 1
    assert "recording_pause" in refused.value.stderr
    anna.command("hangup")
    vera.until("CALL_CLOSED")
    switch.until_at_rest()
    call = switch.call_of("101")
    (one,) = listed(switch, 1, call["conversation_id"])
    assert json.loads(switch.cli("recordings", "list", "--json", "--conversation", call["conversation_id"])) == [one]
    assert one["started_by"] == "policy: user vera is recorded always"
    rate, samples = sound_of(switch, one)
    assert (rate, samples.shape[1]) == (8000, 2)
    for channel, tone, listener in ((0, 440, vera), (1, 850, anna)):
        heard = loud_part(samples[:, channel])
        assert len(heard) > 2.5 * rate
        assert abs(len(heard) / rate - loud_s(listener.heard())) < 0.5, "as much as the other one heard"
        assert share_of(heard, tone) > PURE
    about = json.loads(
        (switch.directory / "var" / one["path"]).with_name(f"{call['conversation_id']}.json").read_text()
    )
    (interval,) = about["intervals"]
    assert [party["number"] for party in interval["parties"]] == ["101", "103"]
    assert interval["ended_at"] is not None


@pytest.mark.row("I-20")
def test_two_intervals_by_command_are_two_files_that_can_be_taken_away_and_deleted(
    switch: SwitchProcess, phone: PhoneMaker, tmp_path: Path
) -> None:
    anna, boris = phone("101"), phone("102")
    connected(anna, boris, "102")
    for each in (anna, boris):
        each.until_heard(0.5)
    leg = leg_of(switch, "anna")
    lengths = []
    for wanted_s in (1.0, 2.0):
        began = time.monotonic()
        switch.cli("call", "record", "start", leg)
        started = time.monotonic()
        let_hear(wanted_s, anna, boris)
        least_s = time.monotonic() - started
        try:
            switch.cli("call", "record", "stop", leg)
        except subprocess.CalledProcessError as error:
            raise AssertionError(error.stderr) from error
        lengths.append((least_s, time.monotonic() - began))
    conversation_id = leg.partition(".")[0]
    found = listed(switch, 2, conversation_id)
    for one, (least, most) in zip(found, lengths, strict=True):
        rate, samples = sound_of(switch, one)
        assert least <= len(samples) / rate <= most
        for channel, tone in ((0, 440), (1, 620)):
            assert share_of(samples[rate // 10 : -rate // 10, channel], tone) > PURE
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    switch.until_at_rest()
    name = found[0]["recording"]
    switch.cli("recordings", "export", name, str(tmp_path / "call.opus"))
    assert soundfile.info(tmp_path / "call.opus").duration == pytest.approx(found[0]["seconds"], abs=0.1)
    switch.cli("recordings", "delete", name)
    var = switch.directory / "var"
    assert not (var / found[0]["path"]).exists()
    rules = RecordingSettings(form="opus", encrypt=True)
    with SwitchClient(var) as client:
        keep_recordings(var, RecordingArchive(var), client, rules, wall_s=SystemClock().wall() + 120)
    (sealed,) = listed(switch, 1, conversation_id, "-02.opus.sealed")
    switch.cli("recordings", "export", sealed["recording"], str(tmp_path / "second.wav"))
    samples, rate = soundfile.read(tmp_path / "second.wav", dtype="int16", always_2d=True)
    assert len(samples) / rate == pytest.approx(found[1]["seconds"], abs=0.1)
    assert share_of(samples[rate // 2 : -rate // 2, 1].astype(np.float64), 620) > PURE
    told = switch.cli("journal", "export", "--jsonl", "--conversation", conversation_id)
    names = [json.loads(line)["name"] for line in told.splitlines()]
    assert [one for one in names if one in {"recording.accessed", "recording.deleted"}] == [
        "recording.accessed",
        "recording.deleted",
        "recording.accessed",
    ]
