from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.dialog.dialog import Dialog, answered_target, target_of
from softswitch.sip.message import Request, Response


def dialog() -> Dialog:
    return Dialog("c1", "us", "<sip:us@x>;tag=us", "<sip:them@y>;tag=them", "sip:them@phone")


def bye(cseq: int, method: str = "BYE") -> Request:
    return Request(method, "sip:us@x", [("CSeq", f"{cseq} {method}")])


def test_a_request_within_the_dialog_has_its_ids_and_goes_by_its_route_set() -> None:
    made = dialog()
    made.routes = ("<sip:p1;lr>", "<sip:p2;lr>")
    request = made.request("BYE", made.next_cseq(), "SIP/2.0/UDP x;branch=z9hG4bK1", [("Reason", "x")])
    assert request.uri == "sip:them@phone"
    assert [name for name, _ in request.headers] == [
        "Via",
        "Max-Forwards",
        "Route",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Reason",
    ]
    assert request.get("Route") == "<sip:p1;lr>, <sip:p2;lr>"
    assert (request.from_.tag, request.to.tag, request.call_id) == ("us", "them", "c1")
    assert request.cseq == (1, "BYE")
    assert made.request("INFO", made.next_cseq(), "v", []).cseq.number == 2


def test_requests_of_the_peer_must_count_up() -> None:
    made = dialog()
    assert made.in_order(bye(10))
    assert not made.in_order(bye(9))
    assert made.in_order(bye(4000))
    assert made.remote_cseq == 4000


def test_a_number_seen_before_is_let_pass_but_not_for_invite() -> None:
    made = dialog()
    assert made.in_order(bye(5, "INFO"))
    assert made.in_order(bye(5))
    assert not made.in_order(bye(5, "INVITE"))
    assert made.in_order(bye(6, "INVITE"))


def test_the_target_is_the_first_contact() -> None:
    message = Request("INVITE", "sip:a@b", [("Contact", '"A, B" <sip:a@1.2.3.4:5062;transport=tcp>;q=1, <sip:c@d>')])
    assert target_of(message) == "sip:a@1.2.3.4:5062;transport=tcp"
    assert target_of(Request("INVITE", "sip:a@b")) is None


def test_a_contact_of_nobody_refuses_a_request_and_is_ignored_in_an_answer() -> None:
    with pytest.raises(SipError):
        target_of(Request("INVITE", "sip:a@b", [("Contact", "*")]))
    assert answered_target(Response(200, headers=[("Contact", "*")])) is None
