from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.dialog.route import callee_routes, caller_routes, request_line
from softswitch.sip.message import Request, Response

RECORDED = [("Record-Route", "<sip:p2;lr>, <sip:p1;lr>"), ("Record-Route", "<sip:p0;lr>")]


def test_the_callee_keeps_the_order_of_record_route_and_the_caller_turns_it_round() -> None:
    assert callee_routes(Request("INVITE", "sip:a@b", RECORDED)) == ("<sip:p2;lr>", "<sip:p1;lr>", "<sip:p0;lr>")
    assert caller_routes(Response(200, headers=RECORDED)) == ("<sip:p0;lr>", "<sip:p1;lr>", "<sip:p2;lr>")


def test_a_malformed_record_route_refuses_a_request_and_is_ignored_in_an_answer() -> None:
    broken = [("Record-Route", "<sip:p1;lr")]
    with pytest.raises(SipError):
        callee_routes(Request("INVITE", "sip:a@b", broken))
    assert caller_routes(Response(200, headers=broken)) == ()


def test_loose_routers_get_the_target_as_request_uri() -> None:
    routes = ("<sip:p1;lr>", "<sip:p2>")
    assert request_line("sip:bob@phone", routes) == ("sip:bob@phone", routes)
    assert request_line("sip:bob@phone", ()) == ("sip:bob@phone", ())


def test_a_strict_router_gets_its_own_uri_and_the_target_at_the_end() -> None:
    uri, routes = request_line("sip:bob@phone", ("<sip:p1>", "<sip:p2;lr>"))
    assert uri == "sip:p1"
    assert routes == ("<sip:p2;lr>", "<sip:bob@phone>")
