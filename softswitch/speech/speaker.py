"""Speech from any text: programs that the user may install, and what they made before.

The programs are started one at a time as processes of their own (espeak-ng and Piper are under the GPL: nothing of them
is loaded into the switch), never in the brain's loop: :meth:`Speaker.speak` blocks, so it is called from a thread
(``asyncio.to_thread``) or in another process.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import wave
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from softswitch.core.errors import SpeechError
from softswitch.core.immutable import immutable

LONGEST_CHARACTERS: Final = 5000
_SECONDS: Final = 60.0

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CURE: Final = (
    "install a speech program (on Debian: apt install espeak-ng; or Piper, with its voice in [speech] piper_voices), "
    "or record the prompt: softswitch prompts list"
)


@immutable
class Speech:
    """Spoken text."""

    samples: npt.NDArray[np.int16]
    """Mono, shape (n,)."""
    rate_hz: int


class Speaker(Protocol):
    """Makes speech of text."""

    name: str

    def speak(self, text: str, language: str, voice: str = "") -> Speech:
        """Make speech; blocks for some milliseconds to seconds.

        Args:
            text: what is said.
            language: its code, e.g. ``ru``.
            voice: as the program names it; empty: its usual one for the language.

        Raises:
            SpeechError: it cannot; the text names the cure.
        """
        ...


class NoSpeaker:
    """Implements :class:`Speaker` where there is no speech program: whoever asks is told the cure."""

    name = "none"

    def speak(self, text: str, language: str, voice: str = "") -> Speech:
        """Refuse."""
        raise SpeechError(f"no speech program is installed, so {_short(text)!r} cannot be said: {CURE}")


class EspeakSpeaker:
    """Implements :class:`Speaker` with espeak-ng.

    Args:
        program: its path.
    """

    name = "espeak-ng"

    def __init__(self, program: str) -> None:
        self._program = program

    def speak(self, text: str, language: str, voice: str = "") -> Speech:
        """Run the program; the text goes by its standard input."""
        _check(text)
        command = [self._program, "-v", voice or language, "-s", "150", "--stdin", "--stdout"]
        return _read_wave(_run(command, text), self.name)


class PiperSpeaker:
    """Implements :class:`Speaker` with Piper.

    Args:
        program: its path.
        voices: by language, the path of a voice's ``.onnx`` file.
    """

    name = "piper"

    def __init__(self, program: str, voices: dict[str, str]) -> None:
        self._program = program
        self._voices = voices

    def speak(self, text: str, language: str, voice: str = "") -> Speech:
        """Run the program; the text goes by its standard input."""
        _check(text)
        model = voice or self._voices.get(language, "")
        if not model:
            raise SpeechError(f"Piper has no voice for {language!r}: name its .onnx file in [speech] piper_voices")
        command = [self._program, "--model", model, "--output_file", "-"]
        return _read_wave(_run(command, " ".join(text.split())), self.name)


def installed_speaker(piper_voices: dict[str, str] | None = None, *, path: str | None = None) -> Speaker:
    """Return the best speaker of this machine: Piper where it has voices, espeak-ng, or one that refuses.

    Args:
        piper_voices: by language, the path of a voice's file.
        path: where programs are looked for; the usual places where it is None.
    """
    piper, espeak = shutil.which("piper", path=path), shutil.which("espeak-ng", path=path)
    if piper and piper_voices:
        return PiperSpeaker(piper, piper_voices)
    return EspeakSpeaker(espeak) if espeak else NoSpeaker()


class SpokenFiles:
    """Speech as files that can be played, each made once.

    Args:
        folder: where they are kept; they may be removed at any time.
        speaker: makes what is not there.
    """

    def __init__(self, folder: Path, speaker: Speaker) -> None:
        self._folder = folder
        self._speaker = speaker

    def path_of(self, text: str, language: str, voice: str = "") -> Path:
        """Return where a text's speech is, or will be."""
        key = "\0".join((self._speaker.name, language, voice, text)).encode()
        return self._folder / f"{language}-{blake2b(key, digest_size=12).hexdigest()}.wav"

    def file(self, text: str, language: str, voice: str = "") -> Path:
        """Return a file that says a text; blocks where it must be made first.

        Raises:
            SpeechError: it cannot be said.
        """
        path = self.path_of(text, language, voice)
        if not path.exists():
            _write_wave(path, self._speaker.speak(text, language, voice))
        return path

    def prepare(self, texts: Iterable[tuple[str, str, str]]) -> None:
        """Make the files of many texts: each with its language and voice.

        Raises:
            SpeechError: one cannot be said.
        """
        for text, language, voice in texts:
            self.file(text, language, voice)


def _check(text: str) -> None:
    if not text.strip():
        raise SpeechError("there is no text to be said")
    if len(text) > LONGEST_CHARACTERS:
        raise SpeechError(f"a text of {len(text)} characters is too long to be said: at most {LONGEST_CHARACTERS}")


def _run(command: list[str], text: str) -> bytes:
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise SpeechError(f"{command[0]} failed: {said[-1] if said else f'exit code {error.returncode}'}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeechError(f"{command[0]} failed: {error}") from error
    return done.stdout


def _read_wave(data: bytes, name: str) -> Speech:
    """Read what a program wrote to a pipe: the lengths in its header need not be true."""
    import numpy as np  # not before somebody speaks: the brain loads this module when it starts

    at = data.find(b"data")
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate_hz, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
    except (wave.Error, EOFError) as error:
        raise SpeechError(f"{name} wrote no sound: {error}") from error
    if (width, channels) != (2, 1) or at < 0:
        raise SpeechError(f"{name} wrote sound of {8 * width} bits and {channels} channels, not 16 and 1")
    octets = data[at + 8 :]
    return Speech(np.frombuffer(octets[: len(octets) & ~1], "<i2").astype(np.int16), rate_hz)


def _write_wave(path: Path, speech: Speech) -> None:
    """Write the whole file beside it first, so that nobody plays half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with wave.open(str(fresh), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.rate_hz)
        file.writeframes(speech.samples.astype("<i2").tobytes())
    fresh.replace(path)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
