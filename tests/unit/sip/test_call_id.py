from __future__ import annotations

import pytest

from softswitch.sip.call_id import call_id_in


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"BYE sip:x SIP/2.0\r\nCall-ID: a@b\r\n\r\n", "a@b"),
        (b"what\r\nI :  a \r\nCall-ID: b\r\n", "a"),
        (b"BYE sip:x SIP/2.0\ncall-id:a\nTo: x\n", "a"),
        (b"Call-ID: in the first line\r\n", ""),
        (b"x\r\nMy-Call-ID: a\r\n", ""),
        (b"x\r\nCall-ID: \xff\r\n", "\ufffd"),
        (b"", ""),
    ],
)
def test_it_is_found_in_octets_of_any_kind(octets: bytes, found: str) -> None:
    assert call_id_in(octets) == found
