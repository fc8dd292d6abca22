"""What a registrar's answer to a REGISTER says."""

from __future__ import annotations

import pytest

from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header, Response, response_to
from softswitch.sip.ua.order import OurCredentials
from softswitch.sip.ua.registering import answer_to_challenge, granted_s, register_request, whole_header
from softswitch.sip.uri import Uri

CONTACT = Uri("sip", "acme", "192.0.2.1", 5060)


def answered(status: int, *headers: Header) -> Response:
    us = Address(Uri("sip", "acme", "198.51.100.5"))
    request = register_request("sip:198.51.100.5", us, CONTACT, "c1", 7, 3600)
    request.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    return response_to(request, status, to_tag="t", headers=headers)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((("Contact", "<sip:acme@192.0.2.1:5060>;expires=60"), ("Expires", "90")), 60),
        ((("Contact", "<sip:x@192.0.2.9>;expires=5, <sip:acme@192.0.2.1:5060>;expires=60"),), 60),
        ((("Contact", "<sip:acme@192.0.2.1:5060>"), ("Expires", "90")), 90),
        ((("Contact", "<sip:acme@203.0.113.7:61000>;expires=50"),), 50),
        ((("Contact", "<sip:acme@192.0.2.1:5060>;expires=0"),), 0),
        ((("Contact", "<<<"), ("Expires", "soon")), 3600),
        ((("Contact", "<sip:acme@192.0.2.1:5060>;expires=9999999999"),), 86_400),
        ((), 3600),
    ],
)
def test_the_time_granted_is_that_of_our_contact(headers: tuple[Header, ...], seconds: int) -> None:
    assert granted_s(answered(200, *headers), CONTACT, 3600) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), ("18000;duration=3600", 18_000), ("5 (busy)", 5), ("-1", 0), ("x", 0)]
)
def test_retry_after_is_a_number_with_more_behind_it(value: str, seconds: int) -> None:
    assert whole_header(answered(503, ("Retry-After", value)), "Retry-After") == seconds


def test_a_challenge_that_can_be_answered_is_chosen() -> None:
    challenges = tuple(("Proxy-Authenticate", f'Digest realm="r", nonce="n", algorithm={a}') for a in ("MD6", "MD5"))
    ours = OurCredentials("acme", "secret")
    found = answer_to_challenge(answered(407, *challenges), ours, "sip:198.51.100.5", lambda: "c")
    assert found is not None
    assert found[0] == "Proxy-Authorization"
    assert 'username="acme"' in found[1]
    assert answer_to_challenge(answered(407, challenges[0]), ours, "sip:198.51.100.5", lambda: "c") is None
    assert answer_to_challenge(answered(403), ours, "sip:198.51.100.5", lambda: "c") is None
