from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.journal.framing import frame, resume_offset, sequence_of, split
from tests.fuzz.conftest import scale
from tests.unit.journal.records import assert_a_flipped_bit_costs_one, record, records


@settings(max_examples=scale(50))
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=20), st.binary(max_size=7))
def test_what_is_framed_is_split_again(payloads: list[bytes], tail: bytes) -> None:
    framed = frame(payloads)
    assert split(framed + tail) == (payloads, len(framed))


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_frame_that_was_cut_short_is_left_where_it_is(cut: int) -> None:
    whole = frame(records([1]))
    framed = whole + frame([b"x" * 32])
    assert split(framed[:-cut]) == (records([1]), len(whole))


def test_zeros_behind_the_last_record_are_no_records() -> None:
    framed = frame(records([1, 2]))
    assert split(framed + bytes(4096)) == (records([1, 2]), len(framed))


@settings(max_examples=scale(60))
@given(st.data())
def test_one_flipped_bit_costs_one_record(data: st.DataObject) -> None:
    assert_a_flipped_bit_costs_one(records(range(1, 8)), data)


def test_nothing_intact_behind_damage_means_the_end_of_the_octets() -> None:
    framed = frame(records([1]))[:-1] + b"\x96\x96\x96"
    assert resume_offset(framed, 0) == len(framed)


@pytest.mark.parametrize("sequence", [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63])
def test_the_sequence_number_is_read_without_decoding_the_record(sequence: int) -> None:
    assert sequence_of(record(sequence)) == sequence


@pytest.mark.parametrize("octets", [b"", b"\x96", b"\x95\x01", b"\x96\xa1x", b"\x96\xff", b"hello"])
def test_octets_that_are_no_record_have_no_sequence_number(octets: bytes) -> None:
    assert sequence_of(octets) == 0
