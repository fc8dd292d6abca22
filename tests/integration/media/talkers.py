"""Phones that speak in tones and say which tones they hear, over real sockets and in the rig's time."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.media.engine import Format, Hear
from softswitch.media.worker.rows import TICK_US
from softswitch_codecs import BatchCodec, codec_class
from tests.integration.media.rig import EVENT, Phone, PlaneRig
from tests.own_network import own

PCMU = Format("PCMU", 8000, 1, 0, 0)
PCMA = Format("PCMA", 8000, 1, 8, 8)
G722 = Format("G722", 8000, 1, 9, 9)
L16 = Format("L16", 16000, 1, 96, 97)
"""Its two ends chose different numbers."""
SWITCH = own("41.1")
AMPLITUDE = 6000.0


class Heard(NamedTuple):
    """A packet that a phone got."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    at_s: float


class Talker:
    """A phone with one codec that speaks in tones.

    Args:
        rig: its plane.
        leg: its name.
        form: the codec.
        tones: Hz.
        formats: what was negotiated; ``form`` where that is all.
        ptime_ms: of its packets, and of those that it wants.
        amplitude: of each tone.
        silent: whether it sends nothing at all.
    """

    def __init__(
        self,
        rig: PlaneRig,
        leg: str,
        form: Format = PCMU,
        tones: Sequence[float] = (),
        *,
        formats: Sequence[Format] = (),
        ptime_ms: int = 20,
        amplitude: float = AMPLITUDE,
        silent: bool = False,
    ) -> None:
        self.rig, self.leg, self.form, self.tones = rig, leg, form, tuple(tones)
        self.ptime_ms, self.amplitude, self.silent = ptime_ms, amplitude, silent
        self.codec = self._codec(form)
        self.phone = Phone(own("41.2"))
        self.at = rig.open(leg, SWITCH)
        self.formats = (*(formats or (form,)), EVENT)
        self.aim()
        self.got: list[Heard] = []
        self.sequence = 65500
        self.timestamp = (1 << 32) - 4000
        self.ssrc = hash(leg) & 0xFFFF_FFFF
        self._spoken = 0
        self._due = rig.clock.now + 0.001 * (len(leg) * 7 % 20)

    def __enter__(self) -> Talker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.phone.sock.close()

    @staticmethod
    def _codec(form: Format) -> BatchCodec:
        cls = codec_class(form.encoding, form.clock_rate_hz)
        assert cls is not None, form
        return cls()

    def aim(self, *, receive: bool = True, send: bool = True) -> None:
        """Say to the switch where the phone is and what it may do."""
        self.rig.stream(self.leg, self.phone.at, *self.formats, receive=receive, send=send, ptime_ms=self.ptime_ms)

    def use(self, form: Format) -> None:
        """Speak in another codec from now on."""
        self.form, self.codec = form, self._codec(form)

    def step(self) -> None:
        """Send what is due and read what came."""
        while not self.silent and self.rig.clock.now >= self._due:
            self._due += self.ptime_ms / 1000
            for packet in self.packets():
                self.phone.sock.sendto(packet, self.at)
        for packet in self.received():
            second, sequence, timestamp, ssrc = struct.unpack_from("!xBHII", packet)
            heard = Heard(second > 0x7F, second & 0x7F, sequence, timestamp, ssrc, packet[12:], self.rig.clock.now)
            self.got.append(heard)

    def received(self) -> list[bytes]:
        """Return the packets that came, as they are inside."""
        return self.phone.packets()

    def packets(self) -> list[bytes]:
        """Return the next packet, or what becomes of it."""
        return [self.packet()]

    def packet(self, payload_type: int = -1, *, marker: bool = False) -> bytes:
        """Make the next packet."""
        rate = self.codec.sample_rate_hz
        count = rate * self.ptime_ms // 1000
        moments = (self._spoken + np.arange(count)) / rate
        self._spoken += count
        sound = sum((self.amplitude * np.sin(2 * np.pi * tone * moments) for tone in self.tones), np.zeros(count))
        payload: bytes = self.codec.encode(sound.astype(np.float32)[np.newaxis])[0].tobytes()
        self.sequence = (self.sequence + 1) & 0xFFFF
        kind = self.form.receive_type if payload_type < 0 else payload_type
        header = struct.pack("!BBHII", 0x80, marker << 7 | kind, self.sequence, self.timestamp, self.ssrc)
        self.timestamp = (self.timestamp + self.form.clock_rate_hz * self.ptime_ms // 1000) & 0xFFFF_FFFF
        return header + payload

    def sound(self, last_s: float = 1.0) -> npt.NDArray[np.float64]:
        """Return the last seconds of what was heard; all packets must be in order and without a gap."""
        by_type = {form.send_type: self._codec(form) for form in self.formats if form.encoding != "telephone-event"}
        parts = []
        for before, packet in zip([None, *self.got], self.got, strict=False):
            codec = by_type[packet.payload_type]
            parts.append(codec.decode(np.frombuffer(packet.payload, np.uint8)[np.newaxis])[0])
            if before is not None:
                assert packet.sequence == (before.sequence + 1) & 0xFFFF
                assert packet.ssrc == before.ssrc
        rate = codec.sample_rate_hz
        return np.concatenate(parts)[-int(rate * last_s) :].astype(np.float64)

    def level(self, tone: float, last_s: float = 1.0) -> float:
        """Return the amplitude in which a tone was heard."""
        sound = self.sound(last_s)
        codec = self._codec(self.form)
        window = np.hanning(len(sound))
        turns = np.exp(-2j * np.pi * tone * np.arange(len(sound)) / codec.sample_rate_hz)
        return float(2 * abs(np.sum(sound * window * turns)) / np.sum(window))


def talk(rig: PlaneRig, talkers: Sequence[Talker], seconds: float) -> None:
    """Let phones speak for a while."""
    for _ in range(round(seconds * 1e6 / TICK_US)):
        for talker in talkers:
            talker.step()
        rig.turn()
    for talker in talkers:
        talker.step()


def everybody(*talkers: Talker) -> tuple[Hear, ...]:
    """Return the rows of a room where each hears all others."""
    names = [talker.leg for talker in talkers]
    return tuple(Hear(name, tuple(other for other in names if other != name)) for name in names)


def decibels(level: float, of: float = AMPLITUDE) -> float:
    """Return a level relative to another one."""
    return float(20 * np.log10(max(level, 1e-9) / of))
