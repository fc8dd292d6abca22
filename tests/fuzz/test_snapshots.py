"""Crashes at random facts: a snapshot and what came after it give, octet for octet, what all facts give."""

from __future__ import annotations

import contextlib
import os
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.app.folded_state import FoldedState
from softswitch.app.record_projection import projected
from softswitch.app.record_rows import project
from softswitch.core.errors import JournalError
from softswitch.journal.framing import sequence_of
from softswitch.storage.record_store import RecordStore
from tests.fuzz.conftest import scale
from tests.fuzz.eventful import eventful_journal

SEEDS = 5 if float(os.environ.get("FUZZ_SCALE", "1")) <= 1 else 99
"""Journals beyond the first; making one takes a quarter of a second."""


def folded(*parts: tuple[bytes, ...], start: bytes = b"") -> FoldedState:
    state = FoldedState()
    if start:
        state.restore(start)
    for part in parts:
        state.fold(part)
    assert not state.unfit
    assert not state.untold
    return state


@settings(max_examples=scale(200, 6000), deadline=None)
@given(seed=st.integers(0, SEEDS), share=st.floats(0, 1))
def test_prefix_snapshot_and_suffix_fold_to_what_the_whole_folds_to(seed: int, share: float) -> None:
    journal = eventful_journal(seed)
    crash = int(share * len(journal))
    whole, before = folded(journal), folded(journal[:crash])
    after = folded(journal[crash:], start=before.encode())
    assert after.encode() == whole.encode()
    assert (after.calls, list(after.locations)) == (whole.calls, list(whole.locations))


@settings(max_examples=scale(20), deadline=None)
@given(seed=st.integers(0, SEEDS))
def test_replaying_a_journal_gives_the_same_snapshots(seed: int) -> None:
    journal = eventful_journal(seed)
    first, second = FoldedState(), FoldedState()
    for start in range(0, len(journal), 20):
        first.fold(journal[start : start + 20])
        for record in journal[start : start + 20]:
            second.fold((record,))
        assert first.encode() == second.encode()


@settings(max_examples=scale(60), deadline=None)
@given(seed=st.integers(0, SEEDS), damage=st.integers(0, 2**32))
def test_whatever_facts_are_missing_the_rest_is_folded_and_hangs_together(seed: int, damage: int) -> None:
    chance = random.Random(damage)
    journal = list(eventful_journal(seed))
    for _ in range(chance.randint(1, 3)):
        first = chance.randrange(len(journal))
        del journal[first : first + chance.choice((1, 1, 5, 50))]
    state = FoldedState()
    state.fold(journal)
    calls = state.calls
    assert set(calls.legs) == {leg for c in calls.conversations.values() for leg in c.legs}
    again = FoldedState()
    again.restore(state.encode())
    assert again.encode() == state.encode()


def records(*batches: tuple[bytes, ...]) -> dict[str, list[tuple[object, ...]]]:
    """Return the call records that facts give, batch by batch."""
    store = RecordStore("sqlite://")
    for batch in batches:
        changes = project(projected(batch))
        store.apply(changes, sequence_of(batch[-1]))
    with store._engine.begin() as connection:  # as users look, with tools of their own
        found = {
            table: sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {table}")), key=str)  # noqa: S608
            for table in ("conversations", "legs", "segments", "projections")
        }
    store.close()
    return found


@settings(max_examples=scale(6, 300), deadline=None)
@given(seed=st.integers(0, SEEDS), chance=st.randoms(use_true_random=False))
def test_records_that_grew_with_the_calls_equal_those_made_again_at_once(seed: int, chance: random.Random) -> None:
    journal = eventful_journal(seed)
    batches, start = [], 0
    while start < len(journal):
        end = start + chance.choice((1, 5, 50, 500))
        batches.append(journal[start:end])
        start = end
    grown = records(*batches)
    assert len(grown["conversations"]) > 10
    assert grown == records(journal)


@settings(max_examples=scale(200, 6000), deadline=None)
@given(seed=st.integers(0, 3), damage=st.integers(0, 2**32))
def test_octets_that_are_no_state_are_refused_in_one_way(seed: int, damage: int) -> None:
    chance = random.Random(damage)
    spoilt = bytearray(folded(eventful_journal(seed)).encode())
    for _ in range(chance.randint(1, 4)):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    with contextlib.suppress(JournalError):  # the only way in which it may fail
        FoldedState().restore(bytes(spoilt))
