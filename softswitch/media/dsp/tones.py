"""The tones of a telephone network, as sound.

Levels are in dBm0: 0 dBm0 is a sine 3.14 dB below the loudest that G.711 carries (ITU-T G.711 table 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.core.errors import MediaError
from softswitch_codecs import Samples

_PEAK_AT_0_DBM0: Final = 32768 * 10 ** (-3.14 / 20)
_LEVEL_DBM0: Final = -10.0
"""Of a tone as a whole: what E.180 §5 recommends where it is sent."""

LOW_HZ: Final = (697, 770, 852, 941)
HIGH_HZ: Final = (1209, 1336, 1477, 1633)
KEYPAD: Final = ("123A", "456B", "789C", "*0#D")
"""A key's row has its low frequency, its column the high one (ITU-T Q.23)."""
_LOW_DBM0: Final = -9.0
_HIGH_DBM0: Final = -7.0
"""The high group is sent 2 dB louder, since lines weaken it more (ETSI ES 201 235-2 §4.2.2)."""
KEY_MS: Final = 100
PAUSE_MS: Final = 100


class Part(NamedTuple):
    """A stretch of a tone; silence has no frequency."""

    frequencies_hz: tuple[int, ...]
    duration_ms: int


class Tone(NamedTuple):
    """Parts that follow each other, again and again unless it is played once."""

    parts: tuple[Part, ...]
    again: bool = True


def _cadence(frequencies_hz: Sequence[int], on_ms: int, off_ms: int) -> Tone:
    return Tone((Part(tuple(frequencies_hz), on_ms), Part((), off_ms)))


def _steady(frequencies_hz: Sequence[int]) -> Tone:
    return Tone((Part(tuple(frequencies_hz), 1000),))  # whole periods of any whole frequency: no seam


_BEEP: Final = Tone((Part((1000,), 200),), again=False)
"""Of no Recommendation: what is heard before a message is recorded, here too."""

_JOINED: Final = Tone((Part((660,), 120), Part((880,), 160)), again=False)
_PARTED: Final = Tone((Part((880,), 120), Part((660,), 160)), again=False)
"""Of no Recommendation either: what people in a conference hear when somebody comes or goes."""

TONES: Final[dict[str, dict[str, Tone]]] = {
    # ITU-T E.180 Supplement 2, "Russian Federation".
    "RU": {
        "dial": _steady((425,)),
        "ringback": _cadence((425,), 800, 3200),
        "busy": _cadence((425,), 400, 400),
        "congestion": _cadence((425,), 200, 200),
        "beep": _BEEP,
        "joined": _JOINED,
        "parted": _PARTED,
    },
    # ETSI TR 101 041-1: the harmonised tones, within what E.180 §§6 to 9 recommends.
    "EU": {
        "dial": _steady((425,)),
        "ringback": _cadence((425,), 1000, 4000),
        "busy": _cadence((425,), 500, 500),
        "congestion": _cadence((425,), 250, 250),
        "beep": _BEEP,
        "joined": _JOINED,
        "parted": _PARTED,
    },
    # ITU-T E.180 Supplement 2, "United States of America".
    "US": {
        "dial": _steady((350, 440)),
        "ringback": _cadence((440, 480), 2000, 4000),
        "busy": _cadence((480, 620), 500, 500),
        "congestion": _cadence((480, 620), 250, 250),
        "beep": _BEEP,
        "joined": _JOINED,
        "parted": _PARTED,
    },
}
"""By country, then by name."""


def tone(country: str, name: str) -> Tone:
    """Find a tone.

    Raises:
        MediaError: there is no such country or tone; the text names those there are.
    """
    tones = TONES.get(country.upper())
    if tones is None:
        raise MediaError(f"no tones are known for the country {country!r}; there are {', '.join(TONES)}")
    if name not in tones:
        raise MediaError(f"no tone is named {name!r}; there are {', '.join(tones)}")
    return tones[name]


def render(wanted: Tone, sample_rate_hz: int) -> Samples:
    """Return all parts of a tone once, int16, shape (samples,)."""
    parts = []
    for part in wanted.parts:
        count = len(part.frequencies_hz)
        level_dbm0 = _LEVEL_DBM0 - 10 * float(np.log10(max(count, 1)))
        parts.append(_sines(part.frequencies_hz, [level_dbm0] * count, part.duration_ms, sample_rate_hz))
    return np.concatenate(parts)


def render_keys(
    digits: str, sample_rate_hz: int, *, key_ms: int = KEY_MS, pause_ms: int = PAUSE_MS, change_db: float = 0.0
) -> Samples:
    """Return keys as they sound on a line (DTMF, ITU-T Q.23), each with a pause behind it.

    Args:
        digits: any of ``0-9*#A-D``.
        sample_rate_hz: 8000 or more.
        key_ms: how long each key sounds; Q.24 wants 40 at least.
        pause_ms: and the silence behind it; 40 at least.
        change_db: louder or softer than usual.

    Returns:
        int16, shape (samples,).

    Raises:
        MediaError: there is no such key.
    """
    silence = np.zeros(sample_rate_hz * pause_ms // 1000, np.int16)
    parts = [silence[:0]]
    for digit in digits:
        levels = (_LOW_DBM0 + change_db, _HIGH_DBM0 + change_db)
        parts += [_sines(key_frequencies_hz(digit), levels, key_ms, sample_rate_hz), silence]
    return np.concatenate(parts)


def key_frequencies_hz(digit: str) -> tuple[int, int]:
    """Return the low and the high frequency of a key.

    Raises:
        MediaError: there is no such key.
    """
    for low_hz, row in zip(LOW_HZ, KEYPAD, strict=True):
        if len(digit) == 1 and digit in row:
            return low_hz, HIGH_HZ[row.index(digit)]
    raise MediaError(f"{digit!r} is no key; keys are 0-9, *, # and A-D")


def two_tones(sample_rate_hz: int, duration_ms: int, first_hz: int = 500, second_hz: int = 1900) -> Samples:
    """Return a test signal by whose two lines a spectrum is known; int16, shape (samples,)."""
    return _sines((first_hz, second_hz), (_LEVEL_DBM0 - 3,) * 2, duration_ms, sample_rate_hz)


def _sines(
    frequencies_hz: Sequence[int], levels_dbm0: Sequence[float], duration_ms: int, sample_rate_hz: int
) -> Samples:
    time_s = np.arange(sample_rate_hz * duration_ms // 1000) / sample_rate_hz
    sound: npt.NDArray[np.float64] = np.zeros(len(time_s))
    for frequency_hz, level_dbm0 in zip(frequencies_hz, levels_dbm0, strict=True):
        sound += _PEAK_AT_0_DBM0 * 10 ** (level_dbm0 / 20) * np.sin(2 * np.pi * frequency_hz * time_s)
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
