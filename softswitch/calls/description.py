"""Descriptions between two legs: what we offer a callee, what we answer a caller, what the worker is told.

The codec is chosen end to end where that can be: the callee is offered what the caller offered, and the caller is
answered with what the callee took. Behind the caller's formats the callee is offered the switch's own, and where the
two phones have nothing in common each gets what it has in common with the switch; the worker converts. Each phone keeps
its own payload numbers; the worker maps them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Final

from softswitch.calls.state import Leg
from softswitch.calls.tables import LegState
from softswitch.core.errors import SdpError
from softswitch.directory.encryption import IMPOSSIBLE, OPTIONAL, REQUIRED
from softswitch.directory.key_policy import AUTO, INBAND, RFC4733, WITHOUT_EVENTS
from softswitch.media.codecs_here import opus_is_here
from softswitch.media.engine import Format, Srtp, Stream
from softswitch.sdp.audio import RemoteAudio, remote_audio
from softswitch.sdp.crypto import SUITES, Crypto
from softswitch.sdp.direction import Direction, answer_direction
from softswitch.sdp.key_vault import named_key
from softswitch.sdp.model import Origin, PayloadFormat
from softswitch.sdp.offer_answer import make_answer, make_offer
from softswitch.sdp.parse import parse_sdp
from softswitch.sdp.serialise import write_sdp

EVENT: Final = "telephone-event"
_G722: Final = (PayloadFormat(9, "G722", 8000, 1, ""),) if find_spec("G722") else ()
_OPUS: Final = (PayloadFormat(107, "OPUS", 48000, 2, "useinbandfec=1"),) if opus_is_here() else ()
_EVENT: Final = PayloadFormat(101, EVENT, 8000, 1, "0-16")
OUR_FORMATS: Final = (
    PayloadFormat(8, "PCMA", 8000, 1, ""),
    PayloadFormat(0, "PCMU", 8000, 1, ""),
    *_G722,
    *_OPUS,
    _EVENT,
)
"""What we offer on our own account: when a caller's INVITE has no offer, and when a phone asks for ours.

The workers can turn the sound of each into that of each other.
"""

_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+")
_MOST_NAMED: Final = 8
"""Codecs in an error: names come from others, and stand in a header."""
_UNROUTABLE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # RFC 2543's hold, nothing is bound


@lru_cache(maxsize=4096)
def audio_of(sdp: str) -> RemoteAudio | None:
    """Return the audio stream of a description, or None where it has none or cannot be read."""
    if not sdp:
        return None
    try:
        return remote_audio(parse_sdp(sdp), encrypted=True)
    except SdpError:
        return None


def _origin(leg: Leg) -> Origin:
    """The o= line of a leg's next description: one session id a leg, a version above the last (RFC 3264 §8)."""
    session_id = zlib.crc32(leg.leg.encode())
    version = parse_sdp(leg.local_sdp).origin.version + 1 if leg.local_sdp else 1
    return Origin(session_id, version, leg.advertised_address)


def offer_for(
    leg: Leg,
    formats: Sequence[PayloadFormat],
    port: int = 0,
    direction: Direction = Direction.SENDRECV,
) -> str:
    """Write an offer for a leg with these formats; ``port`` where the leg does not know its own yet."""
    before = parse_sdp(leg.local_sdp) if leg.local_sdp else None
    offer = make_offer(
        _origin(leg),
        leg.advertised_address,
        port or leg.port,
        _with_its_keys(leg.dtmf, formats),
        direction,
        previous=before,
        crypto=_keys_offered(leg),
        must_encrypt=_must_encrypt(leg),
    )
    return write_sdp(offer)


def _with_its_keys(dtmf: str, formats: Sequence[PayloadFormat]) -> Sequence[PayloadFormat]:
    """Return formats with telephone events or without, as a leg's trunk wants it."""
    if dtmf in WITHOUT_EVENTS:
        return [form for form in formats if form.encoding != EVENT]
    if dtmf == RFC4733 and not any(form.encoding == EVENT for form in formats):
        taken = {form.payload_type for form in formats}
        number = next(number for number in (_EVENT.payload_type, *range(96, 128)) if number not in taken)
        return [*formats, _EVENT._replace(payload_type=number)]
    return formats


