"""SIP under random octets and mutated real messages: nothing but the documented error comes out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import SipError
from softswitch.core.ids import Entropy
from softswitch.sip.auth import DigestGate, NonceMaker, authorize, ha1_md5, parse_credentials
from softswitch.sip.check import check_request, check_response
from softswitch.sip.framing import StreamFramer
from softswitch.sip.grammar import parse_parameters, split_commas, write_parameters
from softswitch.sip.headers.address import parse_address
from softswitch.sip.headers.via import parse_via
from softswitch.sip.message import Message, Request, response_to
from softswitch.sip.parse import parse_message, salvage
from softswitch.sip.uri import Uri, parse_uri
from tests.fuzz.conftest import scale

CORPUS: Final = Path(__file__).parents[1] / "corpora" / "sip"
SEEDS: Final = [path.read_bytes() for path in sorted(CORPUS.glob("*/*.sip")) if path.stat().st_size < 4000]
PIECES: Final = sorted({line for seed in SEEDS for line in seed.split(b"\r\n") if len(line) < 300})
JUNK: Final = [
    *(b"", b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b'"', b"\\", b"<", b">", b";", b",", b"=", b":"),
    *(b"@", b"%", b"%00", b"[", b"]", b"?", b"*", b"\xff", b"\xc3", b"\xc3\xa9", b"-1", b"99999999999999999999"),
    *(b"SIP/2.0", b"sip:", b";;", b'"\\"', b";tag=", b"Content-Length: ", b"l:9\r\n", b"\xe2\x80\xa8", b"\xd9\xa3"),
]
GATE: Final = DigestGate("example.net", NonceMaker(b"k" * 32), Entropy(bytes))
KNOWN: Final = {"MD5": ha1_md5("101", "example.net", "secret")}


def mutate(seed: int) -> bytes:
    """Return a real message with pieces of others and junk put in, cut out and written over; drawn from ``seed``."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(data))
        length = chance.choice((0, 0, 1, 1, 2, 8, 40))
        data[at : at + length] = chance.choice((chance.choice(JUNK), chance.choice(PIECES), chance.randbytes(2)))
    return bytes(data)


BATCH: Final = 16
"""How many inputs one example of Hypothesis makes."""
MUTATED: Final = st.integers(0, 2**64).map(mutate)
"""Mutation by an own generator: drawing each of its choices from Hypothesis takes ten times as long."""


def read_everything(message: Message) -> None:
    """Use every typed view; each may raise the documented error and nothing else."""
    for name in ("call_id", "via", "vias", "from_", "to", "cseq", "contacts", "max_forwards", "expires"):
        try:
            getattr(message, name)
        except SipError:
            continue
    for name, value in message.headers:
        for parse in (split_commas, parse_parameters, parse_address, parse_via, parse_uri, parse_credentials):
            try:
                str(parse(value))
            except SipError:
                continue
        assert "\r" not in value
        assert "\n" not in value
        assert name
    assert message.content_type == message.content_type.strip()
    message.sdp.encode()


def take(data: bytes) -> None:
    """Do with a datagram all that a user agent does."""
    salvaged = salvage(data)
    if salvaged is not None:
        parse_message(response_to(salvaged, 400).to_bytes())
    try:
        message = parse_message(data)
    except SipError:
        return
    read_everything(message)
    again = parse_message(message.to_bytes())
    assert (again.start_line(), again.headers, again.body) == (message.start_line(), message.headers, message.body)
    try:
        if isinstance(message, Request):
            check_request(message)
        else:
            check_response(message)
    except SipError:
        return
    if isinstance(message, Request):
        assert response_to(message, 200, to_tag="t").to.tag
        GATE.check(message, KNOWN, user="101", wall_s=1.8e9)


@settings(max_examples=scale(200), deadline=None)
@given(st.integers(0, 2**48))
def test_mutated_messages_raise_the_documented_error_or_mean_the_same_when_written_again(seed: int) -> None:
    for number in range(BATCH):  # as many inputs of one example: drawing examples takes longer than reading messages
        take(mutate(seed * BATCH + number))


@settings(max_examples=scale(300), deadline=None)
@given(st.binary(max_size=300) | st.lists(st.sampled_from(JUNK + PIECES), max_size=20).map(b"\r\n".join))
def test_random_octets_raise_the_documented_error(data: bytes) -> None:
    take(data)
    take(b"OPTIONS sip:a@x SIP/2.0\r\n" + data + b"\r\n\r\n")


@settings(max_examples=scale(200), deadline=None)
@given(
    st.lists(MUTATED | st.sampled_from([b"\r\n", b"\r\n\r\n"]), max_size=3), st.lists(st.integers(1, 400), max_size=4)
)
def test_a_stream_gives_messages_or_the_documented_error(messages: list[bytes], cuts: list[int]) -> None:
    framer = StreamFramer(most_octets=5000)
    stream = b"".join(messages)
    for cut in [*cuts, len(stream) + 1]:
        piece, stream = stream[:cut], stream[cut:]
        try:
            items = framer.feed(piece)
        except SipError:
            assert framer.fault is not None
            return
        for item in items:
            if isinstance(item, bytes):
                take(item)


NAMES: Final = st.from_regex(r"[a-z0-9\-.!%*_+`'~]{1,8}", fullmatch=True)
TEXT: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=12)


@settings(max_examples=scale(200), deadline=None)
@given(
    st.dictionaries(NAMES, st.none() | TEXT, max_size=4), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
def test_what_we_write_is_read_as_we_meant_it(parameters: dict[str, str | None], user: str) -> None:
    assert parse_parameters(write_parameters(parameters)) == parameters
    uri = Uri("sip", user, "example.net", 5060, parameters if all(v != "" for v in parameters.values()) else {})
    again = parse_uri(str(uri))
    assert (again.user, again.host, again.port, dict(again.parameters)) == (
        user,
        uri.host,
        uri.port,
        dict(uri.parameters),
    )


@settings(max_examples=scale(100), deadline=None)
@given(TEXT, TEXT)
def test_credentials_hold_whatever_user_and_password_are_made_of(user: str, password: str) -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth"'
    credentials = parse_credentials(authorize(challenge, user, password, "INVITE", "sip:a@x", cnonce="c"))
    assert credentials.user == user
