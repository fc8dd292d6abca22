"""Bodies of several parts (RFC 2046 §5.1, RFC 5621)."""

from __future__ import annotations

import pytest

from softswitch.sip.message import Request
from softswitch.sip.multipart import MOST_PARTS, find_part
from softswitch.sip.ua.actions import RequestArrived
from tests.unit.sip.ua.rig import Rig

SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
MIXED = (
    "this is for readers of mail\r\n--b1\r\nContent-Type: application/isup;version=itu-t92+\r\n"
    "Content-Disposition: signal;handling=optional\r\n\r\n\x01\x00\x20\r\n"
    f"--b1\r\nc: application/SDP\r\n\r\n{SDP}\r\n--b1--\r\nand an epilogue --b1\r\n"
)


def request(content_type: str, body: str) -> Request:
    return Request("INVITE", "sip:a@b", [("Content-Type", content_type)], body.encode())


@pytest.mark.parametrize("boundary", ["b1", '"b1"'])
def test_the_description_beside_isup_is_found(boundary: str) -> None:
    assert request(f"multipart/mixed; boundary={boundary}", MIXED).sdp == SDP


def test_a_part_may_itself_consist_of_parts_once() -> None:
    def within(inner: str, kind: str, name: str) -> str:
        return f"--{name}\r\nContent-Type: multipart/mixed;boundary={kind}\r\n\r\n{inner}\r\n--{name}--\r\n"

    once = within(MIXED, "b1", "b2")
    assert request("multipart/alternative;boundary=b2", once).sdp == SDP
    assert request("multipart/mixed;boundary=b3", within(once, "b2", "b3")).sdp == ""


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", MIXED),
        ("multipart/mixed;boundary=other", MIXED),
        ("multipart/mixed;boundary", MIXED),
        ("multipart/mixed;boundary=b1", "--b1\r\nContent-Type: application/sdp\r\n"),
        ("multipart/mixed;boundary=b1", f"--b1\r\n\r\n{SDP}\r\n--b1--"),
        ("multipart/mixed;boundary=b1", "--b1\r\n\r\nx\r\n" * MOST_PARTS + MIXED),
    ],
)
def test_what_cannot_be_taken_apart_has_no_description(content_type: str, body: str) -> None:
    assert find_part(content_type, body.encode(), "application/sdp") is None
    assert request(content_type, body).sdp == ""


def test_a_call_with_such_a_body_arrives_and_one_without_a_description_is_415() -> None:
    rig = Rig()
    for body, arrives in ((MIXED, True), (MIXED.replace("application/SDP", "text/plain"), False)):
        asked = rig.request("INVITE", headers=(("Content-Type", 'multipart/mixed;boundary="b1"'),))
        asked.body = body.encode()
        rig.give(asked)
        if arrives:
            assert rig.take(RequestArrived).request.sdp == SDP
        else:
            assert rig.last_response().status == 415
