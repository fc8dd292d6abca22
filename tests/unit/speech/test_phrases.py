"""Two hundred phrases against a table that was written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from softswitch.core.errors import SpeechError
from softswitch.speech import phrases
from softswitch.speech.prompts import PACK, Prompts

CASES: Final = [
    line.split("\t") for line in Path(__file__).with_name("cases.tsv").read_text(encoding="utf-8").splitlines()
]


def _number(language: str, text: str) -> str:
    value, _, gender = text.partition(" ")
    return phrases.number(language, int(value), gender=gender or "m")


def _counted(language: str, text: str) -> str:
    value, noun = text.split()
    return phrases.number(language, int(value), of=noun)


def _ordinal(language: str, text: str) -> str:
    value, _, gender = text.partition(" ")
    return phrases.ordinal(language, int(value), gender=gender or "m")


SAY: Final[dict[str, Callable[[str, str], str]]] = {
    "number": _number,
    "counted": _counted,
    "ordinal": _ordinal,
    "time": phrases.time,
    "date": phrases.date,
    "year": lambda language, text: phrases.date(language, text, with_year=True),
    "money": lambda language, text: phrases.money(language, *text.split()),
    "digits": phrases.digits,
    "position": lambda language, text: phrases.queue_position(language, int(text)),
    "wait": lambda language, text: phrases.expected_wait(language, minutes=int(text)),
    "messages": lambda language, text: phrases.messages(language, int(text)),
}


def test_the_table_has_two_hundred_cases() -> None:
    assert len(CASES) >= 200
    assert len({tuple(case[:3]) for case in CASES}) == len(CASES)


@pytest.mark.parametrize(("language", "kind", "given", "said"), CASES, ids=[" ".join(case[:3]) for case in CASES])
def test_a_phrase_is_said_right_by_recorded_files_alone(language: str, kind: str, given: str, said: str) -> None:
    if said == "!":
        with pytest.raises(SpeechError, match="is no"):
            SAY[kind](language, given)
        return
    assert SAY[kind](language, given) == said
    files = Prompts().files(language, said)
    assert all(path.parent == PACK / language for path in files)
    assert sum(len(_words_of(path)) for path in files) == len(said.split())


def _words_of(path: Path) -> list[str]:
    return path.stem.split("-")
