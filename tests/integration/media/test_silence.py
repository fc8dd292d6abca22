"""A phone that must send and has sent nothing for a minute is told of; one that reports, or is held, is not."""

from __future__ import annotations

import pytest

from softswitch.media.engine import LegSilent
from softswitch.rtp.rtcp import ReceiverReport, build_rtcp
from tests.integration.media.rig import Phone, PlaneRig
from tests.own_network import own

pytestmark = pytest.mark.network

SWITCH = own("39.1")


def pass_time(rig: PlaneRig, seconds: float) -> None:
    """Let seconds pass, a few ticks in each of them: more is not needed to notice anything."""
    for _ in range(int(seconds)):
        rig.clock.now += 1.0
        for _ in range(26):
            rig.turn()


def test_a_silent_phone_is_told_of_after_a_minute_and_again_after_another(rig: PlaneRig) -> None:
    with Phone(own("39.2")) as phone:
        at = rig.open("c.1", SWITCH)
        rig.stream("c.1", phone.at)
        phone.send(at)
        rig.until(lambda: rig.latched("c.1") != [])
        pass_time(rig, 50)
        assert rig.of(LegSilent) == []
        pass_time(rig, 10)
        assert rig.of(LegSilent) == [LegSilent("c.1")]
        pass_time(rig, 60)
        assert rig.of(LegSilent) == [LegSilent("c.1")] * 2


def test_who_need_not_send_is_never_told_of(rig: PlaneRig) -> None:
    with Phone(own("39.2")) as phone:
        rig.open("c.1", SWITCH)
        rig.stream("c.1", phone.at, receive=False)
        pass_time(rig, 130)
        assert rig.of(LegSilent) == []


def test_reports_are_signs_of_life(rig: PlaneRig) -> None:
    with Phone(own("39.2")) as phone:
        at = rig.open("c.1", SWITCH)
        rig.stream("c.1", phone.at)
        for _ in range(4):
            pass_time(rig, 30)
            phone.sock.sendto(build_rtcp([ReceiverReport(7, ())]), (at[0], at[1] + 1))
            rig.turn()
        assert rig.of(LegSilent) == []
