"""Subscriptions under any order of things, and bodies of any octets: nothing raises, and nothing is left behind."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import SipError
from softswitch.sip.bodies.features import read_feature
from softswitch.sip.bodies.pidf import PresenceState, read_pidf, write_pidf
from softswitch.sip.bodies.vq_report import read_report
from softswitch.sip.headers.event import parse_event
from softswitch.sip.message import Request
from softswitch.sip.ua.actions import RequestArrived
from softswitch.sip.ua.subscription import Duration
from tests.fuzz.conftest import scale
from tests.unit.sip.ua.rig import PHONE, Rig

PIDF = write_pidf("sip:101@a", PresenceState(True, "busy", "Ö"))
FEATURE = b"<SetForwarding><forwardingType>forwardBusy</forwardingType><ringCount>3</ringCount></SetForwarding>"
REPORT = b"VQSessionReport: CallTerm\r\nCallID: c\r\nLocalMetrics:\r\nQualityEst: MOSLQ=4.2\r\n"
STEPS = st.lists(
    st.sampled_from(["notify", "200", "481", "503", "500", "fail", "time", "long", "refresh", "leave", "end", "move"]),
    max_size=25,
)


@settings(max_examples=scale(200), deadline=None)
@given(st.sampled_from([PIDF, FEATURE, REPORT]), st.data())
def test_a_damaged_body_is_read_or_refused(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body)))
    damaged = body[:at] + data.draw(st.binary(max_size=8)) + body[at + data.draw(st.integers(0, 8)) :]
    for read in (read_pidf, read_feature, read_report):
        try:
            read(damaged)
        except SipError:
            continue


@settings(max_examples=scale(200), deadline=None)
@given(st.text(max_size=40))
def test_whatever_stands_in_event_is_read_or_refused(value: str) -> None:
    try:
        event = parse_event(value)
    except SipError:
        return
    assert str(parse_event(str(event))) == str(event)


@settings(max_examples=scale(150), deadline=None)
@given(STEPS)
def test_whatever_happens_to_a_subscription_it_is_over_at_last_and_leaves_nothing(steps: list[str]) -> None:
    rig = Rig()
    rig.give(rig.request("SUBSCRIBE", headers=(("Event", "dialog"),)))
    arrived = rig.take(RequestArrived)
    made = rig.ua.accept_subscribe(arrived.request, PHONE, owner="lamp", duration=Duration(), now=rig.now)
    cseq = 1
    for step in steps:
        rig.drain()
        asked = [one for one in rig.sent if isinstance(one, Request)]
        if step == "notify":
            made.notify(now=rig.now)
        elif step.isdigit() and asked:
            rig.give(rig.answer(int(step), request=asked[-1]))
        elif step == "fail":
            rig.ua.flow_failed(PHONE, now=rig.now)
        elif step in {"time", "long"}:
            rig.run(rig.now + (5.0 if step == "time" else 4000.0))
        elif step in {"refresh", "leave"}:
            cseq += 1
            expires = (("Event", "dialog"), ("Expires", "0" if step == "leave" else "60"))
            rig.give(rig.within(made, "SUBSCRIBE", cseq=cseq, headers=expires))  # type: ignore[arg-type]  # a dialog
        elif step == "end":
            made.end("timeout", now=rig.now)
        elif step == "move":
            made.move_to(PHONE, now=rig.now)
    made.end("noresource", now=rig.now)
    rig.assert_at_rest()
    assert rig.ua._core.subscriptions == {}
