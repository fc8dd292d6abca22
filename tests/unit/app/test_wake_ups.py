"""Deadlines in wall time, told to whoever serves their kind."""

from __future__ import annotations

from softswitch.app.wake_ups import MOST_A_TURN, WakeUps


class Clock:
    """Wall time runs 1,000 s ahead of the monotonic one."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + 1000.0


def test_each_deadline_is_told_once_to_the_one_who_serves_its_kind_in_their_order() -> None:
    told: list[tuple[str, str]] = []
    wake_ups = WakeUps(Clock())
    wake_ups.serve("call", lambda subject: told.append(("call", subject)))
    wake_ups.serve("guide", lambda subject: told.append(("guide", subject)))
    wake_ups.arm("guide", "c1", 1002.0)
    wake_ups.arm("call", "c1", 1001.0)
    wake_ups.arm("call", "c2", 1009.0)
    assert wake_ups.next_deadline() == 1.0
    wake_ups.handle_timer(now=2.0)
    assert told == [("call", "c1"), ("guide", "c1")]
    assert wake_ups.next_deadline() == 9.0


def test_nothing_is_told_before_the_sleep_is_over_and_then_everything_that_is_due() -> None:
    told: list[str] = []
    wake_ups = WakeUps(Clock())
    wake_ups.serve("call", told.append)
    wake_ups.sleep_until(10.0)
    assert wake_ups.next_deadline() is None
    for name, wall_s in (("late", 1004.0), ("soon", 1009.5), ("later", 1010.5)):
        wake_ups.arm("call", name, wall_s)
    wake_ups.handle_timer(now=9.9)
    assert told == []
    assert wake_ups.next_deadline() == 10.0
    wake_ups.handle_timer(now=10.0)
    assert told == ["late", "soon"]
    assert wake_ups.next_deadline() == 10.5


def test_many_that_are_due_together_are_told_in_several_turns() -> None:
    told: list[str] = []
    wake_ups = WakeUps(Clock())
    wake_ups.serve("call", told.append)
    names = [f"c{number}" for number in range(2 * MOST_A_TURN + 1)]
    for name in names:
        wake_ups.arm("call", name, 1001.0)
    turns = []
    while (wake_ups.next_deadline() or 9.0) <= 1.0:
        wake_ups.handle_timer(now=1.0)
        turns.append(len(told))
    assert turns == [MOST_A_TURN, 2 * MOST_A_TURN, 2 * MOST_A_TURN + 1]
    assert sorted(told) == sorted(names)


def test_a_deadline_that_was_moved_or_dropped_is_not_told_at_its_old_time() -> None:
    told: list[str] = []
    wake_ups = WakeUps(Clock())
    wake_ups.serve("call", told.append)
    wake_ups.arm("call", "moved", 1001.0)
    wake_ups.arm("call", "moved", 1005.0)
    wake_ups.arm("call", "dropped", 1001.0)
    wake_ups.arm("call", "dropped", None)
    wake_ups.handle_timer(now=2.0)
    assert told == []
    wake_ups.handle_timer(now=5.0)
    assert told == ["moved"]
    assert wake_ups.next_deadline() is None


def test_what_another_one_moves_or_drops_in_the_same_turn_is_not_told() -> None:
    told: list[str] = []
    wake_ups = WakeUps(Clock())

    def call_due(subject: str) -> None:
        told.append(subject)
        wake_ups.arm("call", "moved", 1040.0)
        wake_ups.arm("call", "dropped", None)

    wake_ups.serve("call", call_due)
    for name, wall_s in (("first", 1001.0), ("moved", 1001.5), ("dropped", 1001.5)):
        wake_ups.arm("call", name, wall_s)
    wake_ups.handle_timer(now=2.0)
    assert told == ["first"]
    assert wake_ups.next_deadline() == 40.0
