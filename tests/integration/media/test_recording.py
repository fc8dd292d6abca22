"""What is recorded: content, by tones and their times, over real sockets and in the rig's time."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from softswitch.media.engine import RecordingEnded, RecordingTrouble
from softswitch.media.worker.rows import TICK_US
from softswitch.media.worker.taps import NO_ROOM
from tests.integration.media.recording import HandRecorder, level_of, loud_from_to, read, recording
from tests.integration.media.rig import PlaneRig
from tests.integration.media.talkers import AMPLITUDE, G722, L16, PCMA, PCMU, Talker, decibels, everybody

pytestmark = pytest.mark.network

NEAR_S = 0.020
"""A tone is where it belongs within so much."""


@pytest.fixture
def recorder() -> HandRecorder:
    return HandRecorder()


@pytest.fixture
def rig(recorder: HandRecorder) -> Iterator[PlaneRig]:
    with PlaneRig("", recorders=recorder) as made:
        yield made


def talk(rig: PlaneRig, recorder: HandRecorder, talkers: Sequence[Talker], seconds: float) -> None:
    for _ in range(round(seconds * 1e6 / TICK_US)):
        for talker in talkers:
            talker.step()
        rig.turn()
        recorder.look(rig.clock.now)
    for talker in talkers:
        talker.step()


def end(rig: PlaneRig, recorder: HandRecorder, name: str) -> RecordingEnded:
    rig.plane.end_recording(name, int(1e6 * rig.clock.now), "")
    recorder.look(rig.clock.now, at_once=True)
    return rig.of(RecordingEnded)[-1]


def test_a_relayed_call_stays_relayed_and_each_tone_is_in_its_channel_from_first_to_last(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path
) -> None:
    path = tmp_path / "c-01.wav"
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (900,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, recorder, (anna, boris), 1.0)
        began = rig.clock.now
        rig.plane.record(recording(path, "c.1", "c.2", began_s=began))
        talk(rig, recorder, (anna, boris), 4.0)
        assert rig.plane._desk.idle, "it is mixed"
        boris.tones = (1300,)
        changed = rig.clock.now - began
        talk(rig, recorder, (anna, boris), 2.5)
        ended = end(rig, recorder, "c-01")
        talk(rig, recorder, (anna, boris), 0.5)
    rate, samples = read(path)
    assert (rate, samples.shape) == (8000, (round(6.5 * 8000), 2))
    assert (ended.why, ended.gaps) == ("asked", 0)
    for channel, tone, from_s, to_s in ((0, 500, 0, 6.5), (1, 900, 0, changed), (1, 1300, changed, 6.5)):
        found = loud_from_to(samples[:, channel], rate, tone)
        assert abs(found[0] - from_s) <= NEAR_S + 0.02, (tone, found)
        assert abs(found[1] - to_s) <= NEAR_S + 0.02, (tone, found)
    assert abs(decibels(level_of(samples[:, 0], rate, 500))) < 1
    assert decibels(level_of(samples[:, 0], rate, 900)) < -50
    assert decibels(level_of(samples[:, 1], rate, 500)) < -50


@pytest.mark.parametrize(("one", "other", "rate_hz"), [(PCMA, G722, 16000), (L16, PCMU, 16000), (PCMU, PCMA, 8000)])
def test_a_mixed_call_is_recorded_at_its_higher_rate(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path, one: object, other: object, rate_hz: int
) -> None:
    path = tmp_path / "c-01.wav"
    with Talker(rig, "c.1", one, (500,)) as anna, Talker(rig, "c.2", other, (900,)) as boris:  # type: ignore[arg-type]
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, recorder, (anna, boris), 0.5)
        rig.plane.record(recording(path, "c.1", "c.2", began_s=rig.clock.now))
        talk(rig, recorder, (anna, boris), 3.0)
        end(rig, recorder, "c-01")
    rate, samples = read(path)
    assert (rate, len(samples)) == (rate_hz, 3 * rate_hz)
    for channel, tone, foreign in ((0, 500, 900), (1, 900, 500)):
        assert abs(decibels(level_of(samples[:, channel], rate, tone))) < 1
        assert decibels(level_of(samples[:, channel], rate, foreign)) < -40
        assert loud_from_to(samples[:, channel], rate, tone) == pytest.approx((0, 3), abs=0.04)


def test_who_holds_is_silent_in_the_recording_and_heard_again_at_the_right_moment(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path
) -> None:
    path = tmp_path / "c-01.wav"
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (900,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        rig.plane.record(recording(path, "c.1", "c.2", began_s=rig.clock.now))
        talk(rig, recorder, (anna, boris), 2.0)
        boris.aim(receive=False)
        talk(rig, recorder, (anna, boris), 2.0)
        boris.aim()
        talk(rig, recorder, (anna, boris), 2.0)
        end(rig, recorder, "c-01")
    rate, samples = read(path)
    held = samples[int(2.05 * rate) : int(3.95 * rate), 1]
    assert abs(held).max() == 0
    assert loud_from_to(samples[: 3 * rate, 1], rate, 900)[1] == pytest.approx(2.0, abs=0.04)
    assert loud_from_to(samples[3 * rate :, 1], rate, 900) == pytest.approx((1.0, 3.0), abs=0.04)
    assert loud_from_to(samples[:, 0], rate, 500) == pytest.approx((0, 6), abs=0.04)


def test_a_transferred_call_goes_on_with_the_new_one_on_the_side_of_the_old(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path
) -> None:
    path = tmp_path / "c-01.wav"
    with (
        Talker(rig, "c.1", PCMU, (500,)) as anna,
        Talker(rig, "c.2", PCMU, (900,)) as boris,
        Talker(rig, "c.3", PCMA, (1300,)) as vera,
    ):
        began = rig.clock.now
        rig.plane.set_room("c", everybody(anna, boris))
        rig.plane.record(recording(path, "c.1", "c.2", began_s=began))
        talk(rig, recorder, (anna, boris, vera), 2.0)
        rig.close("c.2")
        rig.plane.set_room("c", everybody(anna, vera))
        rig.plane.record(recording(path, "c.1", "c.3", began_s=began))
        talk(rig, recorder, (anna, vera), 2.0)
        end(rig, recorder, "c-01")
    rate, samples = read(path)
    assert loud_from_to(samples[:, 0], rate, 500) == pytest.approx((0, 4), abs=0.04)
    assert loud_from_to(samples[:, 1], rate, 900) == pytest.approx((0, 2), abs=0.04)
    assert loud_from_to(samples[:, 1], rate, 1300) == pytest.approx((2, 4), abs=0.04)


@pytest.mark.row("I-20")
def test_intervals_are_as_long_as_was_asked_and_hold_what_was_said_in_them(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path
) -> None:
    with Talker(rig, "c.1", PCMU, ()) as anna, Talker(rig, "c.2", PCMU, (900,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        for number, (tone, length_s) in enumerate(((500, 1.2), (700, 0.4), (1100, 2.0)), 1):
            anna.tones = (tone,)
            talk(rig, recorder, (anna, boris), 0.3)
            rig.plane.record(recording(tmp_path / f"c-{number:02d}.wav", "c.1", "c.2", began_s=rig.clock.now))
            talk(rig, recorder, (anna, boris), length_s)
            ended = end(rig, recorder, f"c-{number:02d}")
            assert ended.seconds == pytest.approx(length_s, abs=0.001)
            talk(rig, recorder, (anna, boris), 0.3)
    for number, (tone, length_s) in enumerate(((500, 1.2), (700, 0.4), (1100, 2.0)), 1):
        rate, samples = read(tmp_path / f"c-{number:02d}.wav")
        assert len(samples) == pytest.approx(length_s * rate, abs=1)
        assert loud_from_to(samples[:, 0], rate, tone) == pytest.approx((0, length_s), abs=0.04)


def test_lost_packets_are_silence_and_listed_beside_the_file(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path
) -> None:
    about = {"conversation_id": "c", "interval": {"number": 1, "file": "c-01.wav"}}
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (900,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        began = rig.clock.now
        said = recording(tmp_path / "c-01.wav", "c.1", "c.2", began_s=began)
        rig.plane.record(said)
        talk(rig, recorder, (anna, boris), 1.0)
        lost_at = rig.clock.now - began
        for _ in range(5):
            anna.packet()
        anna._due += 0.1
        talk(rig, recorder, (anna, boris), 1.0)
        rig.plane.end_recording("c-01", int(1e6 * rig.clock.now), json.dumps(about))
        recorder.look(rig.clock.now, at_once=True)
    (interval,) = json.loads((tmp_path / "c.json").read_text())["intervals"]
    (gap,) = interval["gaps"]
    assert (gap["channel"], gap["why"]) == ("left", "lost")
    assert gap["from_s"] == pytest.approx(lost_at, abs=0.03)
    assert gap["to_s"] - gap["from_s"] == pytest.approx(0.1, abs=0.001)
    rate, samples = read(tmp_path / "c-01.wav")
    assert abs(samples[int(gap["from_s"] * rate) : int(gap["to_s"] * rate), 0]).max() == 0
    assert rig.of(RecordingEnded)[-1].gaps == 1


def test_a_recorder_that_dies_is_followed_by_one_that_writes_all_that_came_meanwhile(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path
) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (900,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        rig.plane.record(recording(tmp_path / "c-01.wav", "c.1", "c.2", began_s=rig.clock.now))
        talk(rig, recorder, (anna, boris), 2.3)
        recorder.die()
        talk(rig, recorder, (anna, boris), 2.7)
        assert recorder.starts == 2
        end(rig, recorder, "c-01")
    rate, samples = read(tmp_path / "c-01.wav")
    assert len(samples) == 5 * rate
    for channel, tone in ((0, 500), (1, 900)):
        assert loud_from_to(samples[:, channel], rate, tone) == pytest.approx((0, 5), abs=0.04)
        assert abs(decibels(level_of(samples[:, channel], rate, tone))) < 1


def test_a_full_disk_is_told_once_and_again_when_it_is_over_and_the_gap_is_listed(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    full = False

    def pwrite(descriptor: int, data: bytes, place: int) -> int:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data, place)

    monkeypatch.setattr(os, "pwrite", pwrite)
    about = json.dumps({"conversation_id": "c", "interval": {"number": 1, "file": "c-01.wav"}})
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (900,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        rig.plane.record(recording(tmp_path / "c-01.wav", "c.1", "c.2", began_s=rig.clock.now))
        talk(rig, recorder, (anna, boris), 2.0)
        full = True
        talk(rig, recorder, (anna, boris), 2.0)
        full = False
        talk(rig, recorder, (anna, boris), 2.0)
        rig.plane.end_recording("c-01", int(1e6 * rig.clock.now), about)
        recorder.look(rig.clock.now, at_once=True)
        assert boris.level(500) == pytest.approx(AMPLITUDE, rel=0.1)
    assert [event.what for event in rig.of(RecordingTrouble)] == ["No space left on device", ""]
    (interval,) = json.loads((tmp_path / "c.json").read_text())["intervals"]
    gaps = [gap for gap in interval["gaps"] if gap["channel"] == "left"]
    assert [gap["why"] for gap in gaps] == ["No space left on device"]
    assert gaps[0]["to_s"] - gaps[0]["from_s"] == pytest.approx(2.0, abs=0.55)
    rate, samples = read(tmp_path / "c-01.wav")
    assert len(samples) == 6 * rate
    assert loud_from_to(samples[: 2 * rate, 0], rate, 500) == pytest.approx((0, 2), abs=0.6)
    assert loud_from_to(samples[4 * rate :, 0], rate, 500) == pytest.approx((0, 2), abs=0.6)


def test_a_recorder_that_stands_still_for_too_long_is_told_of_and_what_is_missing_is_listed(tmp_path: Path) -> None:
    recorder = HandRecorder(octets=1 << 16)  # three seconds of two legs
    about = json.dumps({"conversation_id": "c", "interval": {"number": 1, "file": "c-01.wav"}})
    with (
        PlaneRig("", recorders=recorder) as rig,
        Talker(rig, "c.1", PCMU, (500,)) as anna,
        Talker(rig, "c.2", PCMU, (900,)) as boris,
    ):
        rig.plane.set_room("c", everybody(anna, boris))
        rig.plane.record(recording(tmp_path / "c-01.wav", "c.1", "c.2", began_s=rig.clock.now))
        talk(rig, recorder, (anna, boris), 2.0)
        recorder.stopped = True
        talk(rig, recorder, (anna, boris), 6.0)
        assert [event.what for event in rig.of(RecordingTrouble)] == [NO_ROOM]
        recorder.stopped = False
        talk(rig, recorder, (anna, boris), 4.0)
        assert [event.what for event in rig.of(RecordingTrouble)] == [NO_ROOM, ""]
        assert boris.level(500) == pytest.approx(AMPLITUDE, rel=0.1)
        rig.plane.end_recording("c-01", int(1e6 * rig.clock.now), about)
        recorder.look(rig.clock.now, at_once=True)
    (interval,) = json.loads((tmp_path / "c.json").read_text())["intervals"]
    assert {(gap["channel"], gap["why"]) for gap in interval["gaps"]} == {("left", "overrun"), ("right", "overrun")}
    assert interval["missing_s"] == pytest.approx(2 * 3.0, abs=1.0)
    rate, samples = read(tmp_path / "c-01.wav")
    assert len(samples) == 12 * rate
    for gap in interval["gaps"]:
        channel, tone = (0, 500) if gap["channel"] == "left" else (1, 900)
        sound = samples[:, channel]
        assert loud_from_to(sound[: int(gap["to_s"] * rate)], rate, tone)[1] == pytest.approx(gap["from_s"], abs=0.04)
        assert loud_from_to(sound[int(gap["from_s"] * rate) :], rate, tone)[0] == pytest.approx(
            gap["to_s"] - gap["from_s"], abs=0.04
        )


def test_a_call_that_lives_in_two_workers_is_one_file_with_each_tone_at_its_millisecond(tmp_path: Path) -> None:
    path, recorders = tmp_path / "c-01.wav", (HandRecorder(), HandRecorder())
    with (
        PlaneRig("", range(20000, 20100), recorders=recorders[0]) as one,
        PlaneRig("", range(20100, 20200), recorders=recorders[1]) as other,
        Talker(one, "c.1", PCMU, (500,)) as anna,
        Talker(other, "d.1", PCMA, (900,)) as boris,
    ):
        began = one.clock.now
        changes: list[float] = []

        def both(seconds: float) -> None:
            for _ in range(round(seconds * 1e6 / TICK_US)):
                for rig, recorder, talker in ((one, recorders[0], anna), (other, recorders[1], boris)):
                    talker.step()
                    rig.turn()
                    recorder.look(rig.clock.now)

        for rig in (one, other):
            rig.plane.record(recording(path, "c.1", "d.1", began_s=began))
        both(2.3)
        for talker, tone in ((anna, 700), (boris, 1300)):
            changes.append(one.clock.now - began)
            talker.tones = (tone,)
            both(1.1)
        for rig, recorder in ((one, recorders[0]), (other, recorders[1])):
            end(rig, recorder, "c-01")
    rate, samples = read(path)
    assert samples.shape == (round(4.5 * rate), 2)
    for channel, first, second, changed in ((0, 500, 700, changes[0]), (1, 900, 1300, changes[1])):
        sound = samples[:, channel]
        assert loud_from_to(sound, rate, first) == pytest.approx((0, changed), abs=NEAR_S + 0.02)
        assert loud_from_to(sound, rate, second) == pytest.approx((changed, 4.5), abs=NEAR_S + 0.02)


def test_a_message_ends_by_silence_and_by_its_limit(rig: PlaneRig, recorder: HandRecorder, tmp_path: Path) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna:
        rig.plane.record(recording(tmp_path / "m1.wav", "c.1", began_s=rig.clock.now, silence_s=1.5, limit_s=60.0))
        talk(rig, recorder, (anna,), 3.0)
        anna.tones = ()
        talk(rig, recorder, (anna,), 2.5)
        assert [(event.recording, event.why) for event in rig.of(RecordingEnded)] == [("m1", "silence")]
        rate, samples = read(tmp_path / "m1.wav")
        assert (rate, samples.shape[1]) == (8000, 1)
        assert len(samples) / rate == pytest.approx(3.5, abs=0.06)
        assert loud_from_to(samples[:, 0], rate, 500) == pytest.approx((0, 3.0), abs=0.04)
        anna.tones = (700,)
        rig.plane.record(recording(tmp_path / "m2.wav", "c.1", began_s=rig.clock.now, silence_s=1.5, limit_s=2.0))
        talk(rig, recorder, (anna,), 3.0)
        assert [event.why for event in rig.of(RecordingEnded)] == ["silence", "limit"]
        assert len(read(tmp_path / "m2.wav")[1]) == 2 * rate


def test_a_recording_that_nobody_ends_is_ended_when_its_legs_are_long_gone(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path
) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.9", PCMU, (900,)) as other:
        rig.plane.record(recording(tmp_path / "c-01.wav", "c.1", began_s=rig.clock.now))
        talk(rig, recorder, (anna, other), 1.0)
        rig.close("c.1")
        talk(rig, recorder, (other,), 7.0)
    (ended,) = rig.of(RecordingEnded)
    assert ended.seconds == pytest.approx(1.0, abs=0.2)
    assert len(read(tmp_path / "c-01.wav")[1]) == pytest.approx(8000, abs=1600)
