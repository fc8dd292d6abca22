"""A leg's encryption against a peer's context of its own."""

from __future__ import annotations

import struct
from base64 import b64encode

import pytest
from pylibsrtp import Policy, Session

from softswitch.core.errors import MediaError
from softswitch.media.engine import Srtp
from softswitch.media.worker.guard import Guard, Tally
from softswitch.sdp.crypto import SUITES

OURS, THEIRS, WRONG = bytes(range(46)), bytes(range(100, 146)), bytes(range(50, 96))
PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}
SUITE = "AES_CM_128_HMAC_SHA1_80"


def text(key: bytes, suite: str = SUITE) -> str:
    return b64encode(key[: SUITES[suite]]).decode()


def keys(suite: str = SUITE, ours: bytes = OURS, theirs: bytes = THEIRS) -> Srtp:
    return Srtp(suite, text(ours, suite), text(theirs, suite))


def phone(key: bytes, direction: int, suite: str = SUITE) -> Session:
    return Session(Policy(key=key[: SUITES[suite]], ssrc_type=direction, srtp_profile=PROFILES[suite]))


def sender(key: bytes = THEIRS, suite: str = SUITE) -> Session:
    return phone(key, Policy.SSRC_ANY_OUTBOUND, suite)


def packet(index: int, ssrc: int = 7, payload: bytes = b"sound") -> bytes:
    return struct.pack("!BBHII", 0x80, 0, index & 0xFFFF, 160 * index & 0xFFFFFFFF, ssrc) + payload


REPORT = struct.pack("!BBHI", 0x80, 201, 1, 7)


@pytest.mark.parametrize("suite", sorted(SUITES))
def test_each_suite_works_both_ways_for_sound_and_reports(suite: str) -> None:
    guard, speaking, hearing = (
        Guard(keys(suite), Tally()),
        sender(suite=suite),
        phone(OURS, Policy.SSRC_ANY_INBOUND, suite),
    )
    for index in (5, 6, 8, 7):
        sealed = guard.seal(packet(index))
        assert sealed is not None
        assert packet(index)[12:] not in sealed
        assert hearing.unprotect(sealed) == packet(index)
        assert guard.open(speaking.protect(packet(index))) == packet(index)
    report = guard.seal_report(REPORT)
    assert report is not None
    assert hearing.unprotect_rtcp(report) == REPORT
    assert guard.open_report(speaking.protect_rtcp(REPORT)) == REPORT


def test_a_wrong_key_a_changed_packet_and_a_replayed_one_are_dropped_and_counted() -> None:
    tally = Tally()
    guard, speaking = Guard(keys(), tally), sender()
    first = speaking.protect(packet(1))
    assert guard.open(first) == packet(1)
    assert guard.open(first) is None
    assert (tally.forged, tally.replayed) == (0, 1)
    assert guard.open(sender(WRONG).protect(packet(2))) is None
    second = bytearray(speaking.protect(packet(2)))
    second[14] ^= 1
    assert guard.open(bytes(second)) is None
    assert guard.open(packet(3)) is None
    assert guard.open(b"") is None
    assert guard.open(bytes(2000)) is None
    report = speaking.protect_rtcp(REPORT)
    assert guard.open_report(report) == REPORT
    assert guard.open_report(report) is None
    assert guard.open_report(REPORT) is None
    assert (tally.forged, tally.replayed) == (6, 2)
    assert guard.open(speaking.protect(packet(4))) == packet(4)


def test_new_keys_leave_the_other_direction_as_it_counts() -> None:
    guard, speaking = Guard(keys(), Tally()), sender()
    hearing = phone(OURS, Policy.SSRC_ANY_INBOUND)
    for index in range(65_530, 65_540):
        sealed = guard.seal(packet(index))
        assert sealed is not None
        assert hearing.unprotect(sealed) == packet(index)
    guard.open(speaking.protect(packet(1)))
    guard.follow(keys(theirs=WRONG))
    assert guard.open(speaking.protect(packet(2))) is None
    assert guard.open(sender(WRONG).protect(packet(2))) == packet(2)
    sealed = guard.seal(packet(65_540))
    assert sealed is not None
    assert hearing.unprotect(sealed) == packet(65_540)


@pytest.mark.parametrize("rollovers", [1, 2, 31])
def test_a_context_that_begins_in_the_middle_of_a_call_finds_the_phones_rollover_counter(rollovers: int) -> None:
    speaking = sender()
    for index in range(0, rollovers << 16, 0x4000):
        speaking.protect(packet(index))
    at = (rollovers << 16) + 77
    tally = Tally()
    guard = Guard(keys(), tally)
    assert guard.open(speaking.protect(packet(at))) == packet(at)
    again = speaking.protect(packet(at + 1))
    assert guard.open(again) == packet(at + 1)
    assert guard.open(again) is None
    assert (tally.forged, tally.replayed) == (0, 1)


def test_only_a_few_packets_that_fit_no_key_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    monkeypatch.setattr("softswitch.media.worker.guard._with_rollovers", lambda _, data: looked.append(data))
    guard, wrong = Guard(keys(), Tally()), sender(WRONG)
    for index in range(10):
        assert guard.open(wrong.protect(packet(index))) is None
    assert len(looked) == 2


@pytest.mark.parametrize("bad", [Srtp("NONE", text(OURS), text(THEIRS)), Srtp(SUITE, "AAAA", text(THEIRS))])
def test_keys_that_do_not_fit_are_an_error_that_does_not_tell_them(bad: Srtp) -> None:
    with pytest.raises(MediaError) as caught:
        Guard(bad, Tally())
    assert text(THEIRS) not in str(caught.value)
    assert text(THEIRS) not in repr(bad)
