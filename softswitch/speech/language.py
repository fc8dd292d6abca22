"""What a language must know to say numbers, and the words that numbers are said with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Final, Protocol

from softswitch.core.errors import SpeechError
from softswitch.core.immutable import immutable

MOST: Final = 10**12 - 1
"""The largest number that is said."""


@immutable
class Noun:
    """What is counted, in one language."""

    gender: str
    """``m``, ``f`` or ``n``; means nothing in English."""
    forms: Mapping[str, str]
    """By plural category of CLDR: ``one``, ``few``, ``many``, ``other``."""

    def form(self, category: str) -> str:
        """Return the form for a plural category."""
        return self.forms.get(category) or self.forms["other"]


@immutable
class Currency:
    """A currency's two units, in one language."""

    unit: Noun
    hundredth: Noun


class Language(Protocol):
    """A language that the switch speaks; every method gives lower-case words with one blank between them."""

    @property
    def code(self) -> str:
        """As in ``ru``."""
        ...

    @property
    def nouns(self) -> Mapping[str, Noun]:
        """What can be counted, by name."""
        ...

    @property
    def currencies(self) -> Mapping[str, Currency]:
        """By ISO 4217 code."""
        ...

    @property
    def phrases(self) -> Mapping[str, str]:
        """Fixed phrases by name."""
        ...

    @property
    def idioms(self) -> tuple[str, ...]:
        """Several words that are recorded as one."""
        ...

    def cardinal(self, value: int, gender: str) -> str:
        """Say how many."""
        ...

    def ordinal(self, value: int, gender: str) -> str:
        """Say the how-manieth."""
        ...

    def time(self, moment: time) -> str:
        """Say a time of day, to the minute."""
        ...

    def date(self, day: date, *, with_year: bool) -> str:
        """Say a date."""
        ...


def counted(language: Language, value: int, noun: Noun) -> str:
    """Say a number of things: twenty-one operators."""
    return f"{language.cardinal(value, noun.gender)} {noun.form(plural_category(language.code, value))}"


def money(language: Language, amount: Decimal, currency: Currency) -> str:
    """Say a sum; hundredths only where there are some."""
    hundredths = int((abs(amount) * 100).to_integral_value())
    whole, rest = divmod(hundredths, 100)
    parts = [counted(language, -whole if amount < 0 and whole else whole, currency.unit)] if whole or not rest else []
    if rest:
        parts.append(counted(language, -rest if amount < 0 and not whole else rest, currency.hundredth))
    return " ".join(parts)


@lru_cache(maxsize=4096)
def plural_category(code: str, value: int) -> str:
    """Return the plural category of CLDR for a whole number."""
    from babel import Locale  # loaded when something is said: phones wait for a brain that starts

    category: str = Locale.parse(code).plural_form(abs(value))
    return category


def in_words(code: str, value: int, **how: str) -> str:
    """Say a number as num2words does, in the form that prompts are found by.

    Args:
        code: of the language.
        value: the number.
        how: what num2words is told besides: ``to``, ``gender``, ``case``.

    Raises:
        SpeechError: it is too large.
    """
    from num2words import num2words  # as above

    return normal(num2words(within_reach(value), lang=code, **how))


def month_name(code: str, month: int) -> str:
    """Return a month's name as it stands in a date, from 1."""
    from babel.dates import get_month_names  # as above

    return normal(get_month_names("wide", "format", code)[month])


def within_reach(value: int) -> int:
    """Return a number that can be said.

    Raises:
        SpeechError: it is too large.
    """
    if abs(value) > MOST:
        raise SpeechError(f"{value} is too large to be said: at most {MOST}")
    return value


def normal(text: str) -> str:
    """Return words in the one form that prompts are found by: lower case, no punctuation, single blanks."""
    kept = "".join(sign if sign.isalnum() or sign in "'." else " " for sign in text.lower())
    return " ".join(word.strip(".'") for word in kept.split() if word.strip(".'"))
