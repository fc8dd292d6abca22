"""What legs hear of the switch itself: content and events, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from softswitch.media.dsp.key_detector import KeyDetector
from softswitch.media.engine import DigitPressed, Format, PlayEnded, Playing
from softswitch.media.sound_files import MUSIC_ON_HOLD, SoundFile
from softswitch.media.worker.mixing.g722_lanes import LaneG722
from softswitch.rtp.telephone_event import EventReceiver
from softswitch_codecs import BatchCodec, codec_class
from tests.integration.media.rig import EVENT, PlaneRig
from tests.integration.media.talkers import G722, L16, PCMA, PCMU, Talker, decibels, everybody, talk

pytestmark = pytest.mark.network


@pytest.fixture
def rig() -> Iterator[PlaneRig]:
    with PlaneRig("") as made:
        yield made


def write(path: Path, tone: float, seconds: float, rate_hz: int = 16000) -> str:
    """Write a tone as loud as talkers speak; return its sound's name."""
    sound = 6000 / 32768 * np.sin(2 * np.pi * tone * np.arange(int(seconds * rate_hz)) / rate_hz)
    soundfile.write(path, sound, rate_hz)
    return f"file:{path}"


def heard_by(talker: Talker, first: int = 0) -> np.ndarray:
    """All that a talker has heard from a packet on."""
    cls = codec_class(talker.form.encoding, talker.form.clock_rate_hz)
    assert cls is not None
    codec = cls()
    parts = [codec.decode(np.frombuffer(got.payload, np.uint8)[np.newaxis])[0] for got in talker.got[first:]]
    return np.concatenate(parts)


def keys_in(sound: np.ndarray) -> str:
    detector = KeyDetector()
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 1, 160)
    return "".join(event.digit for frame in frames for event in detector.listen(frame))


def ends(rig: PlaneRig) -> list[PlayEnded]:
    return rig.of(PlayEnded)


@pytest.mark.parametrize(
    ("form", "ending"),
    [(PCMU, "wav"), (PCMA, "mp3"), (G722, "ogg"), (L16, "flac")],
    ids=["PCMU-wav", "PCMA-mp3", "G722-ogg", "L16-flac"],
)
def test_a_file_is_heard_and_its_end_is_told_once(rig: PlaneRig, tmp_path: Path, form: object, ending: str) -> None:
    with Talker(rig, "c.1", form, (500,)) as anna:  # type: ignore[arg-type]
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, (write(tmp_path / f"tone.{ending}", 800, 1.0),)))
        talk(rig, (anna,), 0.9)
        assert abs(decibels(anna.level(800, last_s=0.6))) < 1
        assert ends(rig) == []
        talk(rig, (anna,), 0.5)
        assert ends(rig) == [PlayEnded("c.1", 1)]
        assert 50 <= len(anna.got) <= 53


def test_a_leg_goes_back_to_its_room_in_one_unbroken_stream(rig: PlaneRig, tmp_path: Path) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (700,)) as boris:
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 1.2)
        assert abs(decibels(anna.level(700))) < 1
        rig.plane.play("c.1", Playing(1, (write(tmp_path / "tone.wav", 1100, 2.0),)))
        talk(rig, people, 1.6)
        assert abs(decibels(anna.level(1100))) < 1
        assert decibels(anna.level(700)) < -40
        assert abs(decibels(boris.level(500))) < 1  # boris hears anna all the while
        talk(rig, people, 1.8)
        assert ends(rig) == [PlayEnded("c.1", 1)]
        assert abs(decibels(anna.level(700))) < 1
        assert decibels(anna.level(1100)) < -40
        steps = np.diff([got.timestamp for got in anna.got]) % (1 << 32)
        assert np.abs(steps.astype(np.int64) - 160).max() <= 400  # where the source changes, the time that passed


def test_one_who_hears_a_mix_hears_it_again_afterwards(rig: PlaneRig, tmp_path: Path) -> None:
    forms = (PCMU, PCMA, G722)
    talkers = [Talker(rig, f"c.{number}", form, (500 + 200 * number,)) for number, form in enumerate(forms)]
    rig.plane.set_room("c", everybody(*talkers))
    talk(rig, talkers, 0.5)
    rig.plane.play("c.0", Playing(1, (write(tmp_path / "tone.wav", 1500, 1.5),)))
    talk(rig, talkers, 1.4)
    assert abs(decibels(talkers[0].level(1500))) < 1
    assert decibels(talkers[0].level(700)) < -40
    assert abs(decibels(talkers[1].level(500))) < 1
    talk(rig, talkers, 1.5)
    assert abs(decibels(talkers[0].level(700))) < 1
    assert abs(decibels(talkers[0].level(900))) < 1
    for talker in talkers:
        talker.phone.sock.close()


