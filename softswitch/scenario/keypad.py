"""Letters as the keys of a telephone have them, Latin (ITU-T E.161) and Cyrillic (GOST 35.1)."""

from __future__ import annotations

from typing import Final

_KEYS: Final = {
    "2": "abcабвг",
    "3": "defдеёжз",
    "4": "ghiийкл",
    "5": "jklмноп",
    "6": "mnoрсту",
    "7": "pqrsфхцч",
    "8": "tuvшщъы",
    "9": "wxyzьэюя",
}
_TABLE: Final = str.maketrans({letter: key for key, letters in _KEYS.items() for letter in letters})


def keys_of(word: str) -> str:
    """Return the keys by which a word is entered; what is no letter stays as it is."""
    return word.lower().translate(_TABLE)


def begins_with(name: str, keys: str) -> bool:
    """Tell whether a name, or a word in it, begins with the letters of some keys."""
    return any(keys_of(word).startswith(keys) for word in (name, *name.split()))
