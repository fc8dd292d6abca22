from __future__ import annotations

import pytest

from softswitch.journal.redaction import HIDDEN, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            'INVITE sip:102@x\r\nAuthorization: Digest username="101", response="abc"\r\nTo: <sip:102@x>',
            f"INVITE sip:102@x\r\nAuthorization: {HIDDEN}\r\nTo: <sip:102@x>",
        ),
        ("proxy-AUTHORIZATION:Digest x", f"proxy-AUTHORIZATION:{HIDDEN}"),
        (
            "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7|2^20\r\na=sendrecv",
            f"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {HIDDEN}\r\na=sendrecv",
        ),
        ("v=0\nk=clear:geheim\na=sendrecv", f"v=0\nk={HIDDEN}\na=sendrecv"),
        ("sip:anna:s3cret@example.net;transport=tcp", f"sip:anna:{HIDDEN}@example.net;transport=tcp"),
        ("sip:anna@example.net:5060", "sip:anna@example.net:5060"),
    ],
)
def test_secrets_in_texts_are_hidden_and_the_rest_stays(text: str, shown: str) -> None:
    assert redacted("values", text) == shown
    assert redacted("values", text.encode()) == shown


@pytest.mark.parametrize("name", ["password", "ha1_md5", "nonce_key", "api_token", "client_secret"])
def test_a_field_that_is_a_secret_is_hidden_whatever_it_holds(name: str) -> None:
    assert redacted(name, b"\x01\x02") == HIDDEN


def test_secrets_are_found_however_deep() -> None:
    values = ("udp", 5060, None, (True, ("Authorization: Digest abc", 1.5)))
    assert redacted("values", values) == ["udp", 5060, None, [True, [f"Authorization: {HIDDEN}", 1.5]]]
