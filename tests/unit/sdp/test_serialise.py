from __future__ import annotations

from softswitch.sdp.model import Media, Origin, SessionDescription
from softswitch.sdp.parse import parse_sdp
from softswitch.sdp.serialise import write_sdp


def test_lines_stand_in_the_order_of_the_grammar() -> None:
    media = (
        Media("audio", 4000, "RTP/AVP", ("0", "101"), "2001:db8::2", ("ptime:20", "sendrecv")),
        Media("video", 0, "RTP/AVP", ("31",)),
        Media("audio", 6000, "RTP/AVP", ("0",), port_count=2),
    )
    description = SessionDescription(Origin(7, 8, "2001:db8::1"), "192.0.2.1", media, ("tool:x",))
    text = write_sdp(description)
    assert text == (
        "v=0\r\n"
        "o=- 7 8 IN IP6 2001:db8::1\r\n"
        "s=-\r\n"
        "c=IN IP4 192.0.2.1\r\n"
        "t=0 0\r\n"
        "a=tool:x\r\n"
        "m=audio 4000 RTP/AVP 0 101\r\n"
        "c=IN IP6 2001:db8::2\r\n"
        "a=ptime:20\r\n"
        "a=sendrecv\r\n"
        "m=video 0 RTP/AVP 31\r\n"
        "m=audio 6000/2 RTP/AVP 0\r\n"
    )
    assert parse_sdp(text) == description


def test_a_session_without_an_address_of_its_own_writes_none() -> None:
    description = SessionDescription(Origin(7, 8, "192.0.2.1"), "", ())
    assert write_sdp(description) == "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
