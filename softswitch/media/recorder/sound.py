"""From packets to runs of samples: all packets of a round at once, those of one codec and length together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from softswitch.media.recorder.placing import Numbers
from softswitch.media.tap_ring import Octets
from softswitch_codecs import BatchCodec, PacketCodec, Samples, codec_class, packet_codecs, to_int16
from softswitch_codecs.resample import RATES_HZ, Resampler

Codes = npt.NDArray[np.uint8]


class Run(NamedTuple):
    """Sound of one leg without a seam."""

    track: int
    first: int
    """Its place in the file, in samples."""
    samples: Samples
    first_sequence: int
    last_sequence: int
    packets: int


class Packets(NamedTuple):
    """Packets in the order of their tracks, those of each in the order in which they came."""

    of: Numbers
    places: Numbers
    codes: Codes
    """Of their codecs; 0 for what is no sound."""
    lengths: Numbers
    sequences: Numbers
    rows: Numbers
    """Where each lies in the payloads."""


class Decoder:
    """Turns packets into samples at their files' rates. What a codec remembers is kept by track slot."""

    def __init__(self) -> None:
        self._codecs: list[BatchCodec] = []
        self._packed: list[int] = []
        """Codes of codecs whose packets have no fixed length."""
        self._code_of: dict[tuple[str, int], int] = {}
        self._resamplers: dict[tuple[int, int], Resampler] = {}

    def code_of(self, encoding: str, clock_hz: int, channels: int) -> int:
        """Return the number of a codec, 0 where there is none."""
        key = (encoding, clock_hz)
        if key not in self._code_of:
            packed = [each for each in packet_codecs() if (each.encoding, each.clock_rate_hz) == key]
            if packed and channels == packed[0].channels:
                self._codecs.append(packed[0]())
                self._packed.append(len(self._codecs))
                self._code_of[key] = len(self._codecs)
                return self._code_of[key]
            cls = codec_class(encoding, clock_hz)
            if cls is None or channels != 1 or cls.sample_rate_hz not in RATES_HZ:
                self._code_of[key] = 0
            else:
                self._codecs.append(cls())
                self._code_of[key] = len(self._codecs)
        return self._code_of[key]

    def rate_of(self, code: int) -> int:
        """Return the samples a second of a codec."""
        return self._codecs[code - 1].sample_rate_hz

    def table_of(self, code: int) -> npt.NDArray[np.int16] | None:
        """Return the samples of all octets of a codec that makes one of each, whatever came before; None of others."""
        codec = self._codecs[code - 1]
        if code in self._packed or codec.has_memory or codec.octets_per_second != codec.sample_rate_hz:
            return None
        table: npt.NDArray[np.int16] = codec.decode(np.arange(256, dtype=np.uint8)[np.newaxis])[0]
        return table

    def forget(self, slot: int) -> None:
        """Let a slot serve another leg."""
        for codec in self._codecs:
            codec.forget((slot,))
        for resampler in self._resamplers.values():
            resampler.forget((slot,))

    def runs(self, packets: Packets, payloads: Octets, rates: Numbers, slots: Numbers) -> Iterator[Run]:
        """Return what was said.

        Args:
            packets: the packets.
            payloads: what is in them, and more.
            rates: of each track's file.
            slots: of each track, for what codecs remember.
        """
        keys = (packets.codes.astype(np.int64) << 40) | (rates[packets.of] << 16) | packets.lengths
        packed = np.isin(packets.codes, self._packed)
        yield from self._opened(packets, np.flatnonzero(packed), payloads, rates, slots)
        for key in np.unique(keys[(packets.codes > 0) & ~packed]).tolist():
            chosen = np.flatnonzero(keys == key)
            octets = payloads[packets.rows[chosen], : key & 0xFFFF]
            samples = self._decoded(key >> 40, (key >> 16) & 0xFF_FFFF, octets, packets.of[chosen], slots)
            if samples.shape[1]:
                yield from _joined(packets, chosen, samples)

    def _opened(
        self, packets: Packets, chosen: Numbers, payloads: Octets, rates: Numbers, slots: Numbers
    ) -> Iterator[Run]:
        """Return what packets say that have to be decoded one by one, in their order; nonsense says nothing."""
        for index in chosen.tolist():
            track, sequence = int(packets.of[index]), int(packets.sequences[index])
            codec = cast("PacketCodec", self._codecs[int(packets.codes[index]) - 1])
            packet = payloads[packets.rows[index], : int(packets.lengths[index])].tobytes()
            try:
                samples = codec.decode_packet(int(slots[track]), packet, int(rates[track]))
            except ValueError:
                continue
            yield Run(track, int(packets.places[index]), samples, sequence, sequence, 1)

    def _decoded(self, code: int, rate_hz: int, octets: Octets, of: Numbers, slots: Numbers) -> Samples:
        codec = self._codecs[code - 1]
        same_rate = codec.sample_rate_hz == rate_hz
        if same_rate and not codec.has_memory:
            return codec.decode(octets)
        turns = [(turn, self._turn(codec, rate_hz, octets[turn], slots[of[turn]])) for turn in _turns(of)]
        made = np.empty((len(of), turns[0][1].shape[1]), np.int16)
        for turn, samples in turns:
            made[turn] = samples
        return made

    def _turn(self, codec: BatchCodec, rate_hz: int, octets: Octets, slots: Numbers) -> Samples:
        samples = codec.decode(octets, slots)
        if codec.sample_rate_hz == rate_hz:
            return samples
        key = (codec.sample_rate_hz, rate_hz)
        if key not in self._resamplers:
            self._resamplers[key] = Resampler(*key)
        return to_int16(self._resamplers[key].resample(samples, slots))


def _turns(of: Numbers) -> list[Numbers]:
    """Group packets so that each track is in a group once: the first of all, the second of all ..."""
    starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
    turn = np.arange(len(of)) - np.repeat(starts, np.diff(np.append(starts, len(of))))
    return [np.flatnonzero(turn == number) for number in range(int(turn.max()) + 1)]


def _joined(packets: Packets, chosen: Numbers, samples: Samples) -> Iterator[Run]:
    """Join packets that follow each other without a seam."""
    of, placed, sequences = packets.of[chosen], packets.places[chosen], packets.sequences[chosen]
    width = samples.shape[1]
    seams = np.append(True, (of[1:] != of[:-1]) | (placed[1:] != placed[:-1] + width))
    starts = np.flatnonzero(seams)
    ends = np.append(starts[1:], len(of))
    columns: Sequence[list[Any]] = (
        of[starts].tolist(),
        placed[starts].tolist(),
        sequences[starts].tolist(),
        sequences[ends - 1].tolist(),
        starts.tolist(),
        ends.tolist(),
    )
    for track, first, first_sequence, last_sequence, start, end in zip(*columns, strict=True):
        yield Run(track, first, samples[start:end].reshape(-1), first_sequence, last_sequence, end - start)


MOST_OCTETS_AT_ONCE: Final = 16 << 20
"""Of payloads that are decoded together."""