def test_sounds_follow_each_other_without_a_gap(rig: PlaneRig, tmp_path: Path) -> None:
    rng = np.random.default_rng(15)
    noises = [rng.integers(-9000, 9000, length, np.int16) for length in (1237, 1, 803, 2111)]
    for number, noise in enumerate(noises):
        soundfile.write(tmp_path / f"{number}.wav", noise, 8000, subtype="PCM_16")
    with Talker(rig, "c.1", PCMU, (500,)) as anna:
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, tuple(f"file:{tmp_path}/{number}.wav" for number in range(4))))
        talk(rig, (anna,), 1.0)
        wanted = np.concatenate(noises)
        coded = anna.codec.decode(anna.codec.encode(wanted[np.newaxis]))[0]
        assert np.array_equal(heard_by(anna)[: len(wanted)], coded)
        assert ends(rig) == [PlayEnded("c.1", 1)]


def test_what_is_played_stands_still_and_goes_on_where_it_stood_and_moves_to_any_place(
    rig: PlaneRig, tmp_path: Path
) -> None:
    noise = np.random.default_rng(4).integers(-9000, 9000, 8000, np.int16)
    beep = write(tmp_path / "beep.wav", 1000, 0.1, 8000)
    soundfile.write(tmp_path / "noise.wav", noise, 8000, subtype="PCM_16")
    sounds = (beep, f"file:{tmp_path}/noise.wav")
    with Talker(rig, "c.1", PCMU, (500,)) as anna:
        wanted = anna.codec.decode(anna.codec.encode(noise[np.newaxis]))[0]
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, sounds, moves=1, sound=1, at_ms=200))
        talk(rig, (anna,), 0.3)
        rig.plane.play("c.1", Playing(1, sounds, paused=True, moves=1, sound=1, at_ms=200))
        talk(rig, (anna,), 0.4)
        played = np.trim_zeros(heard_by(anna), "b")
        assert 0.25 * 8000 < len(played) < 0.35 * 8000
        assert np.array_equal(played, wanted[1600 : 1600 + len(played)])
        paused = len(anna.got)
        rig.plane.play("c.1", Playing(1, sounds, moves=1, sound=1, at_ms=200))
        talk(rig, (anna,), 0.2)
        again = np.trim_zeros(heard_by(anna, paused - 2), "f")
        assert len(again) > 0.15 * 8000
        place = 1600 + len(played)
        assert np.array_equal(again, wanted[place : place + len(again)])
        moved = len(anna.got)
        rig.plane.play("c.1", Playing(1, sounds, moves=2, sound=1, at_ms=100))
        talk(rig, (anna,), 0.2)
        back = heard_by(anna, moved + 1)
        assert any(np.array_equal(back, wanted[at : at + len(back)]) for at in (800, 960))
        rig.plane.play("c.1", Playing(1, sounds, moves=3, sound=9, at_ms=10_000))
        talk(rig, (anna,), 0.1)
        assert ends(rig) == [PlayEnded("c.1", 1)]


def spectrum_likeness(one: np.ndarray, other: np.ndarray) -> float:
    """How alike the spectra of two sounds are: 1 for the same."""
    size = min(len(one), len(other))
    first, second = (np.abs(np.fft.rfft(sound[:size] * np.hanning(size))) for sound in (one, other))
    return float(np.corrcoef(first, second)[0, 1])


