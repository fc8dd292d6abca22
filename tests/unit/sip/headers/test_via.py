from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.headers.via import Via, parse_via


@pytest.mark.parametrize(
    ("value", "via"),
    [
        (
            "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKa;rport",
            Via("udp", "192.0.2.1", 5062, {"branch": "z9hG4bKa", "rport": None}),
        ),
        ("SIP/2.0/TCP host;branch=z9hG4bKa", Via("tcp", "host", None, {"branch": "z9hG4bKa"})),
        (
            "SIP/2.0/UDP host;rport=5060;received=192.0.2.9;branch=b",
            Via("udp", "host", None, {"rport": "5060", "received": "192.0.2.9", "branch": "b"}),
        ),
        ("sip / 2.0 / tls  [::1] : 5061 ; branch = b", Via("tls", "[::1]", 5061, {"branch": "b"})),
        ("SIP/2.0/UDP host", Via("udp", "host", None, {})),
        (
            "SIP/2.0/UDP host;rport;branch=z9hG4bK-1.2;received=192.0.2.9",
            Via("udp", "host", None, {"rport": None, "branch": "z9hG4bK-1.2", "received": "192.0.2.9"}),
        ),
        (
            'SIP/2.0/UDP host;branch=z9hG4bKa;odd="x;y"',
            Via("udp", "host", None, {"branch": "z9hG4bKa", "odd": "x;y"}),
        ),
    ],
)
def test_a_via_is_taken_apart(value: str, via: Via) -> None:
    assert parse_via(value) == via


def test_a_via_is_written_again() -> None:
    via = Via("udp", "[::1]", 5060, {"branch": "z9hG4bKa", "rport": None})
    assert str(via) == "SIP/2.0/UDP [::1]:5060;branch=z9hG4bKa;rport"
    assert via.sent_by == "[::1]:5060"
    assert Via("udp", "host", None, {}).branch == ""


@pytest.mark.parametrize(
    "value",
    [
        *("", "SIP/2.0/UDP", "SIP/3.0/UDP host", "HTTP/2.0/UDP host", "SIP/2.0 host", "SIP/2.0/UDP two hosts"),
        *(
            "SIP/2.0/UDP host:99999",
            "SIP/2.0/UDP host:99999;branch=a",
            "SIP/2.0/UDP host;;branch=a",
            "SIP/2.0/UDP host,",
            "SIP/2.0/UDP host;branch=a;branch=b",
            "SIP/2.0/UDP host;rport;branch=a;rport",
            "SIP/2.0/UDP host;branch=a;",
        ),
    ],
)
def test_a_malformed_via_is_refused(value: str) -> None:
    with pytest.raises(SipError):
        parse_via(value)
