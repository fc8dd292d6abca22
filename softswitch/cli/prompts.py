"""``softswitch prompts``: the recorded words of the switch, and what a text sounds like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import numpy as np
import soundfile
import typer

from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.media.sound_files import SoundFile
from softswitch.runtime.settings_file import load_settings
from softswitch.speech.phrases import LANGUAGES, language_of
from softswitch.speech.prompts import PACK, file_name
from softswitch.speech.service import speech_of
from softswitch.speech.vocabulary import vocabulary

_RATE_HZ: Final = 8000
_COLUMNS: Final = ("language", "text", "file", "from")

LanguageOption = Annotated[str, typer.Option("--language", help=f"One of {', '.join(LANGUAGES)}.")]

prompts = typer.Typer(help="The recorded words that the switch speaks with; no switch need run.", no_args_is_help=True)


@prompts.command("list")
def list_(*, language: LanguageOption = "", as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List every prompt, the name of its file, and whether it is the pack's or your own.

    To replace one, put NAME.wav (or .flac, .ogg, .mp3) into prompts/LANGUAGE/ of the storage directory.

    Example: softswitch prompts list --language ru
    """
    settings = load_settings(config)
    found = speech_of(settings.storage.directory, settings.speech.piper_voices).prompts
    rows = []
    for code in [language_of(language).code] if language else LANGUAGES:
        for text in vocabulary(code):
            path = found.files(code, text)[0] if found.covers(code, text) else None
            source = "missing" if path is None else "pack" if PACK in path.parents else str(path)
            rows.append({"language": code, "text": text, "file": file_name(text), "from": source})
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS, [[row[column] for column in _COLUMNS] for row in rows], empty="There is no prompt.")


@prompts.command()
def say(
    text: Annotated[str, typer.Argument(help="What is to be said.")],
    output: Annotated[Path, typer.Argument(help="The WAV file to write.")],
    *,
    language: LanguageOption = "en",
    voice: Annotated[str, typer.Option(help="A voice of the speech program.")] = "",
    config: ConfigOption = None,
) -> None:
    """Write what a caller would hear: recorded words where all are recorded, else a speech program's voice.

    Example: softswitch prompts say "двадцать один оператор" said.wav --language ru
    """
    settings = load_settings(config)
    service = speech_of(settings.storage.directory, settings.speech.piper_voices)
    files = service.files(text, language_of(language).code, voice)
    sound = np.concatenate([SoundFile(str(path), _RATE_HZ).decode_all() for path in files])
    soundfile.write(output, sound, _RATE_HZ, format="WAV", subtype="PCM_16")
    print(f"{output}: {len(sound) / _RATE_HZ:.1f} s, from {len(files)} file{'s' if len(files) > 1 else ''}")
