"""Records for the journal's tests."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.core.facts import encode, fact


@fact("test.noted")
class Noted:
    text: str


def record(sequence: int, text: str = "") -> bytes:
    return encode(sequence, 1_800_000_000.0 + sequence, "c1", Noted(text or f"note {sequence}"))


def records(sequences: Iterable[int]) -> list[bytes]:
    return [record(sequence) for sequence in sequences]
