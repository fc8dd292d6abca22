"""Records for the journal's tests."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from softswitch.core.facts import encode, fact
from softswitch.journal.framing import frame, resume_offset, split


@fact("test.noted")
class Noted:
    text: str


def record(sequence: int, text: str = "") -> bytes:
    return encode(sequence, 1_800_000_000.0 + sequence, "c1", Noted(text or f"note {sequence}"))


def records(sequences: Iterable[int]) -> list[bytes]:
    return [record(sequence) for sequence in sequences]


def assert_a_flipped_bit_costs_one(kept: list[bytes], data: st.DataObject) -> None:
    """Flip any bit of the framed payloads: all but one are found, those before the damage and those behind it."""
    framed = bytearray(frame(kept))
    bit = data.draw(st.integers(0, 8 * len(framed) - 1))
    framed[bit // 8] ^= 1 << (bit % 8)
    before, stop = split(bytes(framed))
    behind, end = split(bytes(framed), resume_offset(bytes(framed), stop))
    assert before + behind == kept[: len(before)] + kept[len(before) + 1 :]
    assert not behind or end == len(framed)
