from __future__ import annotations

from softswitch.sip.header_names import COMPACT, SEEN, canonical


def test_any_case_and_the_compact_form_become_one_spelling() -> None:
    assert {canonical(name) for name in ("Call-ID", "call-id", "CALL-ID", "cAlL-iD", "i", "I")} == {"Call-ID"}
    assert {canonical(letter) for letter in COMPACT} == set(COMPACT.values())


def test_a_name_that_nobody_knows_gets_capitals() -> None:
    assert canonical("x-my-HEADER") == "X-My-Header"


def test_strangers_cannot_fill_the_memory_with_names() -> None:
    for number in range(10_000):
        assert canonical(f"X-Flood-{number}") == f"X-Flood-{number}"
    assert len(SEEN) <= 4096
