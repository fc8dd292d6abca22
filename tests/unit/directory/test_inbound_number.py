"""Which number a call from a trunk is for."""

from __future__ import annotations

import pytest

from softswitch.directory.inbound_number import inbound_number
from softswitch.directory.site import Number, make_site
from softswitch.sip.message import Request

SITE = make_site(
    "example.net", numbers=[Number("+74950000001", "user", "anna"), Number("+74950000002", "user", "boris")]
)


def invite(user: str, *headers: tuple[str, str]) -> Request:
    return Request("INVITE", f"sip:{user}@192.0.2.1:5060", headers)


@pytest.mark.parametrize(
    ("request_", "number"),
    [
        (invite("+74950000001", ("To", "<sip:+74950000002@x>")), "+74950000001"),
        (invite("acme", ("To", "<sip:74950000002@x>"), ("P-Called-Party-ID", "<sip:+74950000001@x>")), "74950000002"),
        (invite("acme", ("To", "<sip:acme@x>"), ("P-Called-Party-ID", "<tel:+7-495-000-00-01>")), "+74950000001"),
        (invite("acme", ("To", "<sip:acme@x>"), ("Diversion", "<sip:z@x>, <sip:+74950000002@x>")), "+74950000002"),
        (invite("acme", ("To", "<sip:acme@x>"), ("Diversion", "<<<"), ("P-Called-Party-ID", "<mailto:a@x>")), "acme"),
        (invite("acme", ("To", "<sip:+74959999999@x>")), "acme"),
    ],
    ids=["the Request-URI first", "then To", "P-Called-Party-ID", "Diversion", "what cannot be read", "unknown ones"],
)
def test_the_first_place_that_names_a_number_of_ours_counts(request_: Request, number: str) -> None:
    assert inbound_number(SITE, request_) == number
