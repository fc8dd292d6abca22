"""Keys in INFO."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import LocalProtocolError, SipError
from softswitch.sip.key_info import KeyInfo, build_key_info, parse_key_info

RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"


@pytest.mark.parametrize(
    ("content_type", "body", "key"),
    [
        (RELAY, b"Signal=5\r\nDuration=160\r\n", KeyInfo("5", 160)),
        (RELAY, b"Signal= *\r\nDuration= 250", KeyInfo("*", 250)),
        (RELAY, b"signal=#\nduration=90\n", KeyInfo("#", 90)),
        (RELAY, b"Duration=100\r\nSignal=a\r\n", KeyInfo("A", 100)),
        (RELAY, b"Signal=10\r\nDuration=160\r\n", KeyInfo("*", 160)),
        (RELAY, b"Signal=11\r\n", KeyInfo("#", 160)),
        (RELAY, b"Signal=7\r\nDuration=soon\r\n", KeyInfo("7", 160)),
        (RELAY, b"Signal=7\r\nDuration=0\r\n", KeyInfo("7", 1)),
        (RELAY, b"Signal=7\r\nDuration=99999\r\n", KeyInfo("7", 60000)),
        (RELAY, b"Signal=16\r\n", KeyInfo("", 160)),
        (PLAIN, b"5", KeyInfo("5")),
        (PLAIN, b" d\r\n", KeyInfo("D")),
        (PLAIN, b"11", KeyInfo("#")),
        (PLAIN, b"Signal=0\r\nDuration=80", KeyInfo("0", 80)),
        (PLAIN, b"!", KeyInfo("")),
    ],
)
def test_a_key_is_read_in_the_forms_that_phones_use(content_type: str, body: bytes, key: KeyInfo) -> None:
    assert parse_key_info(content_type, body) == key


@pytest.mark.parametrize("body", [b"", b"Signal=\r\n", b"Signal=E", b"Signal=55", b"Duration=100", "Signal=é".encode()])
@pytest.mark.parametrize("content_type", [RELAY, PLAIN])
def test_a_body_that_names_no_key_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(SipError, match="no key"):
        parse_key_info(content_type, body)


def test_an_info_about_something_else_is_no_key() -> None:
    assert parse_key_info("application/media_control+xml", b"5") is None
    assert parse_key_info("", b"") is None


@given(st.sampled_from("0123456789*#ABCD"), st.integers(1, 60000))
def test_what_is_written_is_read_again(digit: str, duration_ms: int) -> None:
    assert parse_key_info(*build_key_info(KeyInfo(digit, duration_ms))) == KeyInfo(digit, duration_ms)


@given(st.sampled_from([RELAY, PLAIN]), st.binary(max_size=60))
def test_no_body_does_anything_but_name_a_key_or_be_refused(content_type: str, body: bytes) -> None:
    try:
        key = parse_key_info(content_type, body)
    except SipError:
        return
    assert key is not None
    assert key.digit in {*"0123456789*#ABCD", ""}
    assert 1 <= key.duration_ms <= 60000


@pytest.mark.parametrize("key", [KeyInfo("", 100), KeyInfo("E", 100), KeyInfo("12", 100), KeyInfo("1", 0)])
def test_what_cannot_be_told_is_our_own_mistake(key: KeyInfo) -> None:
    with pytest.raises(LocalProtocolError):
        build_key_info(key)