@lru_cache(maxsize=256)
def _taken(
    dtmf: str, wanted: tuple[PayloadFormat, ...], offered: tuple[PayloadFormat, ...]
) -> tuple[PayloadFormat, ...]:
    """Return what a leg's phone is answered with; few different ones serve all calls.

    Its telephone events are taken whatever the other end knows: the worker tells that end in its own way.
    """
    events = [form for form in offered if form.encoding == EVENT]
    return of_one_clock(in_order_of(_with_its_keys(dtmf, (*wanted, *events)), offered))


def _keys_offered(leg: Leg) -> tuple[Crypto, ...]:
    """Return the ways of encryption that a phone is offered, with a key of its leg for each."""
    if leg.srtp not in {OPTIONAL, REQUIRED}:
        return ()
    return tuple(Crypto(tag, suite, named_key(leg.leg)) for tag, suite in enumerate(SUITES, 1))


def _must_encrypt(leg: Leg) -> bool:
    """Tell whether a phone is offered encryption alone: it is required, or its own last description said so."""
    audio = audio_of(leg.remote_sdp)
    return leg.srtp == REQUIRED or (leg.srtp == OPTIONAL and audio is not None and audio.must_encrypt)


def _key_taken(leg: Leg, audio: RemoteAudio) -> Crypto | None:
    """Return the first way of encryption that a phone offers, with a key of ours; None where it shall be none.

    Raises:
        SdpError: there must be one.
    """
    if leg.srtp in {OPTIONAL, REQUIRED} and audio.crypto:
        return audio.crypto[0]._replace(key=named_key(leg.leg))
    if leg.srtp in {REQUIRED, IMPOSSIBLE}:
        raise SdpError("encrypted sound (SRTP) is required")
    return None


def srtp_of(local_sdp: str, remote_sdp: str) -> Srtp | None:
    """Return how the sound of two descriptions is encrypted, with keys as they are kept; None where it is not.

    The offer has several ways, the answer names the one that is taken by its tag (RFC 4568 §5.1.2).
    """
    ours, theirs = audio_of(local_sdp), audio_of(remote_sdp)
    if ours is None or theirs is None:
        return None
    by_tag = {(way.tag, way.suite): way.key for way in ours.crypto}
    for way in theirs.crypto:
        if (way.tag, way.suite) in by_tag:
            return Srtp(way.suite, by_tag[way.tag, way.suite], way.key)
    return None


def encrypted(local_sdp: str, remote_sdp: str) -> bool:
    """Tell whether two descriptions agree upon encryption."""
    return srtp_of(local_sdp, remote_sdp) is not None


def invitation_for(callee: Leg, caller: Leg, port: int) -> str:
    """Write the offer for a callee: the caller's formats and then ours, or ours where it made no offer.

    A caller whom a guide has answered has agreed upon formats with us already; then it is those. It is for both ways
    whatever the caller's direction is now: who holds will resume, and the callee is not asked again then.
    """
    audio = audio_of(caller.remote_sdp)
    agreed = _agreed(caller)
    if audio is None:
        return offer_for(callee, _allowed(callee, _with_ours(agreed) if agreed else OUR_FORMATS), port)
    return offer_for(callee, _allowed(callee, _with_ours(agreed or audio.formats)), port)


def conference_offer_for(callee: Leg, port: int) -> str:
    """Write the offer for somebody who is invited to a conference: whatever the workers can mix."""
    return offer_for(callee, _allowed(callee, OUR_FORMATS), port)


def _allowed(callee: Leg, formats: Sequence[PayloadFormat]) -> Sequence[PayloadFormat]:
    """Return the formats that a trunk may be offered; all where nothing would be left to speak with."""
    if not callee.codecs:
        return formats
    wanted = {name.lower() for name in callee.codecs}
    kept = [form for form in formats if form.encoding.lower() in wanted or not form.carries_sound]
    return kept if has_speech(kept) else formats


def transfer_offer_for(callee: Leg, transferred: Leg, port: int) -> str:
    """Write the offer for whom somebody is transferred to: what they agreed upon first, then what else they know.

    As long as the callee takes one of the first nobody has to change; hold that the transferor left behind is over.
    """
    agreed, audio = agreed_formats(transferred), audio_of(transferred.remote_sdp)
    known = () if audio is None else audio.formats
    return offer_for(callee, (*agreed, *(form for form in known if form not in agreed)), port)


