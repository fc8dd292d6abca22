"""Packets of Opus on their way into a recording."""

from __future__ import annotations

import numpy as np

from softswitch.media.recorder.sound import Decoder, Packets
from softswitch_codecs.opus import Opus

RATE_HZ = 16000


def tone(hertz: float) -> list[bytes]:
    sound = (8000 * np.sin(2 * np.pi * hertz * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16).reshape(50, 320)
    codec = Opus()
    return [codec.encode(frame[np.newaxis])[0].tobytes() for frame in sound]


def test_two_legs_with_opus_are_decoded_in_their_order_each_by_itself() -> None:
    decoder = Decoder()
    code = decoder.code_of("OPUS", 48000, 2)
    assert code == decoder.code_of("OPUS", 48000, 2)
    assert decoder.rate_of(code) == RATE_HZ
    packets = [*tone(440.0), *tone(1000.0)]
    packets[10] = b"\x03"
    payloads = np.zeros((100, 200), np.uint8)
    for row, packet in enumerate(packets):
        payloads[row, : len(packet)] = np.frombuffer(packet, np.uint8)
    numbers = np.arange(100)
    given = Packets(
        numbers // 50,
        numbers % 50 * 320,
        np.full(100, code, np.uint8),
        np.array([len(packet) for packet in packets]),
        numbers % 50,
        numbers,
    )
    runs = list(decoder.runs(given, payloads, np.array([RATE_HZ, RATE_HZ]), np.array([4, 7])))
    assert len(runs) == 99
    for track, hertz in ((0, 440), (1, 1000)):
        own = [run for run in runs if run.track == track]
        assert [run.first for run in own] == sorted(run.first for run in own)
        assert {len(run.samples) for run in own} == {320}
        sound = np.concatenate([run.samples for run in own[25:]]).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        assert abs(int(spectrum.argmax()) * RATE_HZ / len(sound) - hertz) < 10
