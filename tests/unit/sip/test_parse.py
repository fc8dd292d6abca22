from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.message import Request, Response
from softswitch.sip.parse import MOST_HEADERS, parse_message, salvage

HEAD = (
    b"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: i\r\nCSeq: 1 OPTIONS\r\n"
)


def test_a_request_is_split() -> None:
    message = parse_message(b"OPTIONS sip:b@x SIP/2.0\r\n" + HEAD + b"l: 4\r\n\r\nbodymore")
    assert isinstance(message, Request)
    assert (message.method, message.uri, message.body) == ("OPTIONS", "sip:b@x", b"body")
    assert message.headers[0] == ("Via", "SIP/2.0/UDP a;branch=z9hG4bK1")
    assert message.get("Content-Length") is None


def test_a_response_is_split() -> None:
    message = parse_message(b"sip/2.0 486 Busy Here\r\n" + HEAD + b"\r\nbody")
    assert isinstance(message, Response)
    assert (message.status, message.reason, message.body) == (486, "Busy Here", b"body")


def test_the_version_is_taken_in_any_case() -> None:
    assert parse_message(b"OPTIONS sip:b@x sip/2.0\r\n" + HEAD + b"\r\n").start_line() == "OPTIONS sip:b@x SIP/2.0"


def test_content_length_is_found_wherever_it_stands() -> None:
    message = parse_message(b"OPTIONS sip:b@x SIP/2.0\r\ncontent-length: 1\r\n" + HEAD + b"\r\nxy")
    assert message.body == b"x"
    assert "Content-Length" not in dict(message.headers)


def test_headers_without_a_blank_or_with_many_are_read() -> None:
    message = parse_message(b"OPTIONS sip:b@x SIP/2.0\r\nTo:<sip:b@x>\r\nSubject:\r\ni \t:  \tid \r\n\r\n")
    assert message.headers == [("To", "<sip:b@x>"), ("Subject", ""), ("Call-ID", "id")]


@pytest.mark.parametrize(
    "start",
    [
        *("", " ", "OPTIONS", "OPTIONS sip:b@x", "OPTIONS  SIP/2.0", "OPTIONS sip:b@x SIP"),
        *("OPTIONS sip:b@x SIP/2.0 ", "O/S sip:b@x SIP/2.0"),
        *("SIP/2.0", "SIP/2.0 ", "SIP/2.0 20", "SIP/2.0 2000 OK", "SIP/2.0 099 OK", "SIP/2.0 700 OK"),
        *("SIP/2.0 ٢٠٠ OK", "SIP/2.0 abc OK"),
    ],
)
def test_a_malformed_start_line_is_refused(start: str) -> None:
    with pytest.raises(SipError) as refused:
        parse_message(start.encode() + b"\r\n" + HEAD + b"\r\n")
    assert refused.value.status_hint == 400


@pytest.mark.parametrize("start", [b"OPTIONS sip:b@x SIP/3.0", b"SIP/1.0 200 OK"])
def test_another_version_is_refused_as_such(start: bytes) -> None:
    with pytest.raises(SipError) as refused:
        parse_message(start + b"\r\n" + HEAD + b"\r\n")
    assert refused.value.status_hint == 505


@pytest.mark.parametrize("line", [b"X: ", b"X:"])
def test_too_many_headers_are_refused(line: bytes) -> None:
    with pytest.raises(SipError) as refused:
        parse_message(b"OPTIONS sip:b@x SIP/2.0\r\n" + (line + b"1\r\n") * MOST_HEADERS + b"\r\n")
    assert refused.value.status_hint == 513


@pytest.mark.parametrize(
    "line", [b"Subject: a\nb", b"Subject: a\rb", b"Subject: a\0b", b"Subject: \\\0 a\nb", b": x", b"To"]
)
def test_a_head_that_others_could_read_otherwise_is_refused(line: bytes) -> None:
    with pytest.raises(SipError):
        parse_message(b"OPTIONS sip:b@x SIP/2.0\r\n" + line + b"\r\n\r\n")


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n\r\n", b"\0" * 100, b"OPTIONS sip:b@x SIP/2.0\r\n"]
)
def test_what_has_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(SipError):
        parse_message(data)


def test_of_a_refused_request_is_saved_what_an_answer_needs() -> None:
    saved = salvage(b"OPTIONS <sip:b@x> SIP/7.0\r\nSubject: x\r\nnonsense\r\n" + HEAD + b"l: -1\r\n\r\n")
    assert saved is not None
    assert saved.method == "OPTIONS"
    assert [name for name, _ in saved.headers] == ["Via", "From", "To", "Call-ID", "CSeq"]


def test_headers_are_saved_as_they_were_written() -> None:
    torn = HEAD.replace(b"<sip:a@x>", b'"<sip:a@x>')
    saved = salvage(b"OPTIONS sip:b@x SIP/2.0\r\n" + torn + b"\r\n")
    assert saved is not None
    assert (saved.get("From") or "").startswith('"<sip:a@x>')


@pytest.mark.parametrize(
    "data",
    [
        b"ACK sip:b@x SIP/7.0\r\n" + HEAD + b"\r\n",
        b"SIP/7.0 200 OK\r\n" + HEAD + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"OPTIONS sip:b@x SIP/7.0\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        b"OPTIONS sip:b@x SIP/7.0\r\n" + HEAD.replace(b"<sip:a@x>", b"<sip:a\n@x>") + b"\r\n",
        b"",
        b"\xff\x00",
    ],
)
def test_what_gets_no_answer_is_not_saved(data: bytes) -> None:
    assert salvage(data) is None