def agreed_formats(leg: Leg) -> tuple[PayloadFormat, ...]:
    """Return the formats that a leg's two descriptions have in common, with the phone's numbers, in our order."""
    ours, theirs = audio_of(leg.local_sdp), audio_of(leg.remote_sdp)
    if ours is None or theirs is None:
        return OUR_FORMATS if theirs is None else theirs.formats
    return in_order_of(ours.formats, theirs.formats)


def _agreed(caller: Leg) -> tuple[PayloadFormat, ...]:
    local, remote = audio_of(caller.local_sdp), audio_of(caller.remote_sdp)
    if caller.state not in {LegState.ANSWERED, LegState.TALKING} or local is None:
        return ()
    return in_order_of(local.formats, remote.formats) if remote is not None else local.formats


@lru_cache(maxsize=256)
def _with_ours(formats: tuple[PayloadFormat, ...]) -> tuple[PayloadFormat, ...]:
    """Put those of our formats that are missing behind the others that carry sound, if that can be converted."""
    if not convertible(formats):
        return formats
    kinds, numbers = _kinds(formats), {form.payload_type for form in formats}
    missing = [form for form in OUR_FORMATS if form.carries_sound and form[1:4] not in kinds]
    sounds = [form for form in formats if form.carries_sound]
    additions = [form for form in formats if not form.carries_sound]
    return (*sounds, *[form for form in missing if form.payload_type not in numbers], *additions)


def convertible(formats: Sequence[PayloadFormat]) -> bool:
    """Tell whether the workers can make sound of one of the formats."""
    ours = _kinds(OUR_FORMATS)
    return any(form.carries_sound and form[1:4] in ours for form in formats)


def wanted_of(peer: Sequence[PayloadFormat], offered: Sequence[PayloadFormat]) -> Sequence[PayloadFormat]:
    """Return what a phone is answered with: what its peer has too, else what the workers can convert.

    Args:
        peer: formats of the one it talks with.
        offered: its own.
    """
    if has_speech(in_order_of(peer, offered)) or not convertible(peer):
        return peer
    return OUR_FORMATS


def _kinds(formats: Sequence[PayloadFormat]) -> dict[tuple[object, ...], PayloadFormat]:
    """Index formats by what they are apart from their numbers; the first of a kind counts."""
    return {form[1:4]: form for form in reversed(formats)}


def in_order_of(wanted: Sequence[PayloadFormat], offered: Sequence[PayloadFormat]) -> tuple[PayloadFormat, ...]:
    """Return the offered formats that are wanted, with the offer's numbers, in the order of ``wanted``."""
    return _in_order_of(tuple(wanted), tuple(offered))


@lru_cache(maxsize=256)
def _in_order_of(wanted: tuple[PayloadFormat, ...], offered: tuple[PayloadFormat, ...]) -> tuple[PayloadFormat, ...]:
    kinds = _kinds(offered)
    found = dict.fromkeys(kind for want in wanted if (kind := want[1:4]) in kinds)
    return tuple([kinds[kind] for kind in found])


def of_one_clock(formats: Sequence[PayloadFormat]) -> tuple[PayloadFormat, ...]:
    """Leave out sound whose clock is not that of the first: one stream of RTP counts by one clock (RFC 3551 §2).

    Telephone events of that clock go before others; where there are none, those that there are stay.
    """
    clock_hz = next((form.clock_rate_hz for form in formats if form.carries_sound), 0)
    events = {form.clock_rate_hz for form in formats if form.encoding == EVENT}
    kept = clock_hz if clock_hz in events else 0
    return tuple(
        [
            form
            for form in formats
            if form.clock_rate_hz == clock_hz or (form.encoding == EVENT and not kept) or form.encoding == "CN"
        ]
    )


def has_speech(formats: Sequence[PayloadFormat]) -> bool:
    """Tell whether anything but telephone events and comfort noise is among the formats."""
    return any(form.carries_sound for form in formats)


def no_common_format(offered: Sequence[PayloadFormat], wanted: Sequence[PayloadFormat]) -> str:
    """Say, for a Reason header, which codecs a phone offered in vain, and which would do: ours where none is wanted."""
    possible = wanted if has_speech(wanted) else OUR_FORMATS
    return f"No common media format: offered {_names(offered)}; possible {_names(possible)}"


