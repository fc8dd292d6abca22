"""The octets of a record: they are msgpack's own, whichever library writes them."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import JournalError
from softswitch.core.facts import Record, decode, encode, encode_turn, fact


@fact("test.filled")
class Filled:
    values: tuple[object, ...]


@fact("test.emptied")
class Emptied:
    pass


_PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 64) - 1), st.floats(allow_nan=False), st.text(), st.binary()
)
_VALUES = st.lists(st.recursive(_PLAIN, lambda some: st.lists(some, max_size=4).map(tuple), max_leaves=8)).map(tuple)


@given(st.integers(0, (1 << 64) - 1), st.floats(0, 1e10), st.text(max_size=40), _VALUES)
def test_a_record_is_the_msgpack_of_its_values(
    sequence: int, wall_s: float, conversation_id: str, values: tuple[object, ...]
) -> None:
    data = encode(sequence, wall_s, conversation_id, Filled(values))
    assert data == msgpack.packb((sequence, wall_s, conversation_id, "test.filled", 1, (values,)))
    read = decode(data)
    assert (read.sequence, read.wall_s, read.conversation_id, read.fact) == (
        sequence,
        wall_s,
        conversation_id,
        Filled(values),
    )


def turn(first: int, *made: object) -> list[Record]:
    return [Record(number, 1.5, f"c{number}", each) for number, each in enumerate(made, first)]


def test_the_records_of_a_turn_are_an_array_of_them() -> None:
    made = turn(7, Filled((1, "a")), Emptied(), Filled(()))
    alone = [msgpack.unpackb(encode(each.sequence, 1.5, each.conversation_id, each.fact)) for each in made]
    assert encode_turn(made) == msgpack.packb(alone)


def test_half_a_surrogate_pair_becomes_a_question_mark_and_spoils_nothing_beside_it() -> None:
    made = encode_turn(turn(1, Filled(("half \ud800",)), Filled(("whole",))))
    assert [row[5] for row in msgpack.unpackb(made, use_list=False)] == [(("half ?",),), (("whole",),)]


def test_a_class_that_is_no_fact_is_refused_by_its_name() -> None:
    with pytest.raises(JournalError, match="Record is not a fact type"):
        encode_turn(turn(1, Emptied(), turn(1, Emptied())[0]))