def test_all_who_hear_the_music_hear_one_track_that_is_encoded_once_a_codec(
    rig: PlaneRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = (PCMU, PCMU, PCMU, G722, G722)
    talkers = [Talker(rig, f"c.{number}", form, (500,)) for number, form in enumerate(forms)]
    talk(rig, talkers, 0.1)
    encoded: list[tuple[str, int]] = []
    for cls in {type(talker.codec) for talker in talkers} | {LaneG722}:

        def spy(
            self: BatchCodec, samples: np.ndarray, streams: np.ndarray | None = None, *, inner: object = cls.encode
        ) -> object:
            if streams is not None and np.min(streams) >= 1 << 20:
                encoded.append((self.encoding, len(samples)))
            return inner(self, samples, streams)  # type: ignore[operator]

        monkeypatch.setattr(cls, "encode", spy)
    for number, talker in enumerate(talkers):
        rig.plane.play(talker.leg, Playing(1, ("music:",), repeat=True))
        if number == 0:
            talk(rig, talkers, 0.4)
    talk(rig, talkers, 2.0)
    assert set(encoded) == {("PCMU", 1), ("G722", 1)}
    payloads = [[got.payload for got in talker.got[-50:]] for talker in talkers[:3]]
    assert payloads[0] == payloads[1] == payloads[2]
    music = SoundFile(MUSIC_ON_HOLD, 8000).decode_all().astype(np.float64)
    assert spectrum_likeness(heard_by(talkers[0]).astype(np.float64), music) > 0.95
    later = SoundFile(MUSIC_ON_HOLD, 16000).decode_all()[int(0.4 * 16000) :].astype(np.float64)
    assert spectrum_likeness(heard_by(talkers[3]).astype(np.float64), later) > 0.95
    for talker in talkers:
        rig.plane.play(talker.leg, None)
    before = [len(talker.got) for talker in talkers]
    talk(rig, talkers, 0.2)
    assert [len(talker.got) - count for talker, count in zip(talkers, before, strict=True)] == [0] * 5
    assert ends(rig) == []
    for talker in talkers:
        talker.phone.sock.close()


def test_a_tone_has_its_cadence_and_keys_are_keys(rig: PlaneRig) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", G722, (500,)) as boris:
        people: Sequence[Talker] = (anna, boris)
        talk(rig, people, 0.1)
        rig.plane.play("c.1", Playing(1, ("tone:busy",), repeat=True))
        rig.plane.play("c.2", Playing(1, ("tone:beep", "keys:1590*#AD")))  # mixed with a tone they are heard
        talk(rig, people, 2.5)
        loud = np.abs(heard_by(anna)[: 8000 * 2].astype(np.int64)).reshape(-1, 80).max(axis=1) > 1000
        assert loud.reshape(4, 50).all(axis=1).tolist() == [True, False, True, False]
        assert not loud.reshape(4, 50)[1::2].any()
        assert keys_in(heard_by(boris)[::2]) == "1590*#AD"
        assert ends(rig) == [PlayEnded("c.2", 1)]
        assert rig.of(DigitPressed) == []


@pytest.mark.parametrize(("country", "on_ms"), [("RU", 400), ("EU", 500)])
def test_tones_are_those_of_the_country_that_was_set(country: str, on_ms: int) -> None:
    with PlaneRig("", country=country) as rig, Talker(rig, "c.1", PCMU, (500,)) as anna:
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, ("tone:busy",)))
        talk(rig, (anna,), 0.9)
        loud = np.abs(heard_by(anna).astype(np.int64)) > 50
        assert np.flatnonzero(loud)[-1] == pytest.approx(8 * on_ms, abs=16)


@pytest.mark.parametrize("form", [PCMU, G722], ids=["PCMU", "G722"])
def test_keys_go_beside_the_sound_to_a_phone_that_has_agreed_upon_that(rig: PlaneRig, form: Format) -> None:
    with Talker(rig, "c.1", form, (500,)) as anna, Talker(rig, "c.2", form, (700,)) as boris:
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 0.5)
        before = len(anna.got)
        rig.plane.play("c.1", Playing(1, ("keys:15", "keys:*")))
        talk(rig, people, 1.5)
        events = [got for got in anna.got[before:] if got.payload_type == EVENT.send_type]
        receiver = EventReceiver()
        keys = [
            receiver.receive(got.payload, timestamp=got.timestamp, ssrc=got.ssrc, marker=got.marker) for got in events
        ]
        assert "".join(keys) == "15*"
        assert len(events) == 3 * 7
        assert sum(got.marker for got in events) == 3
        assert ends(rig) == [PlayEnded("c.1", 1)]
        sequences = [got.sequence for got in anna.got]
        assert all((later - earlier) & 0xFFFF == 1 for earlier, later in pairwise(sequences))
        assert len({got.ssrc for got in anna.got}) == 1
        sound = [got for got in anna.got if got.payload_type != EVENT.send_type]
        passed_s, passed_rtp = sound[-1].at_s - sound[0].at_s, (sound[-1].timestamp - sound[0].timestamp) % (1 << 32)
        assert passed_rtp / 8000 == pytest.approx(passed_s, abs=0.06)


