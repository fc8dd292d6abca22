"""Keys of codes as they may be kept: one character each, which only the installation that sealed it reads."""

from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.sealed_keys import HIDDEN, KEYS, SealedKeys, without_sealed

CALL = "1m7sk2a0q9d4fx"
keys = st.text(KEYS, min_size=1, max_size=12)
chances = st.integers(0, 2**16 - 1)


def sealed(text: str, chance: int, seal: SealedKeys, call: str = CALL) -> str:
    return "".join(seal.seal(call, key, chance + 7919 * place) for place, key in enumerate(text))


@given(keys, chances, st.binary(max_size=8))
def test_what_was_sealed_is_revealed_also_where_it_was_cut_and_joined(text: str, chance: int, secret: bytes) -> None:
    seal = SealedKeys(secret)
    kept = sealed(text, chance, seal)
    assert len(kept) == len(text)
    assert not set(kept) & set(KEYS)
    again = msgpack.unpackb(msgpack.packb(f"a{kept[:3]}1{kept[3:]}z"))
    assert SealedKeys(secret).reveal(CALL, again) == f"a{text[:3]}1{text[3:]}z"
    assert without_sealed(again) == f"a{HIDDEN * len(text[:3])}1{HIDDEN * len(text[3:])}z"


def test_equal_keys_look_different_and_another_call_or_installation_reads_something_else() -> None:
    seal = SealedKeys(b"ours")
    kept = sealed("1" * 200, 3, seal)
    assert len(set(kept)) > 150
    assert seal.reveal("another", kept) != "1" * 200
    assert SealedKeys(b"theirs").reveal(CALL, kept) != "1" * 200


def test_what_is_no_key_and_what_is_sealed_stays_as_it_is() -> None:
    seal = SealedKeys()
    once = seal.seal(CALL, "5", 1)
    assert seal.seal(CALL, once, 2) == once
    assert seal.seal(CALL, "", 2) == ""
    assert seal.reveal(CALL, "key 5") == "key 5"
