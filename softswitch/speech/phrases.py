"""What callers are told, as text in right grammar: the one interface for queues, scenarios and whoever else speaks.

Each function gives text whose every word is in the prompt pack. :class:`softswitch.speech.prompts.Prompts` makes sound
files of it::

    phrases.queue_position("ru", 3)           "ваш номер в очереди три"
    phrases.expected_wait("ru", minutes=21)   "примерное время ожидания двадцать одна минута"
    phrases.money("en", "1234567", "RUB")     "one million two hundred and ... roubles"

Languages are named by their code, ``ru`` or ``en``.
"""

from __future__ import annotations

from datetime import date as Date  # noqa: N812  # the function below has its name
from datetime import time as Time  # noqa: N812  # as above
from decimal import Decimal, InvalidOperation
from typing import Final

from softswitch.core.errors import SpeechError
from softswitch.speech import language as grammar
from softswitch.speech.english import English
from softswitch.speech.language import Language
from softswitch.speech.russian import Russian

LANGUAGES: Final[dict[str, Language]] = {"ru": Russian(), "en": English()}


def language_of(code: str) -> Language:
    """Return a language.

    Raises:
        SpeechError: the switch does not speak it.
    """
    if code not in LANGUAGES:
        raise SpeechError(f"the switch does not speak {code!r}: write one of {', '.join(LANGUAGES)}")
    return LANGUAGES[code]


def fixed(language: str, name: str) -> str:
    """Return a fixed phrase, e.g. ``please_hold``.

    Raises:
        SpeechError: there is no phrase of that name.
    """
    known = language_of(language).phrases
    if name not in known:
        raise SpeechError(f"there is no phrase {name!r}: write one of {', '.join(known)}")
    return known[name]


def number(language: str, value: int, *, of: str = "", gender: str = "m") -> str:
    """Say a number: alone in a gender, or with what is counted.

    Args:
        language: its code.
        value: the number.
        of: the name of a noun: ``operator``, ``minute``, ``message`` ...; empty: the number alone.
        gender: ``m``, ``f`` or ``n``, where it is alone.

    Raises:
        SpeechError: there is no such noun, or the number is too large.
    """
    known = language_of(language)
    if not of:
        return known.cardinal(value, gender)
    if of not in known.nouns:
        raise SpeechError(f"nothing is known that is called {of!r}: write one of {', '.join(known.nouns)}")
    return grammar.counted(known, value, known.nouns[of])


def digits(language: str, text: str) -> str:
    """Say a telephone number or a code digit by digit; signs that are no digits are passed over."""
    known = language_of(language)
    return " ".join(known.cardinal(int(sign), "m") for sign in text if sign.isascii() and sign.isdigit())


def ordinal(language: str, value: int, *, gender: str = "m") -> str:
    """Say the how-manieth."""
    return language_of(language).ordinal(value, gender)


def time(language: str, moment: Time | str) -> str:
    """Say a time of day: a value, or text such as ``22:05``.

    Raises:
        SpeechError: the text is no time.
    """
    try:
        made = Time.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        raise SpeechError(f"{moment!r} is no time of day: write e.g. 22:05") from None
    return language_of(language).time(made)


def date(language: str, day: Date | str, *, with_year: bool = False) -> str:
    """Say a date: a value, or text such as ``2026-01-01``.

    Raises:
        SpeechError: the text is no date.
    """
    try:
        made = Date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise SpeechError(f"{day!r} is no date: write e.g. 2026-01-01") from None
    return language_of(language).date(made, with_year=with_year)


def money(language: str, amount: Decimal | int | str, currency: str = "RUB") -> str:
    """Say a sum, rounded to hundredths.

    Raises:
        SpeechError: it is no sum, or the currency is not known.
    """
    known = language_of(language)
    if currency not in known.currencies:
        raise SpeechError(f"currency {currency!r} is not known: write one of {', '.join(known.currencies)}")
    try:
        made = Decimal(amount)
    except InvalidOperation:
        raise SpeechError(f"{amount!r} is no sum: write e.g. 1234567.50") from None
    if not made.is_finite():
        raise SpeechError(f"{amount!r} is no sum: write e.g. 1234567.50")
    return grammar.money(known, made, known.currencies[currency])


def queue_position(language: str, position: int) -> str:
    """Tell a caller their place in a queue, from 1."""
    if position == 1:
        return fixed(language, "next_in_queue")
    return f"{fixed(language, 'queue_position')} {number(language, position)}"


def expected_wait(language: str, *, minutes: int) -> str:
    """Tell a caller about how long it will take; 0 for less than a minute."""
    length = number(language, minutes, of="minute") if minutes > 0 else fixed(language, "less_than_a_minute")
    return f"{fixed(language, 'expected_wait')} {length}"


def messages(language: str, new: int) -> str:
    """Tell how many new messages there are."""
    count = number(language, new, of="new_message") if new else fixed(language, "no_messages")
    return f"{fixed(language, 'you_have')} {count}"
