from __future__ import annotations

from softswitch.sip.flow import Flow
from softswitch.sip.timers import TimerQueue, Timers
from softswitch.sip.ua.stranded import KEPT_S, StrandedByes

OLD = Flow("tls", ("192.0.2.1", 5061), ("192.0.2.11", 40000), 1)
NEW = OLD._replace(remote=("192.0.2.11", 40002), connection=3)


class Rig:
    def __init__(self) -> None:
        self.queue = TimerQueue(Timers())
        self.stranded = StrandedByes(self.queue)
        self.said: list[tuple[str, Flow, float]] = []
        self.forgotten: list[str] = []

    def add(self, name: str, flow: Flow = OLD, now: float = 0.0) -> None:
        self.stranded.add(
            flow, lambda new, at: self.said.append((name, new, at)), lambda: self.forgotten.append(name), now
        )


def test_a_phone_that_comes_back_is_told_all_that_it_has_missed_once() -> None:
    rig = Rig()
    rig.add("first")
    rig.add("second")
    rig.add("another phone's", OLD._replace(connection=5))
    rig.stranded.moved(OLD, NEW, 30.0)
    rig.stranded.moved(OLD, NEW, 31.0)
    assert rig.said == [("first", NEW, 30.0), ("second", NEW, 30.0)]
    rig.queue.fire(KEPT_S)
    assert rig.forgotten == ["another phone's"]


def test_what_a_phone_that_stays_away_has_missed_is_forgotten_and_counts_as_nothing() -> None:
    rig = Rig()
    rig.add("first")
    rig.add("second", now=1.0)
    assert rig.queue.live == 0
    rig.queue.fire(KEPT_S)
    assert rig.forgotten == ["first"]
    rig.stranded.moved(OLD, NEW, KEPT_S)
    assert [name for name, _, _ in rig.said] == ["second"]
    rig.queue.fire(2 * KEPT_S)
    rig.stranded.moved(OLD, NEW, 2 * KEPT_S)
    assert len(rig.said) == 1
