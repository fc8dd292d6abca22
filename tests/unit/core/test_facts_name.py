from __future__ import annotations

import pytest

from softswitch.core.facts import encode, fact, name_in


@fact("test.named")
class Named:
    text: str


@pytest.mark.parametrize("sequence", [1, 127, 128, 70_000, 2**40])
@pytest.mark.parametrize("conversation_id", ["", "c1", "1m82sjnc0zex12"])
def test_the_name_is_read_without_decoding_the_record(sequence: int, conversation_id: str) -> None:
    assert name_in(encode(sequence, 1.5, conversation_id, Named("x" * 500))) == "test.named"


@pytest.mark.parametrize("cut", range(35))
def test_octets_that_are_cut_short_have_no_whole_name(cut: int) -> None:
    whole = encode(1, 1.5, "c1", Named("x"))
    assert name_in(whole[:cut]) in {"test.named"[:n] for n in range(11)}


def test_a_record_that_is_laid_out_otherwise_is_left_to_the_decoder() -> None:
    assert name_in(encode(1, 7, "c1", Named("x"))) == ""
    assert name_in(encode(1, 1.5, "c" * 40, Named("x"))) == ""
    assert name_in(b"\xff\xff") == ""
