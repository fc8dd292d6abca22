"""From text to recorded files: the prompt pack, and files that replace its own.

A prompt's file is named after its text in Latin letters: ``vash-nomer-v-ocheredi``. Text is covered from left to right,
each time by the longest prompt that fits, so a whole recorded sentence goes before its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from softswitch.core.errors import SpeechError
from softswitch.speech.language import normal

PACK: Final = Path(__file__).with_name("pack")
"""The recorded words that come with the program, a folder a language; ``tools/make_prompts.py`` makes them."""
_SUFFIXES: Final = (".wav", ".flac", ".ogg", ".mp3")
_MOST_WORDS: Final = 12
_LATIN: Final = str.maketrans(
    dict(
        zip(
            "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
            "a,b,v,g,d,e,yo,zh,z,i,y,k,l,m,n,o,p,r,s,t,u,f,kh,ts,ch,sh,shch,,y,,e,yu,ya".split(","),  # noqa: SIM905
            strict=True,
        )
    )
)


def file_name(text: str) -> str:
    """Return the name of a prompt's file without its suffix."""
    return normal(text).translate(_LATIN).replace("'", "").replace(" ", "-")


class Prompts:
    """Finds the files of texts.

    Args:
        folders: where to look, the first first: each holds a folder a language. The pack comes behind them.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self._folders = (*folders, PACK)
        self._known: dict[str, dict[str, Path]] = {}

    def look_again(self) -> None:
        """Notice files that were added or taken away."""
        self._known.clear()

    def files(self, language: str, text: str) -> tuple[Path, ...]:
        """Return the files that say a text.

        Args:
            language: its code.
            text: words; punctuation and case mean nothing.

        Raises:
            SpeechError: there is no recording of some of its words; the text says how to get one.
        """
        found, missing = self._cover(language, normal(text).split())
        if missing:
            raise SpeechError(
                f"there is no recording of {' '.join(missing)!r} in {language}: "
                f"put it into prompts/{language}/{file_name(missing[0])}.wav of the storage directory"
            )
        return found

    def sounds(self, language: str, text: str) -> tuple[str, ...]:
        """Return what :class:`softswitch.media.engine.Playing` plays to say a text.

        Raises:
            SpeechError: as for :meth:`files`.
        """
        return tuple(f"file:{path}" for path in self.files(language, text))

    def covers(self, language: str, text: str) -> bool:
        """Tell whether there are recordings for all of a text."""
        return not self._cover(language, normal(text).split())[1]

    def _cover(self, language: str, words: Sequence[str]) -> tuple[tuple[Path, ...], list[str]]:
        known = self._files_of(language)
        found: list[Path] = []
        missing: list[str] = []
        at = 0
        while at < len(words):
            for length in range(min(_MOST_WORDS, len(words) - at), 0, -1):
                path = known.get(file_name(" ".join(words[at : at + length])))
                if path is not None:
                    found.append(path)
                    at += length
                    break
            else:
                missing.append(words[at])
                at += 1
        return tuple(found), missing

    def _files_of(self, language: str) -> dict[str, Path]:
        if language not in self._known:
            known: dict[str, Path] = {}
            for folder in reversed(self._folders):
                for path in sorted((folder / language).glob("*")):
                    if path.suffix in _SUFFIXES:
                        known[path.stem] = path.absolute()
            self._known[language] = known
        return self._known[language]
