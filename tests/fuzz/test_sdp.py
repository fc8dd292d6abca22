"""Session descriptions under random text, mutated real ones and random offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from softswitch.core.errors import SdpError
from softswitch.sdp import (
    Direction,
    Media,
    Origin,
    PayloadFormat,
    SessionDescription,
    common_formats,
    make_answer,
    make_offer,
    parse_sdp,
    remote_audio,
    write_sdp,
)
from tests.fuzz.conftest import scale

CORPUS = Path(__file__).parents[1] / "corpora" / "sdp"
SEEDS = [path.read_bytes().decode() for path in sorted(CORPUS.glob("*/*.sdp"))]
OURS = Origin(1, 2, "203.0.113.1")
SUPPORTED = (PayloadFormat(0, "PCMU", 8000), PayloadFormat(96, "OPUS", 48000, 2), PayloadFormat(8, "PCMA", 8000))

LINES = st.sampled_from(
    [line for seed in SEEDS for line in seed.splitlines()]
    + ["", "a=", "a= ", "a=\x0b", "\x85", "a=rtpmap:", "a=fmtp:0", "m=", "c=", "o=", "=", "a=ptime:9999999999999999999"]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real description with lines added, dropped and swapped, and characters overwritten."""
    lines = draw(st.sampled_from(SEEDS)).splitlines()
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(lines)))
        lines[place : place + draw(st.integers(0, 2))] = draw(st.lists(LINES, max_size=2))
    text = draw(st.sampled_from(["\r\n", "\n", "\r"])).join(lines)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.text(max_size=2)) + text[place + draw(st.integers(0, 2)) :]
    return text


def check_whole(text: str) -> None:
    """Parse, read, answer and write; only SdpError may come out, and what is made has to be right."""
    try:
        description = parse_sdp(text)
    except SdpError:
        return
    assert parse_sdp(write_sdp(description)) == description
    audio = remote_audio(description)
    formats = common_formats(audio.formats, SUPPORTED) if audio else SUPPORTED
    try:
        answer = make_answer(description, OURS, "203.0.113.1", 16384, formats)
    except SdpError:
        return
    assert audio is not None
    check_answer(description, answer)


def check_answer(offer: SessionDescription, answer: SessionDescription) -> None:
    """Check the rules of RFC 3264 §6 that hold for every answer of ours."""
    assert parse_sdp(write_sdp(answer)) == answer
    theirs, ours = remote_audio(offer), remote_audio(answer)
    assert theirs is not None
    assert ours is not None
    assert [(m.kind, m.protocol) for m in answer.media] == [(m.kind, m.protocol) for m in offer.media]
    assert [place for place, media in enumerate(answer.media) if media.port] == [theirs.index] == [ours.index]
    assert {known[:4] for known in ours.formats} <= {known[:4] for known in theirs.formats}
    assert not ours.direction.sends or theirs.direction.receives
    assert not ours.direction.receives or theirs.direction.sends


@settings(max_examples=scale(120), deadline=None)
@given(st.text(max_size=300))
def test_random_text_gives_a_description_or_an_sdp_error(text: str) -> None:
    check_whole(text)
    check_whole("v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n" + text)


@settings(max_examples=scale(500), deadline=None)
@given(mutated())
@example("v=0\no=- 1 1 IN IP4 h\na=x\xa0\na=\xa0\n")
def test_mutated_descriptions_give_a_description_or_an_sdp_error(text: str) -> None:
    check_whole(text)


PORTS = st.integers(1, 65534)
DIRECTIONS = st.sampled_from(Direction)
ENCODINGS = st.sampled_from(
    [("PCMU", 8000, 1), ("PCMA", 8000, 1), ("OPUS", 48000, 2), ("G722", 8000, 1), ("CN", 8000, 1)]
)


@st.composite
def formats(draw: st.DrawFn) -> tuple[PayloadFormat, ...]:
    numbers = draw(st.lists(st.integers(0, 127), min_size=1, max_size=6, unique=True))
    fmtp = st.sampled_from(["", "0-15", "a=1;b=2"])
    return tuple([PayloadFormat(number, *draw(ENCODINGS), draw(fmtp)) for number in numbers])


@st.composite
def offers(draw: st.DrawFn) -> SessionDescription:
    """An offer of ours among streams of other kinds, refused or open."""
    sound = draw(formats().filter(lambda some: any(known.carries_sound for known in some)))
    offer = make_offer(OURS, draw(st.sampled_from(["192.0.2.1", "2001:db8::1"])), draw(PORTS), sound, draw(DIRECTIONS))
    others = st.builds(
        Media,
        st.sampled_from(["video", "image", "application"]),
        st.one_of(st.just(0), PORTS),
        st.sampled_from(["RTP/AVP", "RTP/SAVP", "udptl"]),
        st.just(("31", "32")),
        st.sampled_from(["", "192.0.2.9"]),
        st.sampled_from([(), ("sendonly", "mid:1")]),
        st.integers(1, 2),
    )
    before, after = draw(st.lists(others, max_size=3)), draw(st.lists(others, max_size=3))
    return SessionDescription(offer.origin, offer.address, (*before, *offer.media, *after))


@settings(max_examples=scale(100), deadline=None)
@given(offers(), formats(), DIRECTIONS)
def test_an_answer_keeps_every_rule_or_is_refused_for_want_of_a_common_format(
    offer: SessionDescription, supported: tuple[PayloadFormat, ...], wanted: Direction
) -> None:
    assert parse_sdp(write_sdp(offer)) == offer
    theirs = remote_audio(offer)
    assert theirs is not None
    common = common_formats(theirs.formats, supported)
    if any(known.carries_sound for known in common):
        check_answer(offer, make_answer(offer, OURS, "203.0.113.1", 16384, common, wanted))
    else:
        with pytest.raises(SdpError) as caught:
            make_answer(offer, OURS, "203.0.113.1", 16384, common, wanted)
        assert caught.value.status_hint == 488


@settings(max_examples=scale(50), deadline=None)
@given(offers(), formats().filter(lambda some: any(known.carries_sound for known in some)), DIRECTIONS)
def test_a_later_offer_keeps_every_place(
    previous: SessionDescription, again: tuple[PayloadFormat, ...], direction: Direction
) -> None:
    offer = make_offer(OURS, "203.0.113.1", 16384, again, direction, previous=previous)
    assert [media.kind for media in offer.media] == [media.kind for media in previous.media]
    audio, before = remote_audio(offer), remote_audio(previous)
    assert audio is not None
    assert before is not None
    assert audio.index == before.index
    assert [media.port for media in offer.media if media.port] == [16384]
