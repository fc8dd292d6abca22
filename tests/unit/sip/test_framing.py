from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.framing import Ping, Pong, StreamFramer

ONE = b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\nContent-Length: 4\r\n\r\nbody"
TWO = b"SIP/2.0 200 OK\r\nl \t:\r\n 0\r\nTo: x\r\n\r\n"


def test_messages_are_cut_where_content_length_says() -> None:
    assert StreamFramer().feed(ONE + TWO + ONE) == [ONE, TWO, ONE]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 50])
def test_it_does_not_matter_how_the_network_tears_the_stream(size: int) -> None:
    framer = StreamFramer()
    stream = ONE + b"\r\n\r\n" + TWO + b"\r\n" + ONE
    items = [item for at in range(0, len(stream), size) for item in framer.feed(stream[at : at + size])]
    assert [item for item in items if not isinstance(item, Pong)] == [ONE, Ping(), TWO, ONE]


def test_two_line_ends_are_a_ping_and_one_is_a_pong() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n\r\n") == [Ping()]
    assert framer.feed(b"\r\n") == [Pong()]
    assert framer.feed(ONE) == [ONE]
    assert framer.feed(b"\r\n\r\n\r\n" + ONE) == [Ping(), Pong(), ONE]


def test_a_torn_ping_is_answered_all_the_same() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n\r") == []
    assert framer.feed(b"\n") == [Ping()]
    assert framer.feed(b"\r\n") == [Pong()]
    assert framer.feed(b"\r\n") == [Ping()]


def test_a_lone_carriage_return_waits() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r") == []
    with pytest.raises(SipError):
        framer.feed(b"x")


@pytest.mark.parametrize(
    "head",
    [
        b"OPTIONS sip:a SIP/2.0\r\nVia: x",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: x",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length:",
        b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 1",
        b"OPTIONS sip:a SIP/2.0\r\nX-Content-Length: 1",
    ],
)
def test_a_stream_whose_messages_have_no_clear_length_is_a_fault(head: bytes) -> None:
    framer = StreamFramer()
    with pytest.raises(SipError) as refused:
        framer.feed(head + b"\r\n\r\n")
    assert refused.value.status_hint == 400
    assert framer.fault is refused.value


def test_what_was_whole_before_a_fault_is_not_lost() -> None:
    framer = StreamFramer()
    assert framer.feed(ONE + b"nonsense\r\n\r\n") == [ONE]
    assert framer.fault is not None
    with pytest.raises(SipError):
        framer.feed(ONE)


def test_a_message_over_the_limit_is_refused_before_it_came() -> None:
    framer = StreamFramer(most_octets=100)
    with pytest.raises(SipError) as refused:
        framer.feed(b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 100\r\n\r\n")
    assert refused.value.status_hint == 513


def test_a_head_without_end_is_refused_at_the_limit() -> None:
    framer = StreamFramer(most_octets=100)
    assert framer.feed(b"x" * 99) == []
    with pytest.raises(SipError) as refused:
        framer.feed(b"x")
    assert refused.value.status_hint == 513


def test_a_message_of_just_the_limit_is_taken() -> None:
    assert StreamFramer(most_octets=len(ONE)).feed(ONE) == [ONE]
