"""Deadlines in wall time, told to whoever serves their kind."""

from __future__ import annotations

from softswitch.app.wake_ups import EXCUSE_S, WakeUps


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


def test_what_became_due_while_nobody_was_there_waits_for_what_has_happened_meanwhile() -> None:
    told: list[str] = []
    wake_ups = WakeUps(Clock())
    wake_ups.serve("call", told.append)
    wake_ups.excuse(10.0)
    wake_ups.arm("call", "late", 1004.0)
    wake_ups.arm("call", "soon", 1010.5)
    wake_ups.handle_timer(now=11.0)
    assert told == ["soon"]
    assert wake_ups.next_deadline() == 10.0 + EXCUSE_S
    wake_ups.handle_timer(now=13.0)
    assert told == ["soon", "late"]


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
