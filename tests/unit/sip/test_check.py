from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.check import check_request, check_response
from softswitch.sip.message import Header, Request, Response

GOOD: tuple[Header, ...] = (
    ("Via", "SIP/2.0/UDP a;branch=z9hG4bK1"),
    ("From", "<sip:a@x>;tag=1"),
    ("To", "<sip:b@x>"),
    ("Call-ID", "i"),
    ("CSeq", "1 OPTIONS"),
)


def with_headers(*changed: Header) -> list[Header]:
    """The good headers, those of the same name replaced."""
    names = {name for name, _ in changed}
    return [pair for pair in GOOD if pair[0] not in names] + list(changed)


def test_a_request_without_max_forwards_is_good() -> None:
    check_request(Request("OPTIONS", "sip:b@x", GOOD))
    check_request(Request("OPTIONS", "sips:b@x", with_headers(("From", "<sip:a@x>"))))
    check_request(Request("OPTIONS", "tel:123", with_headers(("Contact", "<sip:a@y>"), ("Route", "<sip:p;lr>"))))


@pytest.mark.parametrize("name", [name for name, _ in GOOD])
def test_each_mandatory_header_is_demanded_once(name: str) -> None:
    headers = [pair for pair in GOOD if pair[0] != name]
    for wrong in (headers, [*headers, (name, "")]):
        with pytest.raises(SipError, match=f"no {name} header"):
            check_request(Request("OPTIONS", "sip:b@x", wrong))
        with pytest.raises(SipError, match=f"no {name} header"):
            check_response(Response(200, headers=wrong))
    if name != "Via":
        with pytest.raises(SipError, match=f"more than one {name}"):
            check_request(Request("OPTIONS", "sip:b@x", [*GOOD, *(pair for pair in GOOD if pair[0] == name)]))


@pytest.mark.parametrize(
    "header",
    [
        ("Via", "SIP/2.0/UDP a, nonsense"),
        ("Via", ","),
        ("From", "nonsense"),
        ("From", "<sip:a@x>;tag="),
        ("To", "<sip:b@x"),
        ("To", "<sip:b@x>;tag"),
        ("To", "<sip:b@x>;tag="),
        ("CSeq", "1 INVITE"),
        ("CSeq", "one OPTIONS"),
        ("Call-ID", "a b"),
        ("Contact", "<nonsense>"),
        ("Contact", ""),
        ("Route", "<sip:>"),
        ("Record-Route", "nonsense"),
        ("Max-Forwards", "256"),
    ],
)
def test_a_malformed_header_is_a_bad_request(header: Header) -> None:
    with pytest.raises(SipError) as refused:
        check_request(Request("OPTIONS", "sip:b@x", with_headers(header)))
    assert refused.value.status_hint == 400


@pytest.mark.parametrize(
    ("uri", "status"), [("isbn:1", 416), ("nonsense", 400), ("sip:b@x?Subject=y", 400), ("*", 400)]
)
def test_a_request_uri_is_judged(uri: str, status: int) -> None:
    with pytest.raises(SipError) as refused:
        check_request(Request("OPTIONS", uri, GOOD))
    assert refused.value.status_hint == status


def test_a_response_is_judged_by_its_headers_alone() -> None:
    check_response(Response(200, headers=GOOD))
    with pytest.raises(SipError):
        check_response(Response(200, headers=with_headers(("To", "nonsense"))))
