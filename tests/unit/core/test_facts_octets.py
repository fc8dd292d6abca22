"""The octets of a record: they are msgpack's own, whichever library writes them."""

from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.facts import decode, encode, fact


@fact("test.filled")
class Filled:
    values: tuple[object, ...]


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
