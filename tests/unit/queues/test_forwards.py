"""Forwarding as a guide: how far a call is forwarded at most."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from softswitch.calls.destinations import Refuse, RingPhones
from softswitch.calls.facts import LegMediaOpened
from softswitch.calls.guide_inputs import Dismiss
from softswitch.queues.agents.state import Forward
from softswitch.queues.forwards.facts import ForwardGivenUp, ForwardTried
from softswitch.queues.forwards.guide import ForwardGuide


class Chain:
    """Users u0 to u9, each of whom forwards to the next; the one named ``last`` does not."""

    def __init__(self, last: str) -> None:
        self._last = last

    def called(self, conversation_id: str) -> str:
        return "u0"

    def caller(self, conversation_id: str) -> str:
        return ""

    def forwards(self, user: str) -> Mapping[str, Forward]:
        return {} if user == self._last else {"always": Forward(f"u{int(user[1:]) + 1}", 20)}

    def refusal(self, conversation_id: str, user: str) -> Refuse | None:
        return None

    def user_at(self, number: str) -> str:
        return number

    def begin_group(self, conversation_id: str, number: str) -> tuple[tuple[str, ...], float] | None:
        return None

    def go_on(self, conversation_id: str, memory: tuple[str, ...], status: int, word: str) -> tuple[str, ...]:
        return ()

    def phones(self, conversation_id: str, tried: ForwardTried) -> RingPhones | Refuse:
        return Refuse(503, 34, "No circuit or channel available", "trunk-full")

    def mailbox(self, user: str) -> str:
        return f"scenario:{user}"


def first_step(last: str) -> object:
    (step,) = ForwardGuide(Chain(last)).follow("c", LegMediaOpened("c.1", 16384), 0.0)
    return step


def test_five_forwards_are_followed() -> None:
    assert first_step("u5") == ForwardTried("u5", "", (), ("u0", "u1", "u2", "u3", "u4"), "always", 60.0)


@pytest.mark.parametrize("last", ["u6", "u9"])
def test_a_sixth_is_refused(last: str) -> None:
    assert first_step(last) == ForwardGivenUp(482, 25, "Forwarded more than 5 times", "forward-loop")


def test_a_way_that_is_full_ends_the_call_with_its_reason() -> None:
    guide = ForwardGuide(Chain("u0"))
    (asked,) = guide.asks("c", first_step("u0"))
    assert asked == Dismiss("c", 503, 34, "No circuit or channel available", "trunk-full")
