"""Strangers send to every port of a call, before, during and after latching: they are never heard."""

from __future__ import annotations

from functools import partial

import pytest

from softswitch.media.worker.latching import SILENCE_S
from tests.integration.media.rig import Phone, PlaneRig, flood, speak, wait_readable
from tests.own_network import own

pytestmark = pytest.mark.network

CALLS = 150
"""Times two backends and five ways to be attacked, that is 1,500 tries."""


def latched_times(rig: PlaneRig, leg: str, times: int) -> bool:
    return len(rig.latched(leg)) >= times


@pytest.mark.parametrize("vouched_for", ["description", "sip source"])
def test_a_flood_of_a_stranger_is_never_heard_while_calls_are_latched_under_it(backend: str, vouched_for: str) -> None:
    switch = own("42.1") if vouched_for == "description" else own("42.2")
    ports = range(22000, 22004)
    with (
        PlaneRig(backend, ports) as rig,
        Phone(own("42.3")) as phone,
        Phone(own("42.4"), payload=b"boris") as listener,
        flood(own("42.9"), switch, list(ports)),
    ):
        for call in range(CALLS):
            heard = talk_under_fire(rig, f"{call}.1", f"{call}.2", switch, phone, listener, vouched_for)
            assert set(heard) == {b"phone"}
            assert rig.close(f"{call}.1").statistics.packets_refused
            rig.close(f"{call}.2")
            listener.packets()


def talk_under_fire(
    rig: PlaneRig, leg: str, other: str, switch: str, phone: Phone, listener: Phone, vouched_for: str
) -> list[bytes]:
    """Let a phone say three words, once the stranger's fire has begun; return what the other one heard."""
    where, there = rig.open(leg, switch), rig.open(other, switch)
    wait_readable(rig.catch_all(leg))
    described = phone.at if vouched_for == "description" else ("10.99.0.1", 4000)
    rig.stream(leg, described, sip_source=phone.at[0])
    rig.stream(other, listener.at)
    rig.hear(other, leg)
    listener.send(there)
    rig.turn()
    heard: list[bytes] = []
    for _ in range(3):
        heard += rig.payloads(listener, 1, partial(phone.send, where))
    return heard


def test_a_stranger_before_during_and_after_is_refused_and_counted(rig: PlaneRig) -> None:
    with Phone(own("42.3")) as phone, Phone(own("42.9"), payload=b"stranger", ssrc=1) as stranger:
        for call in range(CALLS):
            leg = f"{call}.1"
            where = rig.open(leg, own("42.1"))
            rig.stream(leg, phone.at)
            rig.hear(leg, leg)
            heard: list[bytes] = []
            for _ in range(3):
                stranger.send(where)
                phone.send(where)
                stranger.send(where)
                heard += rig.payloads(phone, 1)
            assert set(heard) == {b"phone"}
            rig.until(lambda: rig.refusals() == 6)
            assert rig.close(leg).statistics.packets_refused == 6
        assert stranger.packets() == []


def test_under_the_third_rule_nobody_is_heard_after_the_lock(rig: PlaneRig) -> None:
    with Phone(own("42.5")) as phone, Phone(own("42.9"), payload=b"stranger") as stranger:
        for call in range(CALLS):
            leg = f"{call}.1"
            where = rig.open(leg, own("42.1"))
            rig.stream(leg, ("10.99.0.1", 4000), sip_source=own("42.8"))
            rig.hear(leg, leg)
            rig.clock.now += SILENCE_S
            rig.until(partial(latched_times, rig, leg, 1), before=partial(speak, where, phone))
            heard = rig.payloads(phone, 4, partial(speak, where, phone, stranger))
            assert set(heard) == {b"phone"}
            assert rig.latched(leg) == [phone.at[0]]
            rig.close(leg)
            phone.packets()
        assert stranger.packets() == []


def test_a_race_lost_before_the_lock_is_undone_by_the_phone(rig: PlaneRig) -> None:
    with Phone(own("42.5")) as phone, Phone(own("42.9"), payload=b"stranger") as stranger:
        for call in range(CALLS):
            leg = f"{call}.1"
            where = rig.open(leg, own("42.1"))
            rig.stream(leg, ("10.99.0.1", 4000), sip_source=phone.at[0])
            rig.hear(leg, leg)
            rig.clock.now += SILENCE_S
            rig.until(partial(latched_times, rig, leg, 1), before=partial(speak, where, stranger))
            rig.until(partial(latched_times, rig, leg, 2), before=partial(speak, where, phone))
            stranger.packets()
            heard = rig.payloads(phone, 4, partial(speak, where, stranger, phone))
            assert set(heard) == {b"phone"}
            assert rig.latched(leg) == [stranger.at[0], phone.at[0]]
            rig.close(leg)
            phone.packets()


def test_reports_of_strangers_are_not_read(rig: PlaneRig) -> None:
    with Phone(own("42.3")) as phone, Phone(own("42.9")) as stranger:
        address, port = rig.open("c.1", own("42.1"))
        rig.stream("c.1", phone.at)
        for _ in range(50):
            stranger.send((address, port + 1))
            rig.turn()
        rig.until(lambda: rig.refusals() == 50)


def test_flooded_ports_are_left_alone_for_a_while_and_then_read_again(rig: PlaneRig) -> None:
    with Phone(own("42.3")) as phone, Phone(own("42.9")) as stranger:
        address, port = rig.open("c.1", own("42.1"))
        rig.stream("c.1", phone.at)
        rig.hear("c.1", "c.1")
        for number in range(100):
            stranger.send((address, port + number % 2))
        phone.send((address, port))
        rig.turn()
        assert rig.refusals() < 100
        assert rig.payloads(phone, 1) == [b"phone"]
        rig.until(lambda: rig.refusals() == 100)
