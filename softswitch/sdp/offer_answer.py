"""Offers and answers of one audio stream (RFC 3264); every other stream is refused at its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from softswitch.core.errors import LocalProtocolError, SdpError
from softswitch.sdp.audio import DEFAULT_PTIME_MS, remote_audio
from softswitch.sdp.crypto import Crypto, crypto_attribute
from softswitch.sdp.direction import Direction, answer_direction
from softswitch.sdp.model import Media, Origin, PayloadFormat, SessionDescription

_PLAIN: Final = "RTP/AVP"
_ENCRYPTED: Final = "RTP/SAVP"
_REGISTERED_SPELLING: Final = {"OPUS": "opus", "ILBC": "iLBC", "SPEEX": "speex"}
"""Names know no case, but there are phones that compare letter by letter."""


def make_offer(
    origin: Origin,
    address: str,
    port: int,
    formats: Sequence[PayloadFormat],
    direction: Direction = Direction.SENDRECV,
    ptime_ms: int = DEFAULT_PTIME_MS,
    *,
    previous: SessionDescription | None = None,
    crypto: Sequence[Crypto] = (),
    must_encrypt: bool = False,
) -> SessionDescription:
    """Build an offer of one audio stream.

    Args:
        origin: who offers; its version is one above the last description's where anything changed (RFC 3264 §8).
        address: where we receive.
        port: where we receive RTP; RTCP is expected on the port above.
        formats: in our order of preference.
        direction: of our side.
        ptime_ms: the packet length that we ask for.
        previous: the last description that we sent in this dialog. A later offer keeps its number of ``m=`` lines and
            their order (RFC 3264 §8): our stream stays at its place, the others stay refused.
        crypto: ways of encryption in our order of preference.
        must_encrypt: whether the peer shall choose one of them; else it may as soon take none.

    Raises:
        LocalProtocolError: no format carries sound, or there is no way of encryption where there must be one.
    """
    if not any(known.carries_sound for known in formats):
        raise LocalProtocolError("an offer needs a format that carries sound")
    if must_encrypt and not crypto:
        raise LocalProtocolError("an offer that must be encrypted needs a key")
    stream = _audio(port, _ENCRYPTED if must_encrypt else _PLAIN, formats, direction, ptime_ms, crypto)
    media = [stream] if previous is None else _in_place(previous.media, stream)
    return SessionDescription(origin, address, tuple(media))


def make_answer(
    offer: SessionDescription,
    origin: Origin,
    address: str,
    port: int,
    formats: Iterable[PayloadFormat],
    direction: Direction = Direction.SENDRECV,
    *,
    ptime_ms: int | None = None,
    crypto: Crypto | None = None,
) -> SessionDescription:
    """Build the answer that takes the stream of :func:`remote_audio` and refuses the others with port 0.

    Args:
        offer: what is answered.
        origin: who answers.
        address: where we receive.
        port: where we receive RTP.
        formats: of the offered ones, in our order of preference, with the offer's numbers; others are left out.
        direction: what we want; the answer holds as much of it as the offer allows.
        ptime_ms: the packet length that we ask for; None for that of the offer.
        crypto: the way of encryption that is taken: tag and suite of the offer's, and our key; None for none.

    Raises:
        SdpError: no stream can be taken, without encryption where none is given, or no format that carries sound is
            common (``status_hint`` 488).
    """
    audio = remote_audio(offer, encrypted=crypto is not None)
    if audio is None:
        raise SdpError("no audio stream that can be taken")
    chosen = _chosen(tuple(formats), audio.formats)
    if not any(known.carries_sound for known in chosen):
        raise SdpError("no common audio format")
    allowed = answer_direction(audio.direction, direction)
    media = [_refused(stream) for stream in offer.media]
    protocol = offer.media[audio.index].protocol
    media[audio.index] = _audio(
        port, protocol, chosen, allowed, ptime_ms or audio.ptime_ms, () if crypto is None else (crypto,)
    )
    return SessionDescription(origin, address, tuple(media))


@lru_cache(maxsize=256)
def _chosen(formats: tuple[PayloadFormat, ...], offered: tuple[PayloadFormat, ...]) -> tuple[PayloadFormat, ...]:
    """Leave out what is not offered; few different answers serve all calls."""
    known_there = {known[:4] for known in offered}
    return tuple([known for known in formats if known[:4] in known_there])


def common_formats(offered: Iterable[PayloadFormat], supported: Iterable[PayloadFormat]) -> tuple[PayloadFormat, ...]:
    """Return the offered formats whose encoding, clock and channels are supported, in the offer's order.

    Numbers are the offer's. Parameters are the supporting side's where it gives any, since each side's ``fmtp`` tells
    what that side wants to receive; else the offer's.
    """
    return _common(tuple(offered), tuple(supported))


@lru_cache(maxsize=256)
def _common(offered: tuple[PayloadFormat, ...], supported: tuple[PayloadFormat, ...]) -> tuple[PayloadFormat, ...]:
    parameters: dict[tuple[object, ...], str] = {}
    for known in supported:
        parameters.setdefault(known[1:4], known.fmtp)
    return tuple(
        [known._replace(fmtp=parameters[known[1:4]] or known.fmtp) for known in offered if known[1:4] in parameters]
    )


def _audio(
    port: int,
    protocol: str,
    formats: Iterable[PayloadFormat],
    direction: Direction,
    ptime_ms: int,
    crypto: Iterable[Crypto],
) -> Media:
    numbers, attributes = _lines(tuple(formats), direction, ptime_ms)
    keys = tuple([crypto_attribute(each) for each in crypto])
    return Media("audio", port, protocol, numbers, "", attributes + keys)


@lru_cache(maxsize=256)
def _lines(
    formats: tuple[PayloadFormat, ...], direction: Direction, ptime_ms: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the format tokens and the attributes of our stream: few different ones serve all calls."""
    attributes: list[str] = []
    for known in formats:
        attributes.append(_rtpmap(known))
        if known.fmtp:
            attributes.append(f"fmtp:{known.payload_type} {known.fmtp}")
    attributes.append(f"ptime:{ptime_ms}")
    attributes.append(direction.value)
    return tuple([str(known.payload_type) for known in formats]), tuple(attributes)


def _rtpmap(known: PayloadFormat) -> str:
    name = _REGISTERED_SPELLING.get(known.encoding, known.encoding)
    text = f"rtpmap:{known.payload_type} {name}/{known.clock_rate_hz}"
    return text if known.channels == 1 else f"{text}/{known.channels}"


def _refused(media: Media) -> Media:
    """Return a stream's place with port 0; its formats no longer mean anything (RFC 3264 §6)."""
    return Media(media.kind, 0, media.protocol, media.formats)


def _in_place(previous: Sequence[Media], stream: Media) -> list[Media]:
    """Put our stream where it was before: at the open audio line, else at a refused one, else at the end."""
    media = [_refused(old) for old in previous]
    lines = [i for i, old in enumerate(previous) if old.kind == "audio"]
    place = next((i for i in lines if previous[i].port), lines[0] if lines else None)
    if place is None:
        return [*media, stream]
    media[place] = stream
    return media