def test_keys_are_heard_by_a_phone_that_has_agreed_upon_nothing_else(rig: PlaneRig) -> None:
    with Talker(rig, "c.1", PCMA, (500,)) as anna:
        anna.formats = (PCMA,)
        anna.aim()
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, ("keys:0123456789",)))
        talk(rig, (anna,), 2.2)
        assert keys_in(heard_by(anna)) == "0123456789"
        assert ends(rig) == [PlayEnded("c.1", 1)]


@pytest.mark.parametrize(
    ("sounds", "reason"),
    [
        (("file:/nowhere/at-all.wav",), "/nowhere/at-all.wav: No such file"),
        (("tone:beep", "file:/etc/hostname"), "/etc/hostname"),
        (("tone:howler",), "howler"),
        (("keys:12E",), "'E' is no key"),
        (("song:7",), "song:7"),
        ((), "names no sound"),
    ],
)
def test_what_cannot_be_played_is_told_and_the_call_goes_on(
    rig: PlaneRig, sounds: tuple[str, ...], reason: str
) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (700,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, (anna, boris), 0.4)
        rig.plane.play("c.1", Playing(1, sounds))
        talk(rig, (anna, boris), 1.2)
        (told,) = ends(rig)
        assert (told.leg, told.number) == ("c.1", 1)
        assert reason in told.problem
        assert abs(decibels(anna.level(700))) < 1


def test_an_order_said_twice_changes_nothing_and_another_one_replaces_it_without_an_event(
    rig: PlaneRig, tmp_path: Path
) -> None:
    low, high = write(tmp_path / "low.wav", 500, 1.0), write(tmp_path / "high.wav", 1300, 1.0)
    with Talker(rig, "c.1", PCMU, (2000,)) as anna:
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, (low,)))
        talk(rig, (anna,), 0.5)
        rig.plane.play("c.1", Playing(1, (low,)))
        talk(rig, (anna,), 0.3)
        assert abs(decibels(anna.level(500, last_s=0.6))) < 1
        rig.plane.play("c.1", Playing(2, (high,)))
        talk(rig, (anna,), 0.8)
        assert abs(decibels(anna.level(1300, last_s=0.6))) < 1
        talk(rig, (anna,), 0.6)
        rig.plane.play("c.1", Playing(2, (high,)))
        rig.plane.play("c.1", Playing(1, (low,)))
        count = len(anna.got)
        talk(rig, (anna,), 0.3)
        assert len(anna.got) == count
        assert ends(rig) == [PlayEnded("c.1", 2)]


def test_a_leg_that_is_closed_while_it_hears_something_leaves_nothing_behind(rig: PlaneRig, tmp_path: Path) -> None:
    sound = write(tmp_path / "tone.wav", 500, 5.0)
    with Talker(rig, "c.1", PCMU, (2000,)) as anna:
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, (sound,)))
        talk(rig, (anna,), 0.2)
        rig.close("c.1")
    with Talker(rig, "c.1", PCMU, (2000,)) as anna:
        talk(rig, (anna,), 0.2)
        assert anna.got == []
        rig.plane.play("c.1", Playing(1, (sound,)))
        talk(rig, (anna,), 0.8)
        assert abs(decibels(anna.level(500, last_s=0.5))) < 1
    assert ends(rig) == []


def test_a_change_of_codec_in_the_middle_goes_on_where_the_sound_stood(rig: PlaneRig, tmp_path: Path) -> None:
    with Talker(rig, "c.1", PCMU, (2000,)) as anna:
        talk(rig, (anna,), 0.1)
        rig.plane.play("c.1", Playing(1, (write(tmp_path / "tone.wav", 600, 2.0),)))
        talk(rig, (anna,), 0.5)
        count = len(anna.got)
        anna.use(G722)
        anna.formats = (G722, *anna.formats[1:])
        anna.aim()
        talk(rig, (anna,), 0.7)
        sound = heard_by(anna, count + 5)
        assert {got.payload_type for got in anna.got[count + 2 :]} == {9}
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        assert np.argmax(spectrum) * 16000 / len(sound) == pytest.approx(600, abs=5)
        talk(rig, (anna,), 1.2)
        assert ends(rig) == [PlayEnded("c.1", 1)]
        assert 100 <= len(anna.got) <= 104
