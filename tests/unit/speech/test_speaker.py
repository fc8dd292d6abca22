"""Speech programs, what is kept of them, and prompts in files."""

from __future__ import annotations

import stat
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.core.errors import SpeechError
from softswitch.speech import phrases
from softswitch.speech.prompts import PACK, Prompts, file_name
from softswitch.speech.service import SpeechService, speech_of
from softswitch.speech.speaker import EspeakSpeaker, NoSpeaker, PiperSpeaker, Speech, SpokenFiles, installed_speaker
from softswitch.speech.vocabulary import vocabulary


class Counting:
    """A speaker that counts how often it is asked."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    def speak(self, text: str, language: str, voice: str = "") -> Speech:
        self.asked.append((text, language, voice))
        return Speech(np.arange(len(text), dtype=np.int16), 8000)


def program(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def a_wave(path: Path, samples: int = 400, *, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(np.ones(samples * channels, "<i2").tobytes())
    return path


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_pack_has_a_file_for_every_prompt_and_no_other(language: str) -> None:
    texts = vocabulary(language)
    names = {file_name(text) for text in texts}
    assert len(names) == len(texts)
    assert {path.stem for path in (PACK / language).iterdir()} == names


def test_the_longest_recording_that_fits_is_played() -> None:
    files = Prompts().files("ru", "Ваш номер в очереди — двадцать один!")
    assert [path.stem for path in files] == ["vash-nomer-v-ocheredi", "dvadtsat", "odin"]


def test_a_file_of_the_users_goes_before_the_packs(tmp_path: Path) -> None:
    own = tmp_path / "ru" / "odin.wav"
    own.parent.mkdir()
    own.touch()
    prompts = Prompts((tmp_path,))
    assert prompts.sounds("ru", "двадцать один") == (f"file:{PACK}/ru/dvadtsat.ogg", f"file:{own}")
    own.unlink()
    prompts.look_again()
    assert prompts.files("ru", "один") == (PACK / "ru" / "odin.ogg",)


def test_a_word_without_a_recording_is_named_with_the_file_to_add() -> None:
    with pytest.raises(SpeechError, match=r"'здравствуйте' in ru: put it into prompts/ru/zdravstvuyte\.wav"):
        Prompts().files("ru", "здравствуйте пять")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (lambda: phrases.number("de", 1), "does not speak 'de'"),
        (lambda: phrases.number("en", 1, of="elephant"), "'elephant'"),
        (lambda: phrases.number("en", 10**12), "too large"),
        (lambda: phrases.fixed("en", "hello"), "no phrase 'hello'"),
        (lambda: phrases.money("en", 1, "XYZ"), "'XYZ'"),
        (lambda: phrases.money("en", "much"), "'much'"),
        (lambda: phrases.time("en", "25:00"), "'25:00'"),
    ],
)
def test_what_cannot_be_said_is_refused_with_what_to_write(said: object, why: str) -> None:
    with pytest.raises(SpeechError, match=why):
        said()  # type: ignore[operator]


def test_without_a_program_the_error_names_the_cure(tmp_path: Path) -> None:
    assert isinstance(installed_speaker(path=str(tmp_path)), NoSpeaker)
    service = SpeechService(tmp_path, installed_speaker(path=str(tmp_path)))
    assert [path.stem for path in service.files("twenty one", "en")] == ["twenty", "one"]
    with pytest.raises(SpeechError, match=r"'good morning' cannot be said: install .* espeak-ng"):
        service.files("good morning", "en")


def test_a_text_is_spoken_once_and_kept(tmp_path: Path) -> None:
    speaker = Counting()
    service = SpeechService(tmp_path, speaker)
    assert service.at_hand("good morning", "en") is None
    (path,) = service.files("good morning", "en")
    assert service.at_hand("good morning", "en") == (path,)
    assert service.sounds("good morning", "en") == (f"file:{path}",)
    service.files("good morning", "en", "anna")
    service.files("good morning", "ru")
    service.spoken.prepare([("good morning", "en", "")])
    assert speaker.asked == [("good morning", "en", ""), ("good morning", "en", "anna"), ("good morning", "ru", "")]
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnframes()) == (8000, 12)


def test_espeak_is_told_voice_and_text_and_its_sound_is_read(tmp_path: Path) -> None:
    sound = a_wave(tmp_path / "made.wav")
    script = f'echo "$@" > {tmp_path}/words; cat > {tmp_path}/text; cat {sound}'
    speech = EspeakSpeaker(program(tmp_path, "espeak-ng", script)).speak("добрый день", "ru")
    assert (speech.rate_hz, speech.samples.tolist()) == (22050, [1] * 400)
    assert (tmp_path / "words").read_text() == "-v ru -s 150 --stdin --stdout\n"
    assert (tmp_path / "text").read_text() == "добрый день"


def test_piper_is_used_where_it_has_a_voice(tmp_path: Path) -> None:
    sound = a_wave(tmp_path / "made.wav")
    program(tmp_path, "piper", f'echo "$@" > {tmp_path}/words; cat {sound}')
    program(tmp_path, "espeak-ng", "exit 1")
    speaker = installed_speaker({"en": "/voices/joe.onnx"}, path=f"{tmp_path}:/usr/bin:/bin")
    assert isinstance(speaker, PiperSpeaker)
    assert speaker.speak("good morning", "en").rate_hz == 22050
    assert (tmp_path / "words").read_text() == "--model /voices/joe.onnx --output_file -\n"
    with pytest.raises(SpeechError, match="no voice for 'ru'"):
        speaker.speak("добрый день", "ru")
    assert isinstance(installed_speaker({}, path=str(tmp_path)), EspeakSpeaker)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo no such voice >&2; exit 3", "no such voice"),
        ("exit 3", "exit code 3"),
        ("echo hello", "wrote no sound"),
    ],
)
def test_a_program_that_fails_is_an_error_and_leaves_no_file(tmp_path: Path, script: str, why: str) -> None:
    spoken = SpokenFiles(tmp_path / "speech", EspeakSpeaker(program(tmp_path, "espeak-ng", script)))
    with pytest.raises(SpeechError, match=why):
        spoken.file("good morning", "en")
    assert not (tmp_path / "speech").exists()


def test_a_voice_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match=r"piper_voices names .*joe\.onnx for 'en'"):
        speech_of(tmp_path, {"en": tmp_path / "joe.onnx"})


@pytest.mark.parametrize("text", ["", "  ", "x" * 5001])
def test_a_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SpeechError, match="text"):
        EspeakSpeaker("/bin/false").speak(text, "en")
