"""Keeping the way through a NAT open, in virtual time."""

from __future__ import annotations

from itertools import pairwise

from softswitch.directory.keepalive import KeepAlivePlanner
from softswitch.directory.location import LocationState, RegistrationBound, RegistrationRemoved
from tests.unit.directory.builders import Registrar, flow_from, register


def behind_nat(registrar: Registrar, number: int = 1, cseq: int = 1) -> None:
    contact = f"<sip:x{number}@10.0.0.{number}>"
    registrar.take(register(contact, call_id=f"c{number}", cseq=cseq, via="10.0.0.1"), flow_from("203.0.113.1", number))


def planner(state: LocationState, now: float = 0.0) -> KeepAlivePlanner:
    return KeepAlivePlanner(state, now=now)


def test_a_phone_behind_nat_is_due_every_25_s_and_every_fourth_time_with_options() -> None:
    registrar = Registrar()
    plan = planner(registrar.state)
    behind_nat(registrar)
    plan.follow("anna", "sip:x1@10.0.0.1", now=0.0)
    times: list[float] = []
    options: list[bool] = []
    for _ in range(8):
        now = plan.next_deadline()
        assert now is not None
        assert plan.due(now - 0.001) == []
        (due,) = plan.due(now)
        assert due.binding.flow.remote == ("203.0.113.1", 1)
        times.append(now)
        options.append(due.options)
    assert 12.5 <= times[0] <= 25.0
    assert [round(b - a, 6) for a, b in pairwise(times)] == [25.0] * 7
    assert options == [False, False, False, True] * 2


def test_a_phone_with_a_true_address_is_left_alone() -> None:
    registrar = Registrar()
    registrar.take(register("<sip:101@192.0.2.50:5060>"))
    assert planner(registrar.state).next_deadline() is None


def test_a_refresh_keeps_the_turn() -> None:
    registrar = Registrar()
    behind_nat(registrar)
    plan = planner(registrar.state)
    before = plan.next_deadline()
    behind_nat(registrar, cseq=2)
    plan.follow("anna", "sip:x1@10.0.0.1", now=10.0)
    assert plan.next_deadline() == before
    assert before is not None
    assert len(plan.due(before)) == 1


def test_a_phone_that_is_gone_falls_out() -> None:
    registrar = Registrar()
    behind_nat(registrar)
    plan = planner(registrar.state)
    registrar.keep([RegistrationRemoved("anna", "sip:x1@10.0.0.1", "sip:x1@10.0.0.1", "expired")])
    assert plan.due(25.0) == []
    assert plan.next_deadline() is None


def test_a_new_phone_is_planned_when_it_is_followed() -> None:
    registrar = Registrar()
    plan = planner(registrar.state)
    plan.follow("anna", "sip:x1@10.0.0.1", now=0.0)
    assert plan.next_deadline() is None
    behind_nat(registrar)
    plan.follow("anna", "sip:x1@10.0.0.1", now=0.0)
    assert plan.next_deadline() is not None


def test_many_phones_are_spread_over_the_interval() -> None:
    state = LocationState()
    registrar = Registrar()
    registrar.state = state
    plan = planner(state)
    for number in range(1000):
        flow = ("udp", "192.0.2.1", 5060, "203.0.113.1", number + 1, 0)
        registrar.keep(
            [RegistrationBound(f"u{number}", f"sip:{number}@10.0.0.1", flow, 2_000_000.0, "c", 1, behind_nat=True)]
        )
        plan.follow(f"u{number}", f"sip:{number}@10.0.0.1", now=0.0)
    most = max(len(plan.due(12.5 + second)) for second in range(14))
    assert most < 160
    resumed = planner(state, now=100.0)
    within_5_s = [len(resumed.due(100.0 + second)) for second in range(1, 6)]
    assert sum(within_5_s) == 1000
    assert max(within_5_s) < 300


def test_after_a_long_stop_nobody_is_due_twice() -> None:
    registrar = Registrar()
    behind_nat(registrar)
    plan = planner(registrar.state)
    assert len(plan.due(1000.0)) == 1
    following = plan.next_deadline()
    assert following is not None
    assert following > 1000.0
