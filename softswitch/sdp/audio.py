"""The audio stream of a peer's description, read once into what a call needs to know of it.

Taken are ``RTP/AVP``, and ``RTP/AVPF``, which differs from it in what RTCP may send and when (RFC 4585 §5: entities of
the two profiles work together where no feedback message is agreed upon; our answer names the offered profile, as RFC
3264 §6 asks, and agrees upon none), and their encrypted twins where a ``crypto`` line is of use (RFC 4568). A phone
that would as soon speak without encryption writes ``crypto`` lines under the plain profile. Streams whose address is a
host name or a multicast group are refused: nothing here resolves names, and a telephone call is unicast.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple

from softswitch.core.immutable import immutable
from softswitch.sdp.crypto import SECURE_PROFILES, Crypto, parse_crypto
from softswitch.sdp.direction import DIRECTIONS, Direction
from softswitch.sdp.model import Media, PayloadFormat, SessionDescription
from softswitch.sdp.static_types import STATIC_FORMATS

DEFAULT_PTIME_MS: Final = 20
_LONGEST_PTIME_MS: Final = 200
_PROFILES: Final = frozenset({"RTP/AVP", "RTP/AVPF"}) | SECURE_PROFILES
_UNSPECIFIED: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # the hold of RFC 2543, not a bind address


@immutable
class RemoteAudio:
    """Where a peer receives its sound, in which formats and in which direction."""

    address: str
    """An IP address in its canonical spelling; ``0.0.0.0`` or ``::`` from a phone that holds by RFC 2543."""
    port: int
    rtcp_port: int
    """``a=rtcp`` (RFC 3605, its address is not used), else the port above; 0 when RTCP shares the RTP port."""
    formats: tuple[PayloadFormat, ...]
    """In the peer's order of preference; numbers without a meaning are left out."""
    direction: Direction
    """As the peer said it of itself; ``sendrecv`` where it said nothing."""
    on_hold: bool
    """Whether the peer does not listen: sendonly, inactive, or the address 0.0.0.0 (RFC 3264 §8.4)."""
    ptime_ms: int
    """The packet length it asks for, within its ``maxptime``; 20 where it asks for none."""
    index: int
    """The stream's place among the ``m=`` lines, from 0."""
    crypto: tuple[Crypto, ...] = ()
    """The ways of encryption that are of use, in the peer's order of preference; empty: there is none."""
    must_encrypt: bool = False
    """Whether its profile leaves no way but encryption."""


@lru_cache(maxsize=1024)
def remote_audio(description: SessionDescription, *, encrypted: bool = False) -> RemoteAudio | None:
    """Return the first audio stream that can be taken, or None.

    It must be open (port not 0), RTP to a unicast IP address, and name a format that carries sound.

    Args:
        description: the peer's.
        encrypted: whether a stream with a key of use goes before others; else one that must be encrypted is not taken.
    """
    plain = None
    for index, media in enumerate(description.media):
        if media.kind == "audio" and media.port and media.protocol.upper() in _PROFILES:
            address = unicast_address(media.address or description.address)
            audio = _read(description, media, address, index) if address else None
            if audio is not None and audio.crypto and encrypted:
                return audio
            if audio is not None and not audio.must_encrypt:
                plain = plain or audio
    return plain


@lru_cache(maxsize=4096)
def unicast_address(text: str) -> str:
    """Return an IP address in its canonical spelling, or an empty string for a name, a group or a scoped address."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if address.is_multicast or "%" in text or text == "255.255.255.255":
        return ""
    return str(address)


class _Said(NamedTuple):
    """What a stream's own formats and attributes say."""

    formats: tuple[PayloadFormat, ...]
    direction: Direction | None
    rtcp_port: int
    ptime_ms: int
    crypto: tuple[Crypto, ...]


