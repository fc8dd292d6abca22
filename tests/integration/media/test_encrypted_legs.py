"""Legs with SRTP: what is heard and recorded of them, and what becomes of packets that are not the phone's."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from pylibsrtp import Policy, Session

from softswitch.media.engine import LegClosed, Srtp
from tests.integration.media.recording import HandRecorder, level_of, loud_from_to, read, recording
from tests.integration.media.rig import PlaneRig
from tests.integration.media.talkers import AMPLITUDE, PCMA, PCMU, Talker, decibels, everybody
from tests.integration.media.test_recording import end, talk

pytestmark = pytest.mark.network

SUITE = "AES_CM_128_HMAC_SHA1_80"
OURS, THEIRS, WRONG = bytes(range(30)), bytes(range(100, 130)), bytes(range(50, 80))


def session(key: bytes, direction: int) -> Session:
    return Session(Policy(key=key, ssrc_type=direction, srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80))


class Secret(Talker):
    """A phone that speaks SRTP."""

    sent: list[bytes]

    def __enter__(self) -> Secret:
        return self

    def aim(self, *, receive: bool = True, send: bool = True) -> None:
        keys = Srtp(SUITE, b64encode(OURS).decode(), b64encode(THEIRS).decode())
        self.sealing, self.opening = session(THEIRS, Policy.SSRC_ANY_OUTBOUND), session(OURS, Policy.SSRC_ANY_INBOUND)
        self.sent = []
        self.rig.stream(self.leg, self.phone.at, *self.formats, receive=receive, send=send, srtp=keys)

    def packets(self) -> list[bytes]:
        self.sent += [self.sealing.protect(packet) for packet in super().packets()]
        return self.sent[-1:]

    def received(self) -> list[bytes]:
        return [self.opening.unprotect(packet) for packet in super().received()]


@pytest.fixture
def recorder() -> HandRecorder:
    return HandRecorder()


@pytest.fixture
def rig(recorder: HandRecorder) -> Iterator[PlaneRig]:
    with PlaneRig("", recorders=recorder) as made:
        yield made


@pytest.mark.parametrize("others", [PCMU, PCMA])
def test_an_encrypted_phone_and_a_plain_one_hear_each_other_and_are_recorded(
    rig: PlaneRig, recorder: HandRecorder, tmp_path: Path, others: object
) -> None:
    path = tmp_path / "c-01.wav"
    with Secret(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", others, (900,)) as boris:  # type: ignore[arg-type]
        rig.plane.set_room("c", everybody(anna, boris))
        rig.plane.record(recording(path, "c.1", "c.2", began_s=rig.clock.now))
        talk(rig, recorder, (anna, boris), 3.0)
        end(rig, recorder, "c-01")
        assert anna.level(900) == pytest.approx(AMPLITUDE, rel=0.1)
        assert boris.level(500) == pytest.approx(AMPLITUDE, rel=0.1)
    rate, samples = read(path)
    for channel, tone in ((0, 500), (1, 900)):
        assert abs(decibels(level_of(samples[:, channel], rate, tone))) < 1
        assert loud_from_to(samples[:, channel], rate, tone) == pytest.approx((0, 3), abs=0.04)


def test_packets_of_another_key_and_such_that_come_twice_are_heard_by_nobody_and_counted(
    rig: PlaneRig, recorder: HandRecorder
) -> None:
    stranger = session(WRONG, Policy.SSRC_ANY_OUTBOUND)
    with Secret(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (900,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, recorder, (anna, boris), 1.0)
        heard = len(boris.got)
        for _ in range(20):
            anna.phone.sock.sendto(anna.sent[-2], anna.at)
            header = struct.pack("!BBHII", 0x80, 0, (anna.sequence + 1) & 0xFFFF, anna.timestamp, anna.ssrc)
            anna.phone.sock.sendto(stranger.protect(header + bytes(160)), anna.at)
            talk(rig, recorder, (anna, boris), 0.04)
        talk(rig, recorder, (anna, boris), 0.2)
        assert boris.level(500) == pytest.approx(AMPLITUDE, rel=0.1)
        assert len(boris.got) - heard == pytest.approx(50, abs=2)
        rig.close("c.1")
    (closed,) = rig.of(LegClosed)
    assert (closed.statistics.packets_replayed, closed.statistics.packets_forged) == (20, 20)
