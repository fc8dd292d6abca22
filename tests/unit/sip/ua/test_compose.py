from __future__ import annotations

from softswitch.sip.message import Request, response_to
from softswitch.sip.ua.compose import copied_text, response_octets

REQUEST = Request(
    "INVITE",
    "sip:a@b",
    [
        ("Via", "SIP/2.0/UDP x;branch=1"),
        ("Record-Route", "<sip:p;lr>"),
        ("Via", "SIP/2.0/UDP y;branch=2"),
        ("From", "<sip:b@b>;tag=1"),
        ("To", "<sip:a@b>"),
        ("Call-ID", "c"),
        ("CSeq", "1 INVITE"),
        ("Subject", "no"),
    ],
)


def test_a_response_is_the_same_octets_as_the_message_of_its_kind() -> None:
    for tag in ("", "t"):
        headers = (("Server", "x"), ("Content-Type", "text/plain"))
        made = response_octets(486, copied_text(REQUEST, tag), headers, b"body")
        assert made == response_to(REQUEST, 486, to_tag=tag, headers=headers, body=b"body").to_bytes()


def test_a_response_that_makes_a_dialog_copies_record_route() -> None:
    assert "Record-Route: <sip:p;lr>\r\n" in copied_text(REQUEST, "t", dialog=True)
    assert "Record-Route" not in copied_text(REQUEST, "t")


def test_a_to_that_has_a_tag_keeps_it_and_an_odd_status_gets_some_phrase() -> None:
    request = Request("BYE", "sip:a@b", [("To", "<sip:a@b>;tag=old")])
    assert copied_text(request, "new") == "To: <sip:a@b>;tag=old\r\n"
    assert response_octets(299, "", ()) == b"SIP/2.0 299 Unknown\r\nContent-Length: 0\r\n\r\n"
