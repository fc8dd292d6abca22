"""Opus by libopus, in the encoder, the decoder and what is made up for lost packets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from softswitch.media.codecs_here import opus_is_here
from softswitch_codecs.opus import FRAME_MS, Opus

RATES = (8000, 16000, 48000)


def tone(rate_hz: int, frames: int, hertz: float = 440.0) -> npt.NDArray[np.int16]:
    """Frames of 20 ms, shape (frames, samples)."""
    moments = np.arange(frames * rate_hz * FRAME_MS // 1000) / rate_hz
    return (8000 * np.sin(2 * np.pi * hertz * moments)).astype(np.int16).reshape(frames, -1)


def purity(sound: npt.NDArray[np.int16], rate_hz: int, hertz: float = 440.0) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    at = round(hertz * len(sound) / rate_hz)
    return float(spectrum[max(0, at - 6) : at + 7].sum() / spectrum.sum())


def packets(codec: Opus, rate_hz: int, frames: int) -> list[bytes]:
    return [codec.encode(frame[np.newaxis])[0].tobytes() for frame in tone(rate_hz, frames)]


def test_the_library_is_found_where_the_brain_was_told_that_it_is() -> None:
    assert opus_is_here()


@pytest.mark.parametrize("encoded_hz", RATES)
@pytest.mark.parametrize("decoded_hz", RATES)
def test_a_tone_comes_through_from_every_rate_to_every_rate(encoded_hz: int, decoded_hz: int) -> None:
    codec = Opus()
    sound = np.concatenate([codec.decode_packet(0, packet, decoded_hz) for packet in packets(codec, encoded_hz, 50)])
    assert len(sound) == decoded_hz
    assert purity(sound[decoded_hz // 4 :], decoded_hz) > 0.9


def test_packets_of_many_streams_have_one_even_length_and_streams_do_not_mix() -> None:
    codec = Opus()
    low, high = tone(16000, 50), tone(16000, 50, 1000.0)
    made = [codec.encode(np.stack(pair), np.array([3, 9])) for pair in zip(low, high, strict=True)]
    assert {encoded.shape for encoded in made} == {(2, 60)}
    for row, hertz in ((0, 440.0), (1, 1000.0)):
        sound = np.concatenate([codec.decode_packet(row, encoded[row].tobytes(), 16000) for encoded in made])
        assert purity(sound[8000:], 16000, hertz) > 0.9
    assert len(codec) == 4
    codec.forget((0, 1, 3, 9))
    assert len(codec) == 0


def test_lost_packets_are_made_up_from_the_next_one_or_from_memory() -> None:
    codec = Opus()
    sent, sound = packets(codec, 16000, 100), []
    for number, packet in enumerate(sent):
        if number % 10 == 4 and number > 20:
            continue
        if number % 10 == 5 and number > 20:
            sound.append(codec.recover(0, 320, 16000, packet if number % 20 == 5 else None))
        sound.append(codec.decode_packet(0, packet, 16000))
    whole = np.concatenate(sound)
    assert len(whole) == 320 * len(sent)
    assert purity(whole[8000:], 16000) > 0.8


def test_silence_need_not_be_sent_to_who_wants_that_and_is_padded_for_others() -> None:
    codec = Opus()
    codec.tune(1, dtx=True)
    frames = np.zeros((2, 320), np.int16)
    silent = []
    for _ in range(100):
        encoded = codec.encode(frames, np.array([0, 1]))
        silent.append(codec.silent.tolist())
        assert len(codec.decode_packet(7, encoded[1].tobytes(), 16000)) == 320
    assert not any(first for first, _ in silent)
    assert sum(second for _, second in silent) > 50


@pytest.mark.parametrize("bad", [b"", b"\xff", b"\x03"])
def test_octets_that_are_no_packet_are_refused(bad: bytes) -> None:
    codec = Opus()
    codec.decode_packet(0, packets(codec, 16000, 1)[0], 16000)
    with pytest.raises(ValueError, match="packet"):
        codec.decode_packet(0, bad, 16000)
