"""The codecs of a worker's legs, by the small numbers that packets and cells are marked with."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from softswitch.media.engine import Format
from softswitch.media.loops.found import Loops
from softswitch.media.worker.batch import Octets
from softswitch.media.worker.mixing.g722_lanes import LaneG722
from softswitch.media.worker.mixing.ring import CELL_MS
from softswitch_codecs import BatchCodec, PacketCodec, Samples, frame_octets
from softswitch_codecs.comfort_noise import CLOCK_RATE_HZ as NOISE_CLOCK_HZ
from softswitch_codecs.comfort_noise import ENCODING as NOISE
from softswitch_codecs.g722 import G722
from softswitch_codecs.registry import codecs, packet_codecs

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

_MOST_KEPT: Final = 4096
NOISE_CODE: Final = 254
"""Of comfort noise: a cell of one octet, its level."""
PACKED_CODE: Final = 253
"""Of the codec whose packets are opened as they come: no cell has it."""
ROOM_RATES: Final = (8000, 16000, 48000)
"""What a room's sound can be made of, samples a second."""


class Voice(NamedTuple):
    """A codec that sound can be decoded from and encoded to."""

    code: int
    codec: BatchCodec
    rate_hz: int
    """Samples a second."""
    cell_octets: int
    decode_table: npt.NDArray[np.int16] | None = None
    """Of a codec that is nothing but tables: 256 samples."""
    encode_table: Octets | None = None
    """65,536 octets, by a sample's bits."""

    def encoded(self, sound: Samples, loops: Loops | None) -> Octets:
        """Encode for a codec that remembers nothing, by machine code where that is there for it."""
        if loops is None or self.encode_table is None:
            return self.codec.encode(sound)
        octets = np.empty(sound.shape, np.uint8)
        loops.encode_samples(sound, self.encode_table, octets)
        return octets


class Voices:
    """One object a codec, for all legs of a worker: a leg's row is its stream's number.

    Args:
        loops: compiled ones, where there are any.
    """

    def __init__(self, loops: Loops | None = None) -> None:
        self.by_code: dict[int, Voice] = {}
        self._by_format: dict[tuple[str, int, int], Voice] = {}
        self._preferred: dict[tuple[Format, ...], tuple[Format, Voice] | None] = {}
        self._codes: dict[tuple[Format, ...], npt.NDArray[np.uint8]] = {}
        """Both by formats, of which phones bring few different ones."""
        for code, cls in enumerate(codecs(), 1):
            if cls.sample_rate_hz in ROOM_RATES:
                tables = getattr(cls, "decode_table", None), getattr(cls, "encode_table", None)
                made = LaneG722(loops) if loops is not None and cls is G722 else cls()
                voice = Voice(code, made, cls.sample_rate_hz, frame_octets(cls, CELL_MS), *tables)
                self.by_code[code] = voice
                self._by_format[cls.encoding, cls.clock_rate_hz, 1] = voice
        self.packet_codec: PacketCodec | None = None
        """The one codec whose packets have no fixed length; None where this machine lacks it."""
        for packed in packet_codecs():
            self.packet_codec = opener = packed()
            voice = Voice(PACKED_CODE, opener, packed.sample_rate_hz, 0)
            self.by_code[PACKED_CODE] = voice
            self._by_format[packed.encoding, packed.clock_rate_hz, packed.channels] = voice

    def cell_octets(self) -> dict[int, int]:
        """Return by code the octets of 10 ms."""
        cells = {code: voice.cell_octets for code, voice in self.by_code.items() if code != PACKED_CODE}
        return {NOISE_CODE: 1} | cells

    def voice_of(self, form: Format) -> Voice | None:
        """Return the codec of a format, or None where this machine has none; telephone events are no voice."""
        return self._by_format.get(form[:3])

    def plain_codes(self) -> dict[int, int]:
        """Return by rate the code of samples as they are, in network order."""
        return {voice.rate_hz: voice.code for voice in self.by_code.values() if voice.codec.encoding == "L16"}

    def preferred(self, formats: tuple[Format, ...]) -> tuple[Format, Voice] | None:
        """Return the first format that there is a codec for."""
        if formats not in self._preferred:
            known = ((form, self.voice_of(form)) for form in formats)
            chosen = next(((form, voice) for form, voice in known if voice is not None), None)
            _keep(self._preferred, formats, chosen)
        return self._preferred[formats]

    def remember(self, formats: tuple[Format, ...]) -> bool:
        """Tell whether any of these is decoded by a codec that remembers what came before."""
        return any(voice is not None and voice.codec.has_memory for voice in map(self.voice_of, formats))

    def codes_of(self, formats: tuple[Format, ...]) -> npt.NDArray[np.uint8]:
        """Return by payload type, as the phone sends it, the code of its codec; 0 for none."""
        if formats not in self._codes:
            _keep(self._codes, formats, self._made_codes(formats))
        return self._codes[formats]

    def _made_codes(self, formats: tuple[Format, ...]) -> npt.NDArray[np.uint8]:
        codes = np.zeros(128, np.uint8)
        for form in formats:
            voice = self.voice_of(form)
            if voice is not None:
                codes[form.receive_type] = voice.code
            elif form.encoding == NOISE and form.clock_rate_hz == NOISE_CLOCK_HZ:
                codes[form.receive_type] = NOISE_CODE
        return codes

    def forget(self, row: int) -> None:
        """Let a row's sound begin anew."""
        for voice in self.by_code.values():
            voice.codec.forget((row,))


def _keep(known: dict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    if len(known) >= _MOST_KEPT:
        known.clear()
    known[key] = value
