from __future__ import annotations

from collections.abc import Callable

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.message import CSeq, Message, Request, Response, is_header_name, response_to


def request(*headers: tuple[str, str], body: bytes = b"") -> Request:
    return Request("INVITE", "sip:101@example.net", headers, body)


def test_headers_are_read_by_name_in_the_order_of_the_wire() -> None:
    message = request(("Via", "one, two"), ("To", "x"), ("Via", "three"))
    assert message.get("Via") == "one, two"
    assert message.get("From") is None
    assert message.get_all("Via") == ["one, two", "three"]
    assert message.get_all("To") == ["x"]
    assert message.get_all("From") == []
    assert message.get_list("Via") == ["one", "two", "three"]


def test_headers_are_changed_and_read_again() -> None:
    message = request(("Via", "SIP/2.0/UDP one"), ("To", "<sip:a@x>"), ("Via", "SIP/2.0/UDP two"))
    assert message.via.host == "one"
    message.prepend("Via", "SIP/2.0/UDP zero")
    assert (message.via.host, [via.host for via in message.vias]) == ("zero", ["zero", "one", "two"])
    message.set("Via", "SIP/2.0/UDP only")
    assert message.headers == [("Via", "SIP/2.0/UDP only"), ("To", "<sip:a@x>")]
    assert message.via.host == "only"
    message.set("From", "<sip:b@x>")
    message.add("Subject", "s")
    assert message.get("From") == "<sip:b@x>"
    assert message.get("Subject") == "s"
    message.remove("Subject")
    assert message.get("Subject") is None
    assert message.to.uri.user == "a"
    message.set("To", "<sip:c@x>")
    assert message.to.uri.user == "c"


@pytest.mark.parametrize("known", [True, False])
def test_headers_are_taken_out(known: bool) -> None:
    message = request(("A", "1"), ("B", "2"), ("A", "3"), ("C", "4"))
    if known:
        assert message.get("A") == "1"
    assert message.take("C") == ["4"]
    assert message.take("A") == ["1", "3"]
    assert message.take("Z") == []
    assert message.headers == [("B", "2")]
    assert (message.get("A"), message.get("C"), message.get("B")) == (None, None, "2")


def test_typed_views_are_parsed_once() -> None:
    message = request(
        ("From", "<sip:a@x>;tag=1"),
        ("CSeq", "7\tINVITE"),
        ("Contact", "<sip:a@y>"),
        ("Contact", "<sip:b@y>, <sip:c@y>"),
    )
    assert message.cseq == CSeq(7, "INVITE")
    assert message.from_ is message.from_
    assert message.cseq is message.cseq
    assert [contact.uri.user for contact in message.contacts] == ["a", "b", "c"]
    assert message.contacts is message.contacts


def test_what_is_missing_has_its_default() -> None:
    message = request()
    assert (message.max_forwards, message.expires, message.content_type, message.sdp) == (70, None, "", "")
    assert message.contacts == []
    assert request(("Contact", "")).contacts == []


@pytest.mark.parametrize(
    "read",
    [lambda m: m.via, lambda m: m.from_, lambda m: m.to, lambda m: m.cseq, lambda m: m.call_id],
)
def test_what_every_message_needs_is_an_error_where_it_is_missing(read: Callable[[Message], object]) -> None:
    with pytest.raises(SipError):
        read(request())


@pytest.mark.parametrize("value", ["", "7", "INVITE", "7 INVITE x", "2147483648 INVITE", "-1 INVITE"])
def test_a_malformed_cseq_is_refused(value: str) -> None:
    with pytest.raises(SipError):
        _ = request(("CSeq", value)).cseq


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(SipError):
        _ = request(("Max-Forwards", "256")).max_forwards
    with pytest.raises(SipError):
        _ = request(("Expires", "4294967296")).expires


def test_a_via_without_an_element_is_refused() -> None:
    with pytest.raises(SipError):
        _ = request(("Via", ",")).via


def test_the_description_is_read_where_the_body_is_one() -> None:
    assert request(("Content-Type", "Application/SDP; charset=utf-8"), body=b"v=0\r\n").sdp == "v=0\r\n"
    assert request(("Content-Type", "text/plain"), body=b"v=0\r\n").sdp == ""
    assert request(("Content-Type", "application/sdp"), body=b"\xff").sdp == "�"


def test_content_length_is_written_from_the_body() -> None:
    message = request(("Content-Length", "99"), ("To", "<sip:a@x>"), body=b"four")
    expected = b"INVITE sip:101@example.net SIP/2.0\r\nTo: <sip:a@x>\r\nContent-Length: 4\r\n\r\nfour"
    assert message.to_bytes() == expected
    assert message.get("To") == "<sip:a@x>"
    assert message.to_bytes() == expected


def test_a_message_without_headers_is_written() -> None:
    assert Response(200).to_bytes() == b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert Response(299).reason == "Unknown"
    assert repr(Response(200)) == "<Response SIP/2.0 200 OK>"
    with pytest.raises(NotImplementedError):
        Message().start_line()


def test_a_response_copies_what_it_must() -> None:
    asked = request(
        ("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"),
        ("Via", "SIP/2.0/UDP c"),
        ("From", "<sip:a@x>;tag=1"),
        ("To", "<sip:b@x>"),
        ("Call-ID", "id"),
        ("CSeq", "1 INVITE"),
        ("Max-Forwards", "70"),
    )
    answer = response_to(asked, 486, to_tag="2", headers=[("Reason", "Q.850;cause=17")], body=b"x")
    assert answer.start_line() == "SIP/2.0 486 Busy Here"
    assert answer.get_all("Via") == ["SIP/2.0/UDP a, SIP/2.0/UDP b", "SIP/2.0/UDP c"]
    assert answer.to.tag == "2"
    assert (answer.get("Reason"), answer.get("Max-Forwards"), answer.body) == ("Q.850;cause=17", None, b"x")


def test_a_tag_that_is_there_stays() -> None:
    asked = request(("To", "<sip:b@x>;tag=9"))
    assert response_to(asked, 200, to_tag="2").to.tag == "9"


def test_names_have_one_spelling() -> None:
    assert is_header_name("Call-ID")
    assert not is_header_name("call-id")