def _names(formats: Sequence[PayloadFormat]) -> str:
    spoken = dict.fromkeys(form.encoding for form in formats if form.carries_sound)
    named = ["".join(filter(_LETTERS.__contains__, name)) for name in spoken]
    return ", ".join(named[:_MOST_NAMED]) or "none"


def answer_for(leg: Leg, remote_sdp: str, wanted: Sequence[PayloadFormat], port: int = 0) -> str:
    """Write the answer to a phone's offer, limited to ``wanted``; ``port`` as in :func:`offer_for`.

    What was answered before comes back unchanged where nothing differs: a 200 repeats its 183's description.

    Raises:
        SdpError: no common speech format.
    """
    offer = parse_sdp(remote_sdp)
    audio = remote_audio(offer, encrypted=True)
    formats = () if audio is None else _taken(leg.dtmf, tuple(wanted), audio.formats)
    if audio is None or not has_speech(formats):
        raise SdpError(no_common_format(audio.formats if audio else (), wanted))
    # A phone that holds by c=0.0.0.0 says sendrecv and does not listen: told that we only receive, both agree.
    wanted_direction = Direction.RECVONLY if audio.on_hold else Direction.SENDRECV
    direction = answer_direction(audio.direction, wanted_direction)
    port, host, crypto = port or leg.port, leg.advertised_address, _key_taken(leg, audio)
    if leg.local_sdp:
        origin = parse_sdp(leg.local_sdp).origin
        repeated = write_sdp(make_answer(offer, origin, host, port, formats, direction, crypto=crypto))
        if repeated == leg.local_sdp:
            return repeated
    return write_sdp(make_answer(offer, _origin(leg), host, port, formats, direction, crypto=crypto))


def codec_of(sdp: str) -> str:
    """Name the speech codec that a description prefers, for views and records; empty where there is none."""
    audio = audio_of(sdp)
    if audio is None:
        return ""
    return next((form.encoding for form in audio.formats if form.carries_sound), "")


def codec_of_leg(leg: Leg) -> str:
    """Name the speech codec that a leg's two descriptions agree upon first; before there are two, the one we offer."""
    if not (leg.local_sdp and leg.remote_sdp):
        return codec_of(leg.local_sdp)
    ours, theirs = audio_of(leg.local_sdp), audio_of(leg.remote_sdp)
    common = in_order_of(theirs.formats, ours.formats) if ours and theirs else ()
    return next((form.encoding for form in common if form.carries_sound), "")


def stream_of(leg: Leg) -> Stream | None:
    """Say to the media worker what a leg's two descriptions agree upon; None while one is missing."""
    remote = audio_of(leg.remote_sdp)
    local = audio_of(leg.local_sdp)
    if remote is None or local is None:
        return None
    formats = _agreed_upon(local.formats, remote.formats)
    routable = remote.address not in _UNROUTABLE and remote.port != 0
    srtp = srtp_of(leg.local_sdp, leg.remote_sdp)
    # What must be encrypted and is not goes nowhere and is not listened to.
    permitted = srtp is not None or not (leg.srtp == REQUIRED or local.must_encrypt)
    return Stream(
        address=remote.address,
        port=remote.port,
        rtcp_port=remote.rtcp_port,
        sip_source=leg.flow.remote[0],
        formats=formats,
        receive=permitted and remote.direction.sends,
        send=permitted and routable and remote.direction.receives,
        ptime_ms=remote.ptime_ms,
        srtp=srtp,
        keys=leg.dtmf in {AUTO, INBAND} or any(form.encoding == EVENT for form in formats),
    )


@lru_cache(maxsize=256)
def _agreed_upon(local: tuple[PayloadFormat, ...], remote: tuple[PayloadFormat, ...]) -> tuple[Format, ...]:
    """Return the formats that two descriptions have in common, as the worker is told them."""
    ours = _kinds(local)
    return tuple(
        [
            Format(*kind, ours[kind].payload_type, theirs.payload_type, theirs.fmtp)
            for theirs in of_one_clock(remote)
            if (kind := theirs[1:4]) in ours
        ]
    )
