from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.auth import ha1_md5, ha1_sha256, parse_credentials, verify
from softswitch.sip.auth.client import authorize
from softswitch.sip.auth.digest import MD5, SHA_256, parse_digest

ASKED = 'Digest realm="r", nonce="n", algorithm={}, qop="auth-int,auth", opaque="o"'


def test_a_challenge_is_answered() -> None:
    value = authorize(ASKED.format("md5"), "101", "secret", "INVITE", "sip:b@x", cnonce="c", nonce_count=10)
    credentials = parse_credentials(value)
    assert (credentials.nonce_count, credentials.count, credentials.qop, credentials.cnonce) == (
        "0000000a",
        10,
        "auth",
        "c",
    )
    assert verify(credentials, ha1_md5("101", "r", "secret"), "INVITE", MD5)
    assert parse_digest(value)["opaque"] == "o"


def test_a_challenge_of_sha_256_is_answered() -> None:
    value = authorize(ASKED.format("SHA-256"), "101", "secret", "INVITE", "sip:b@x", cnonce="c")
    assert verify(parse_credentials(value), ha1_sha256("101", "r", "secret"), "INVITE", SHA_256)


def test_a_challenge_without_qop_is_answered_without_qop() -> None:
    value = authorize('Digest realm="r", nonce="n"', "101", "secret", "INVITE", "sip:b@x")
    assert parse_credentials(value).qop == ""
    assert verify(parse_credentials(value), ha1_md5("101", "r", "secret"), "INVITE", MD5)


@pytest.mark.parametrize(
    "value",
    [
        "Basic x",
        'Digest nonce="n"',
        'Digest realm="r"',
        'Digest realm="r", nonce="n", algorithm=MD5-sess',
        'Digest realm="r", nonce="n", qop="auth-int"',
    ],
)
def test_a_challenge_that_we_cannot_answer_is_an_error(value: str) -> None:
    with pytest.raises(SipError):
        authorize(value, "101", "secret", "INVITE", "sip:b@x")
