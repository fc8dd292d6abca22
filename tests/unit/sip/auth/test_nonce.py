from __future__ import annotations

import itertools

import pytest

from softswitch.core.ids import Entropy
from softswitch.sip.auth.nonce import NonceCounts, NonceMaker, NonceState

KEY = b"k" * 32
NOON = 1_800_000_000.0


def entropy() -> Entropy:
    numbers = itertools.count()
    return Entropy(lambda octets: bytes(next(numbers) % 256 for _ in range(octets)))


def test_a_nonce_is_fresh_for_its_lifetime_and_expired_after() -> None:
    maker = NonceMaker(KEY, lifetime_s=300)
    nonce = maker.make(NOON, entropy())
    assert maker.check(nonce, NOON) is NonceState.FRESH
    assert maker.check(nonce, NOON + 300) is NonceState.FRESH
    assert maker.check(nonce, NOON + 301) is NonceState.EXPIRED


def test_a_nonce_is_good_after_a_restart_with_the_same_key_only() -> None:
    nonce = NonceMaker(KEY).make(NOON, entropy())
    assert NonceMaker(KEY).check(nonce, NOON) is NonceState.FRESH
    assert NonceMaker(b"x" * 32).check(nonce, NOON) is NonceState.FORGED


def test_a_nonce_of_the_future_is_expired() -> None:
    maker = NonceMaker(KEY)
    assert maker.check(maker.make(NOON, entropy()), NOON - 10) is NonceState.EXPIRED


def test_nonces_of_one_second_differ() -> None:
    chance = entropy()
    maker = NonceMaker(KEY)
    assert maker.make(NOON, chance) != maker.make(NOON, chance)


@pytest.mark.parametrize("forged", ["", "0" * 56, "x" * 56, "é" * 56])
def test_what_we_did_not_make_is_forged(forged: str) -> None:
    assert NonceMaker(KEY).check(forged, NOON) is NonceState.FORGED


def test_each_altered_digit_makes_a_forgery() -> None:
    maker = NonceMaker(KEY)
    nonce = maker.make(NOON, entropy())
    for place, digit in enumerate(nonce):
        altered = nonce[:place] + ("0" if digit != "0" else "1") + nonce[place + 1 :]
        assert maker.check(altered, NOON) is NonceState.FORGED


def nonce_of(second: float, number: int = 0) -> str:
    return f"{int(second):08x}{number:048x}"


def test_counts_only_rise() -> None:
    counts = NonceCounts()
    assert counts.accept(nonce_of(NOON), 1, wall_s=NOON)
    assert not counts.accept(nonce_of(NOON), 1, wall_s=NOON)
    assert counts.accept(nonce_of(NOON), 5, wall_s=NOON)
    assert not counts.accept(nonce_of(NOON), 4, wall_s=NOON)
    assert not counts.accept(nonce_of(NOON, 1), 0, wall_s=NOON)


def test_expired_nonces_are_forgotten() -> None:
    counts = NonceCounts(lifetime_s=300)
    for number in range(100):
        assert counts.accept(nonce_of(NOON, number), 1, wall_s=NOON)
    assert counts.accept(nonce_of(NOON + 400), 1, wall_s=NOON + 400)
    assert len(counts) == 1


def test_the_bound_holds_and_opens_no_gap() -> None:
    counts = NonceCounts(lifetime_s=300, most=10)
    used = [nonce_of(NOON + number // 4, number) for number in range(40)]
    for nonce in used:
        counts.accept(nonce, 1, wall_s=NOON + 10)
    assert len(counts) == 10
    assert not any(counts.accept(nonce, 1, wall_s=NOON + 10) for nonce in used)
    assert counts.accept(nonce_of(NOON + 10), 1, wall_s=NOON + 10)
