"""Flows of RFC 5626: who registers one, what ends with it, and which of several rings."""

from __future__ import annotations

import pytest

from softswitch.directory.location import disconnected
from softswitch.directory.routing import one_flow_each
from softswitch.sip.message import Header, Request
from tests.unit.directory.builders import Registrar, flow_from, register

INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-0015651234ab>"'
OUTBOUND: list[Header] = [("Supported", "path, outbound")]


def of_flow(number: int, *headers: Header, call_id: str = "one", cseq: int = 1) -> Request:
    return register(
        f"<sip:101@192.0.2.50>;{INSTANCE};reg-id={number}", call_id=call_id, cseq=cseq, headers=[*OUTBOUND, *headers]
    )


def test_a_phone_that_registers_a_flow_is_told_that_it_is_kept() -> None:
    assert ("Require", "outbound") in Registrar().take(of_flow(1)).headers
    without = register(f"<sip:101@192.0.2.50>;{INSTANCE};reg-id=1", headers=[("Supported", "path")])
    assert "Require" not in dict(Registrar().take(without).headers)


def test_require_outbound_is_understood() -> None:
    assert Registrar().take(of_flow(1, ("Require", "outbound"))).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (None, 439),
        ("<sip:edge.example.com;lr>", 439),
        ("<sip:inner.example.com;lr>, <sip:token@edge.example.com;lr;ob>", 200),
        ("<sip:token@inner.example.com;lr;ob>, <sip:edge.example.com;lr>", 439),
    ],
)
def test_a_flow_that_ends_at_a_proxy_needs_one_that_keeps_it(path: str | None, status: int) -> None:
    request = of_flow(1, *([("Path", path)] if path else []))
    request.headers.insert(0, ("Via", "SIP/2.0/UDP edge.example.com;branch=z9hG4bKedge"))
    registrar = Registrar()
    assert registrar.take(request).status == status
    assert len(registrar.state) == (status == 200)


def test_of_several_flows_of_one_phone_the_one_registered_last_rings() -> None:
    registrar = Registrar()
    registrar.take(of_flow(1, call_id="one"))
    registrar.take(of_flow(2, call_id="two"), flow_from(port=5070))
    registrar.take(register("<sip:other@192.0.2.60>", call_id="three"))
    found = one_flow_each(registrar.state.contacts_of("anna"))
    assert [binding.sip_call_id for binding in found] == ["two", "three"]
    registrar.take(of_flow(1, call_id="one", cseq=2))
    found = one_flow_each(registrar.state.contacts_of("anna"))
    assert [binding.sip_call_id for binding in found] == ["three", "one"]


@pytest.mark.parametrize("transport", ["tls", "ws", "wss"])
def test_what_is_bound_to_a_connection_that_nobody_can_dial_ends_with_it(transport: str) -> None:
    registrar = Registrar()
    flow = flow_from(transport=transport, connection=3)
    registrar.take(register(f"<sip:101@192.0.2.50:5060;transport={transport}>"), flow)
    assert [fact.reason for fact in disconnected(registrar.state, flow)] == ["disconnected"]


def test_a_flow_over_tcp_ends_with_its_connection_and_a_plain_contact_does_not() -> None:
    registrar = Registrar()
    flow, other = flow_from(transport="tcp", connection=3), flow_from(port=5061, transport="tcp", connection=5)
    registrar.take(of_flow(1), flow)
    registrar.take(register("<sip:102@192.0.2.50:5061;transport=tcp>", call_id="b"), other)
    assert [fact.contact for fact in disconnected(registrar.state, flow)] == ["sip:101@192.0.2.50"]
    assert disconnected(registrar.state, other) == ()
