"""Every text that the prompt pack has a recording of: what :mod:`softswitch.speech.phrases` can put together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

from softswitch.speech.language import Language
from softswitch.speech.phrases import language_of

_GENDERS = ("m", "f", "n")
_YEARS = range(1900, 2101)


def vocabulary(code: str) -> tuple[str, ...]:
    """Return the texts of a language's prompts: fixed phrases, what is counted, and the words of numbers and dates."""
    language = language_of(code)
    whole = dict.fromkeys(_whole(language))
    words = dict.fromkeys(word for text in _said(language) for word in text.split())
    return tuple(whole | words)


def _whole(language: Language) -> Iterator[str]:
    yield from language.phrases.values()
    nouns = [*language.nouns.values()]
    for currency in language.currencies.values():
        nouns += [currency.unit, currency.hundredth]
    for noun in nouns:
        yield from noun.forms.values()
    yield from language.idioms


def _said(language: Language) -> Iterator[str]:
    """Say whatever shows all words of numbers, times and dates."""
    for gender in _GENDERS:
        for value in (*range(-1, 1000), *(step * 1000 for step in range(1, 30))):
            yield language.cardinal(value, gender)
        for value in (10**6, 2 * 10**6, 5 * 10**6, 10**9, 2 * 10**9, 5 * 10**9):
            yield language.cardinal(value, gender)
        for value in range(1, 101):
            yield language.ordinal(value, gender)
    for day in range(1, 32):
        yield language.date(date(2000, 1, day), with_year=False)
    for month in range(1, 13):
        yield language.date(date(2000, month, 1), with_year=False)
    for year in _YEARS:
        yield language.date(date(year, 1, 1), with_year=True)
    for hour in range(24):
        yield language.time(time(hour, 0))
        yield language.time(time(hour, 5))
