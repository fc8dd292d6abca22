"""Header values, digest and bodies of several parts under mutation: what is read is right, or the documented error."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import SipError
from softswitch.sip.auth import authorize, parse_credentials
from softswitch.sip.auth.gate import Challenge
from softswitch.sip.grammar import parse_parameters, split_commas
from softswitch.sip.headers.address import parse_address, parse_address_list
from softswitch.sip.headers.event import parse_event
from softswitch.sip.headers.replaces import parse_replaces, parse_target_dialog
from softswitch.sip.headers.via import parse_via
from softswitch.sip.message import Request
from softswitch.sip.multipart import find_part
from softswitch.sip.ua.reliable import rack_of
from softswitch.sip.ua.session_timer import terms_asked
from softswitch.sip.uri import parse_uri
from tests.fuzz.conftest import scale
from tests.fuzz.test_sip_parser import GATE, KNOWN

BATCH: Final = 64
VALUES: Final = (
    '"A. \\"B\\" C" <sips:101;x=y@example.net:5061;transport=tls;lr?Replaces=a%3Bto-tag%3Db>;tag=1928;expires=60',
    "SIP / 2.0 / UDP [2001:db8::9:1]:5060;branch=z9hG4bK87a;received=192.0.2.1;rport=5060, SIP/2.0/TCP h",
    '<sip:101@192.0.2.4:5062;transport=UDP>;methods="INVITE, ACK";+sip.instance="<urn:uuid:0>";reg-id=1',
    'Digest username="101", realm="example.net", nonce="n", uri="sip:x", response="00", qop=auth, nc=01, cnonce="c"',
    'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256, opaque="", stale=FALSE',
    "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff;early-only",
    "a84b4c76@x;local-tag=1;remote-tag=2",
    "dialog;id=7;sla;ma",
    "776656 1 INVITE",
    "1800;refresher=uac",
    "tel:+7-495-000-00-01;phone-context=example.net;isub=1",
)
PIECES: Final = (
    '"',
    "\\",
    "<",
    ">",
    ";",
    ",",
    "=",
    ":",
    "@",
    "%",
    "%00",
    "[",
    "]",
    "\t",
    " ",
    "\x00",
    "é",
    "9" * 20,
    "",
    "*",
)
PARTS: Final = (
    b"--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n",
    b"--b1\r\nContent-Type: multipart/mixed;boundary=b2\r\n\r\n--b2\r\n\r\nx\r\n--b2--\r\n",
    b"\r\n--b1",
    b"--b1--\r\n",
    b"\r\n\r\n",
    b"Content-Type: multipart/mixed;boundary=b1\r\n",
    b"\x00\xff",
)
READERS: Final[tuple[Callable[[str], Any], ...]] = (
    parse_address,
    parse_address_list,
    parse_via,
    parse_uri,
    parse_credentials,
    parse_replaces,
    parse_target_dialog,
    parse_event,
    parse_parameters,
    split_commas,
    lambda value: authorize(value, "101", "secret", "INVITE", "sip:a@x", cnonce="c"),
    lambda value: rack_of(_carrying("RAck", value)),
    lambda value: terms_asked(_carrying("Session-Expires", value)),
)


def _carrying(name: str, value: str) -> Request:
    return Request("INVITE", "sip:a@x", [(name, value)])


def mutated(chance: random.Random) -> str:
    """Return a real value with some characters put in, cut out and doubled."""
    text = chance.choice(VALUES)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(text))
        text = text[:at] + chance.choice((*PIECES, text[at : at + 9])) + text[at + chance.choice((0, 0, 1, 3)) :]
    return text


@settings(max_examples=scale(40), deadline=None)
@given(st.integers(0, 2**48))
def test_a_header_value_is_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(BATCH):
        value = mutated(chance)
        for read in READERS:
            try:
                read(value)
            except SipError:
                continue


@settings(max_examples=scale(20), deadline=None)
@given(st.integers(0, 2**48))
def test_no_mutated_credentials_are_taken_for_right_ones(seed: int) -> None:
    chance = random.Random(seed)
    right = authorize(
        'Digest realm="example.net", nonce="n", qop="auth"', "101", "secret", "INVITE", "sip:x", cnonce="c"
    )
    for _ in range(BATCH):
        at = chance.randint(0, len(right))
        value = right[:at] + chance.choice(PIECES) + right[at + chance.choice((0, 1, 5)) :]
        request = Request("INVITE", "sip:x", [("Authorization", value)])
        try:
            verdict = GATE.check(request, KNOWN, user="101", wall_s=1.8e9)
        except SipError:
            continue
        assert isinstance(verdict, Challenge), value  # its nonce is none of ours


@settings(max_examples=scale(20), deadline=None)
@given(st.integers(0, 2**48))
def test_a_body_of_parts_is_taken_apart_or_has_no_description(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(BATCH):
        body = b"".join(chance.choice(PARTS) for _ in range(chance.randint(0, 12)))
        kind = chance.choice(
            ("multipart/mixed;boundary=b1", mutated(chance), "multipart/mixed;boundary=", "multipart/x")
        )
        found = find_part(kind, body, "application/sdp")
        assert found is None or found in body