def _read(description: SessionDescription, media: Media, address: str, index: int) -> RemoteAudio | None:
    said = _said(media.formats, media.attributes)
    must_encrypt = media.protocol.upper() in SECURE_PROFILES
    if said is None or (must_encrypt and not said.crypto):
        return None
    direction = said.direction or _session_direction(description.attributes)
    return RemoteAudio(
        address,
        media.port,
        _rtcp_port(media.port, said.rtcp_port),
        said.formats,
        direction,
        not direction.receives or address in _UNSPECIFIED,
        said.ptime_ms,
        index,
        said.crypto,
        must_encrypt,
    )


@lru_cache(maxsize=1024)
def _said(tokens: tuple[str, ...], attributes: tuple[str, ...]) -> _Said | None:
    """Read a stream's attributes, None where no format carries sound; a phone says the same in each call."""
    values: dict[str, str] = {}
    maps: dict[str, str] = {}
    parameters: dict[str, str] = {}
    crypto: list[Crypto] = []
    direction = None
    for attribute in attributes:
        name, _, value = attribute.partition(":")
        if name == "rtpmap":
            number, _, maps[number] = value.partition(" ")
        elif name == "fmtp":
            number, _, parameters[number] = value.partition(" ")
        elif name in DIRECTIONS:
            direction = DIRECTIONS[name]
        elif name == "crypto":
            crypto += filter(None, [parse_crypto(value)])
        else:
            values[name] = value
    formats = _formats(tokens, maps, parameters)
    if not any(known.carries_sound for known in formats):
        return None
    return _Said(
        formats, direction, _number(values.get("rtcp", "").partition(" ")[0]), _ptime_ms(values), tuple(crypto)
    )


def _session_direction(attributes: Iterable[str]) -> Direction:
    """Return the direction that a session's attributes give to all its streams."""
    for attribute in attributes:
        if attribute in DIRECTIONS:
            return DIRECTIONS[attribute]
    return Direction.SENDRECV


def _formats(tokens: Iterable[str], maps: dict[str, str], parameters: dict[str, str]) -> tuple[PayloadFormat, ...]:
    found: dict[int, PayloadFormat] = {}
    for token in tokens:
        known = _format(token, maps.get(token, ""), parameters.get(token, ""))
        if known is not None and known.payload_type not in found:
            found[known.payload_type] = known
    return tuple(found.values())


def _format(token: str, encoding: str, parameters: str) -> PayloadFormat | None:
    """Return what a number stands for; its ``rtpmap`` goes before the static table. None where nothing is known."""
    number = int(token) if token.isascii() and token.isdigit() and len(token) <= 3 else 128
    static = STATIC_FORMATS.get(number)
    if encoding:
        static = _mapped(number, encoding.strip()) if number < 128 else None
    return None if static is None else static._replace(fmtp=parameters.strip())


def _mapped(number: int, text: str) -> PayloadFormat | None:
    """Parse ``name/clock[/channels]``; None for what is malformed."""
    name, _, rest = text.partition("/")
    clock, _, channels = rest.partition("/")
    rate, count = _number(clock), _number(channels) if channels else 1
    if not name or not rate or not count:
        return None
    name = name.upper()
    if name == "TELEPHONE-EVENT":
        name = "telephone-event"
    if name == "G722":
        rate = 8000  # some phones write its sample rate, 16000; the clock is 8000 for ever (RFC 3551 §4.5.2)
    return PayloadFormat(number, name, rate, count)


def _number(text: str) -> int:
    """Return the number that ``text`` is, or 0."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _rtcp_port(port: int, said: int) -> int:
    if 0 < said < 65536:
        return 0 if said == port else said
    return port + 1 if port < 65535 else 0


def _ptime_ms(values: dict[str, str]) -> int:
    """Return ``ptime``, at most ``maxptime``; fractions of a millisecond are cut off."""
    asked = _number(values.get("ptime", "").partition(".")[0])
    most = _number(values.get("maxptime", "").partition(".")[0]) or _LONGEST_PTIME_MS
    wanted = asked if 0 < asked <= _LONGEST_PTIME_MS else DEFAULT_PTIME_MS
    return min(wanted, most)
