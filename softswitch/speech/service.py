"""Sound files for any text: recorded prompts where they have all of its words, else what a speech program says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from softswitch.core.errors import SpeechError
from softswitch.speech.prompts import Prompts
from softswitch.speech.speaker import Speaker, SpokenFiles, installed_speaker


class SpeechService:
    """Says texts.

    Args:
        directory: the storage directory: ``prompts/`` in it goes before the pack, ``speech/`` keeps what was spoken.
        speaker: says what is not recorded.
        prompts: those that are recorded, where somebody has read them already.
    """

    def __init__(self, directory: Path, speaker: Speaker, prompts: Prompts | None = None) -> None:
        self.prompts = prompts or Prompts((directory / "prompts",))
        self.spoken = SpokenFiles(directory / "speech", speaker)

    def at_hand(self, text: str, language: str, voice: str = "") -> tuple[Path, ...] | None:
        """Return the files that say a text if they are there already, else None; never blocks for long.

        Args:
            text: what is said.
            language: its code.
            voice: a speaker's; a text with a voice is never said by prompts.
        """
        if not voice and self.prompts.covers(language, text):
            return self.prompts.files(language, text)
        path = self.spoken.path_of(text, language, voice)
        return (path,) if path.exists() else None

    def files(self, text: str, language: str, voice: str = "") -> tuple[Path, ...]:
        """Return the files that say a text; blocks where a program must speak first.

        Raises:
            SpeechError: it cannot be said; the text names the cure.
        """
        found = self.at_hand(text, language, voice)
        return found if found is not None else (self.spoken.file(text, language, voice),)

    def sounds(self, text: str, language: str, voice: str = "") -> tuple[str, ...]:
        """Return what :class:`softswitch.media.engine.Playing` plays to say a text; blocks as :meth:`files` does.

        Raises:
            SpeechError: it cannot be said; the text names the cure.
        """
        return tuple(f"file:{path}" for path in self.files(text, language, voice))


def speech_of(directory: Path, piper_voices: Mapping[str, Path]) -> SpeechService:
    """Make the service of an installation.

    Args:
        directory: the storage directory.
        piper_voices: by language, the path of a voice's file.

    Raises:
        SpeechError: a voice's file is not there.
    """
    for language, path in piper_voices.items():
        if not path.exists():
            raise SpeechError(f"[speech] piper_voices names {path} for {language!r}, and there is no such file")
    return SpeechService(directory, installed_speaker({code: str(path) for code, path in piper_voices.items()}))
