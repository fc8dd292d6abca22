"""Requests that are larger than a datagram may be (RFC 3261 §18.1.1)."""

from __future__ import annotations

from softswitch.core.ids import Entropy
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.transaction.oversize import MEMORY_S
from softswitch.sip.ua.actions import Answered
from softswitch.sip.ua.user_agent import UserAgent
from tests.unit.sip.ua.rig import ANSWER, PHONE, SWITCH, Rig

STREAM = Flow("tcp", (SWITCH[0], 0), PHONE.remote)
LONG = (("Subject", "x" * 1300),)


def rig() -> Rig:
    made = Rig()
    made.ua = UserAgent(
        entropy=Entropy(made.random.randbytes), address_of=lambda flow: flow.local, datagram_octets=1300
    )
    return made


def ways(rig: Rig) -> list[tuple[str, str]]:
    """The transport of each message, and the one that its Via names."""
    sent = zip(rig.sends, rig.sent, strict=True)
    found = [(flow.transport, message.via.transport.lower()) for (_, flow, _), message in sent]
    rig.sends.clear()
    rig.sent.clear()
    return found


def test_a_large_invite_goes_by_a_stream_and_a_small_one_by_a_datagram() -> None:
    one = rig()
    one.call_out()
    assert ways(one) == [("udp", "udp")]
    one = rig()
    one.call_out(one.order(headers=LONG))
    assert (one.sends[0][1], ways(one)) == (STREAM, [("tcp", "tcp")])


def test_what_follows_a_large_invite_on_its_stream_has_its_via_and_the_ack_goes_as_the_dialog_does() -> None:
    one = rig()
    session = one.call_out(one.order(headers=LONG))
    one.give(one.answer(180), STREAM)
    session.cancel(now=one.now)
    one.drain()
    assert ways(one) == [("tcp", "tcp"), ("tcp", "tcp")]
    other = rig()
    other.call_out(other.order(headers=LONG))
    other.give(other.answer(200, sdp=ANSWER), STREAM)
    other.take(Answered)
    assert ways(other) == [("tcp", "tcp"), ("udp", "udp")]


def test_a_phone_that_takes_no_stream_gets_the_request_by_a_datagram_and_is_remembered() -> None:
    one = rig()
    session = one.call_out(one.order(headers=LONG))
    one.ua.flow_failed(STREAM, now=one.now)
    one.drain()
    assert ways(one) == [("tcp", "tcp"), ("udp", "udp")]
    one.run(0.5)
    request = one.last_request("INVITE")
    assert ways(one) == [("udp", "udp")]
    one.give(one.answer(200, sdp=ANSWER, request=request))
    one.take(Answered)
    session.bye(now=one.now)
    one.drain()
    ways(one)
    one.call_out(one.order(headers=LONG))
    assert ways(one) == [("udp", "udp")]
    one.run(MEMORY_S + 1)
    ways(one)
    one.call_out(one.order(headers=LONG))
    assert ways(one) == [("tcp", "tcp")]


def test_a_stream_that_breaks_after_an_answer_changes_nothing() -> None:
    one = rig()
    one.call_out(one.order(headers=LONG))
    one.give(one.answer(180), STREAM)
    one.ua.flow_failed(STREAM, now=one.now)
    one.drain()
    assert ways(one) == [("tcp", "tcp")]


def test_other_requests_go_the_same_ways() -> None:
    one = rig()
    fields = [("From", "<sip:s@switch>"), ("To", "<sip:102@10.0.0.2>"), ("Event", "check-sync"), *LONG]
    one.ua.request(Request("NOTIFY", "sip:102@10.0.0.2", fields), PHONE, owner="x", now=one.now)
    one.drain()
    one.ua.flow_failed(STREAM, now=one.now)
    one.drain()
    assert ways(one) == [("tcp", "tcp"), ("udp", "udp")]
    one.run(0.5)
    assert ways(one) == [("udp", "udp")]
