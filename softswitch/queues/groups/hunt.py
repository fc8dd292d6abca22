"""Whom a group rings next: pure decisions over one call and what its members are up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from softswitch.calls.causes import NO_ANSWER, Failure, cause_of
from softswitch.queues.groups.facts import GroupGivenUp, GroupTried
from softswitch.queues.groups.state import GroupCall

Decision = GroupTried | GroupGivenUp
NOBODY: Final = Failure(480, 20, "Nobody of the group can be reached", "nobody-reachable")
ALL_BUSY: Final = Failure(486, 17, "All of the group are busy", "busy")


class Member(NamedTuple):
    """What a member is up to now."""

    why_not: str
    """Why nobody can ring there: ``offline``, ``busy``, ``status`` ...; empty for one who can be rung."""
    answered_s: float
    """When the member last answered a call, wall time; 0 for never."""


class Outcome(NamedTuple):
    """How the last try ended."""

    status: int
    word: str


def next_try(call: GroupCall, members: Mapping[str, Member], last: Outcome | None) -> Decision:
    """Decide whom to ring now, or that the group gives up.

    Args:
        call: what was tried so far.
        members: all members of the order.
        last: how the last try ended; None before the first.
    """
    if call.mode == "simultaneous":
        return _everybody(call, members, last)
    if call.mode == "longest_idle_once":
        return _one(call, members, last)
    return _in_order(call, members, last)


def _everybody(call: GroupCall, members: Mapping[str, Member], last: Outcome | None) -> Decision:
    """Ring all at once, and again while nobody answers; where all have refused they are not asked again."""
    round_ = call.round if last is None else call.round + 1
    free, skipped = _sorted_out(call.order, members)
    if not free or round_ > call.rounds or (last is not None and last.word != NO_ANSWER.word):
        return _given_up(last, skipped)
    return GroupTried(round_, len(call.order), tuple(free), skipped)


def _one(call: GroupCall, members: Mapping[str, Member], last: Outcome | None) -> Decision:
    """Ring the one who has not answered for the longest time, and nobody else (V-38, V-39)."""
    free, skipped = _sorted_out(call.order, members)
    if last is not None or not free:
        return _given_up(last, skipped)
    chosen = min(free, key=lambda name: members[name].answered_s)
    return GroupTried(1, len(call.order), (chosen,), skipped)


def _in_order(call: GroupCall, members: Mapping[str, Member], last: Outcome | None) -> Decision:
    """Ring one after the other, busy ones left out; begin again at the top while rounds are left."""
    free, skipped = _sorted_out(call.order[call.position :], members)
    if free:
        position = call.order.index(free[0], call.position) + 1
        passed = tuple(pair for pair in skipped if call.order.index(pair[0]) < position)
        return GroupTried(call.round, position, (free[0],), passed)
    if call.rung and call.round < call.rounds:
        return _in_order(replace(call, round=call.round + 1, position=0, rung=False), members, last)
    return _given_up(last, skipped)


def _sorted_out(names: Sequence[str], members: Mapping[str, Member]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    free = [name for name in names if not members[name].why_not]
    return free, tuple((name, members[name].why_not) for name in names if members[name].why_not)


def _given_up(last: Outcome | None, skipped: tuple[tuple[str, str], ...]) -> GroupGivenUp:
    """Tell the caller how the last try ended; where nobody could be tried, why."""
    if last is not None and last.word != NO_ANSWER.word:
        return GroupGivenUp(last.status, *cause_of(last.status), last.word, skipped)
    busy = bool(skipped) and all(why == "busy" for _, why in skipped)
    failure = NO_ANSWER if last is not None else ALL_BUSY if busy else NOBODY
    return GroupGivenUp(failure.status, failure.cause, failure.reason, failure.word, skipped)
