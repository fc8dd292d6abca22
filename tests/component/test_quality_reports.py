"""Phones report by PUBLISH how well they heard (RFC 6035), in a call and just after it."""

from __future__ import annotations

import asyncio

from softswitch.calls.quality_facts import PhoneQualityReported
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_events import published
from softswitch.simulation.world import World

KIND = "application/vq-rtcpxr"
# After the example of RFC 6035 §4.3.
REPORT = """VQSessionReport: CallTerm\r
LocalMetrics:\r
Timestamps:START=2004-10-10T18:23:43Z STOP=2004-10-01T18:26:02Z\r
CallID:{sip_call_id}\r
SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FO=20 FPP=2 PPS=50\r
PacketLoss:NLR=5.0 JDR=2.0\r
Delay:RTD=200 ESD=140 IAJ=2\r
QualityEst:RLQ=90 MOSLQ=4.2 MOSCQ=4.3\r
RemoteMetrics:\r
PacketLoss:NLR=50.0 JDR=20.0\r
QualityEst:MOSLQ=1.1 MOSCQ=1.2\r
"""


@behaviour()
async def test_a_report_is_kept_with_the_call_that_it_is_about(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    report = published(boris, "vq-rtcpxr", KIND)
    assert await report.publish(REPORT.format(sip_call_id=boris.call.sip_call_id).encode()) == 200
    assert await anna.call.hang_up() == 200
    late = published(anna, "vq-rtcpxr", KIND)
    assert await late.publish(REPORT.format(sip_call_id=anna.call.sip_call_id).encode()) == 200
    await asyncio.sleep(1)
    kept = [fact for fact in world.facts(PhoneQualityReported) if isinstance(fact, PhoneQualityReported)]
    assert {fact.user for fact in kept} == {"anna", "boris"}
    for fact in kept:
        assert (fact.kind, fact.mos_listening, fact.mos_conversation) == ("CallTerm", 4.2, 4.3)
        assert (fact.lost_percent, fact.discarded_percent) == (5.0, 2.0)
        assert (fact.round_trip_ms, fact.jitter_ms) == (200.0, 2.0)


@behaviour()
async def test_a_report_of_an_unknown_call_is_taken_and_forgotten_and_nonsense_is_refused(world: World) -> None:
    anna = await world.registered("anna")
    report = published(anna, "vq-rtcpxr", KIND)
    assert await report.publish(REPORT.format(sip_call_id="nobody-knows").encode()) == 200
    assert await report.publish(b"nonsense") == 400
    assert await published(anna, "vq-rtcpxr", "text/plain").publish(b"x") == 415
    assert world.facts(PhoneQualityReported) == []
