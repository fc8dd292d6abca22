"""Turns for the journal's tests: records that the brain kept together."""

from __future__ import annotations

from softswitch.core.facts import Record, encode_turn
from tests.unit.journal.records import Noted


def turn(first: int, count: int, text: str = "") -> list[Record]:
    return [
        Record(number, 1_800_000_000.0 + number, "c1", Noted(text or f"note {number}"))
        for number in range(first, first + count)
    ]


def encoded(first: int, count: int, text: str = "") -> bytes:
    return encode_turn(turn(first, count, text))
