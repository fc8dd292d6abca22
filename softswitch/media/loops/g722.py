"""G.722 at 64 kbit/s for many streams at once: each step of the Recommendation for all of them, then the next.

A stream is a lane: what is remembered of it is a column of ``lanes``, whose rows are the variables of the two bands.
Loops over lanes are what a compiler makes vector instructions of, one variable at a time; so each does little. Names in
capitals are the blocks of ITU-T G.722 (09/2012) clause 6.2, whose tables these are.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.media.loops.packets import Array

SIGNATURES: Final = {
    "encode_g722": "void(i2[:, ::1], i4[:, ::1], i8[::1], i4[:, ::1], i4[:, :, ::1], i4[:, ::1], u1[:, ::1])",
    "decode_g722": "void(u1[:, ::1], i4[:, ::1], i8[::1], i4[:, ::1], i4[:, :, ::1], i4[:, ::1], i2[:, ::1])",
}
HELPERS: Final = (
    "_saturated",
    "_add",
    "_turn_second_pole",
    "_move_second_pole",
    "_move_first_pole",
    "_move_zero",
    "_add_zero",
    "_saturate",
    "_predict_poles",
    "_predict",
    "_quantise_low",
    "_quantise_high",
    "_scale",
    "_invert",
    "_load",
    "_keep",
    "_accumulate",
    "_split",
    "_analyse",
    "_synthesise",
    "_limit",
)
"""What the loops call: compiled before them."""

# Rows of a band. Delayed values stand in rings: what was ``i`` steps before stands at ``now - i``.
SIGNAL, ZEROS, POLE_1, POLE_2, SCALE, DETECTOR, SPARE = range(7)
_ZERO: Final = 7
_DIFFERENCE: Final = 13
_REBUILT: Final = 21
_PARTIAL: Final = 25
BAND: Final = 29
ERROR, MAGNITUDE, LOW_CODE, HIGH_CODE, STEP = 2 * BAND, 2 * BAND + 1, 2 * BAND + 2, 2 * BAND + 3, 2 * BAND + 4
LANE_ROWS: Final = 2 * BAND + 5
TAPS: Final = 24
STATE: Final = 2 * BAND + TAPS - 2
"""Numbers that are remembered of a stream: both bands, and what the filter bank still needs."""


def _table(numbers: str) -> npt.NDArray[np.int32]:
    return np.array([int(number) for number in numbers.split()], np.int32)


_FILTER: Final = _table("3 -11 12 32 -210 951 3876 -805 362 -156 53 -11")
_LOG_LOW: Final = _table("-60 3042 1198 538 334 172 58 -30 3042 1198 538 334 172 58 -30 -60")
_LOG_HIGH: Final = _table("798 -214 798 -214")
_ANTILOG: Final = _table(
    "2048 2093 2139 2186 2233 2282 2332 2383 2435 2489 2543 2599 2656 2714 2774 2834 2896 2960 3025 3091 3158 3228 3298"
    " 3371 3444 3520 3597 3676 3756 3838 3922 4008"
)
_DECISIONS: Final = _table(
    "0 35 72 110 150 190 233 276 323 370 422 473 530 587 650 714 786 858 940 1023 1121 1219 1339 1458 1612 1765 1980"
    " 2195 2557 2919"
)
_NEGATIVE: Final = np.array([0, 63, 62, *range(31, 3, -1)], np.int32)
_POSITIVE: Final = np.array([0, *range(61, 31, -1)], np.int32)
_LEVELS_2: Final = _table("-7408 -1616 7408 1616")
_LEVELS_4: Final = _table("0 -20456 -12896 -8968 -6288 -4240 -2584 -1200 20456 12896 8968 6288 4240 2584 1200 0")
_LEVELS_6: Final = _table(
    "-136 -136 -136 -136 -24808 -21904 -19008 -16704 -14984 -13512 -12280 -11192 -10232 -9360 -8576 -7856 -7192 -6576"
    " -6000 -5456 -4944 -4464 -4008 -3576 -3168 -2776 -2400 -2032 -1688 -1360 -1040 -728 24808 21904 19008 16704 14984"
    " 13512 12280 11192 10232 9360 8576 7856 7192 6576 6000 5456 4944 4464 4008 3576 3168 2776 2400 2032 1688 1360 1040"
    " 728 432 136 -432 -136"
)
_LEAST_16, _MOST_16 = np.int32(-32768), np.int32(32767)
_MOST_LOW: Final = 18432
_MOST_HIGH: Final = 22528


def encode_g722(
    samples: Array, state: Array, slots: Array, lanes: Array, bands: Array, parts: Array, octets: Array
) -> None:
    """Compress sound.

    Args:
        samples: shape (n, 2 * octets), 16,000 a second.
        state: shape (slots, STATE): what is remembered of streams.
        slots: of the n streams, each once.
        lanes: room of shape (LANE_ROWS, at least n).
        bands: room of shape (2, octets, at least n): the two bands' signals.
        parts: room of shape (4, octets + 11).
        octets: shape (n, octets): is filled.
    """
    _load(state, slots, lanes)
    for place in range(slots.shape[0]):
        _analyse(samples[place], state[slots[place], 2 * BAND :], parts, bands, place)
    for now in range(octets.shape[1]):
        low, high = lanes[LOW_CODE], lanes[HIGH_CODE]
        _quantise_low(bands[0, now], lanes)
        _invert(lanes[_DIFFERENCE + (now & 7)], lanes[DETECTOR], _LEVELS_4, lanes[STEP])
        _scale(lanes[SCALE], lanes[DETECTOR], _LOG_LOW, lanes[STEP], _MOST_LOW, 8)
        _predict(lanes, 0, now)
        _quantise_high(bands[1, now], lanes)
        _invert(lanes[BAND + _DIFFERENCE + (now & 7)], lanes[BAND + DETECTOR], _LEVELS_2, high)
        _scale(lanes[BAND + SCALE], lanes[BAND + DETECTOR], _LOG_HIGH, high, _MOST_HIGH, 10)
        _predict(lanes, BAND, now)
        for place in range(slots.shape[0]):
            octets[place, now] = high[place] << 6 | low[place]
    _keep(state, slots, lanes, octets.shape[1])


def decode_g722(
    octets: Array, state: Array, slots: Array, lanes: Array, bands: Array, parts: Array, samples: Array
) -> None:
    """Expand sound; the arguments are those of :func:`encode_g722`, and ``samples`` is filled."""
    _load(state, slots, lanes)
    low, high, step = lanes[LOW_CODE], lanes[HIGH_CODE], lanes[STEP]
    for now in range(octets.shape[1]):
        for place in range(slots.shape[0]):
            low[place] = octets[place, now] & 0x3F
            high[place] = octets[place, now] >> 6
        for lane in range(step.shape[0]):
            step[lane] = low[lane] >> 2
        _invert(lanes[ERROR], lanes[DETECTOR], _LEVELS_6, low)
        _limit(bands[0, now], lanes[SIGNAL], lanes[ERROR])
        _invert(lanes[_DIFFERENCE + (now & 7)], lanes[DETECTOR], _LEVELS_4, step)
        _scale(lanes[SCALE], lanes[DETECTOR], _LOG_LOW, step, _MOST_LOW, 8)
        _predict(lanes, 0, now)
        difference = lanes[BAND + _DIFFERENCE + (now & 7)]
        _invert(difference, lanes[BAND + DETECTOR], _LEVELS_2, high)
        _limit(bands[1, now], lanes[BAND + SIGNAL], difference)
        _scale(lanes[BAND + SCALE], lanes[BAND + DETECTOR], _LOG_HIGH, high, _MOST_HIGH, 10)
        _predict(lanes, BAND, now)
    for place in range(slots.shape[0]):
        _synthesise(bands, place, state[slots[place], 2 * BAND :], parts, samples[place])
    _keep(state, slots, lanes, octets.shape[1])


def _saturated(number: np.int32) -> np.int32:
    """Return what fits into 16 bits."""
    return _MOST_16 if number > _MOST_16 else _LEAST_16 if number < _LEAST_16 else number


def _saturate(numbers: Array) -> None:
    for lane in range(numbers.shape[0]):
        numbers[lane] = _saturated(numbers[lane])


def _add(total: Array, one: Array, other: Array) -> None:
    for lane in range(total.shape[0]):
        total[lane] = _saturated(np.int32(one[lane] + other[lane]))


def _limit(total: Array, one: Array, other: Array) -> None:
    """LIMIT."""
    for lane in range(total.shape[0]):
        total[lane] = min(max(np.int32(one[lane] + other[lane]), np.int32(-16384)), np.int32(16383))


def _turn_second_pole(turned: Array, pole_1: Array, partial: Array, partial_1: Array) -> None:
    """UPPOL2, what the first pole has to do with it."""
    for lane in range(turned.shape[0]):
        step = _saturated(np.int32(pole_1[lane] << 2))
        alike = np.int32(partial[lane] ^ partial_1[lane]) >= 0
        turned[lane] = np.int32(min(np.int32(-step) if alike else step, np.int32(32767)) >> 7)


def _move_second_pole(pole_2: Array, turned: Array, partial: Array, partial_2: Array) -> None:
    """UPPOL2."""
    for lane in range(pole_2.shape[0]):
        alike = np.int32(partial[lane] ^ partial_2[lane]) >= 0
        moved = np.int32(turned[lane] + (np.int32(128) if alike else np.int32(-128)))
        moved = np.int32(moved + np.int32(np.int32(pole_2[lane] * np.int32(32512)) >> 15))
        pole_2[lane] = min(max(moved, np.int32(-12288)), np.int32(12288))


def _move_first_pole(pole_1: Array, pole_2: Array, partial: Array, partial_1: Array) -> None:
    """UPPOL1."""
    for lane in range(pole_1.shape[0]):
        alike = np.int32(partial[lane] ^ partial_1[lane]) >= 0
        kept = np.int32(np.int32(pole_1[lane] * np.int32(32640)) >> 15)
        moved = _saturated(np.int32((np.int32(192) if alike else np.int32(-192)) + kept))
        most = _saturated(np.int32(15360 - pole_2[lane]))
        pole_1[lane] = min(max(moved, np.int32(-most)), most)


def _move_zero(zero: Array, earlier: Array, difference: Array) -> None:
    """UPZERO."""
    for lane in range(zero.shape[0]):
        step = np.int32(0) if difference[lane] == 0 else np.int32(128)
        step = step if np.int32(earlier[lane] ^ difference[lane]) >= 0 else np.int32(-step)
        zero[lane] = _saturated(np.int32(step + np.int32(np.int32(zero[lane] * np.int32(32640)) >> 15)))


def _add_zero(total: Array, zero: Array, difference: Array) -> None:
    """FILTEZ."""
    for lane in range(total.shape[0]):
        twice = _saturated(np.int32(difference[lane] << 1))
        total[lane] = np.int32(total[lane] + np.int32(np.int32(zero[lane] * twice) >> 15))


def _predict_poles(predicted: Array, pole_1: Array, rebuilt: Array, pole_2: Array, rebuilt_1: Array) -> None:
    """FILTEP."""
    for lane in range(predicted.shape[0]):
        first = np.int32(np.int32(pole_1[lane] * _saturated(np.int32(rebuilt[lane] << 1))) >> 15)
        second = np.int32(np.int32(pole_2[lane] * _saturated(np.int32(rebuilt_1[lane] << 1))) >> 15)
        predicted[lane] = _saturated(np.int32(first + second))


def _predict(lanes: Array, at: int, now: int) -> None:
    """Follow a quantised difference, and predict the next value of a band (blocks 4L and 4H)."""
    signal, zeros, turned = lanes[at + SIGNAL], lanes[at + ZEROS], lanes[at + SPARE]
    pole_1, pole_2 = lanes[at + POLE_1], lanes[at + POLE_2]
    difference = lanes[at + _DIFFERENCE + (now & 7)]
    rebuilt, rebuilt_1 = lanes[at + _REBUILT + (now & 3)], lanes[at + _REBUILT + (now - 1 & 3)]
    partial, partial_1 = lanes[at + _PARTIAL + (now & 3)], lanes[at + _PARTIAL + (now - 1 & 3)]
    _add(rebuilt, signal, difference)
    _add(partial, zeros, difference)
    _turn_second_pole(turned, pole_1, partial, partial_1)
    _move_second_pole(pole_2, turned, partial, lanes[at + _PARTIAL + (now - 2 & 3)])
    _move_first_pole(pole_1, pole_2, partial, partial_1)
    for lane in range(zeros.shape[0]):
        zeros[lane] = 0
    for delay in range(6, 0, -1):
        zero = lanes[at + _ZERO + delay - 1]
        _move_zero(zero, lanes[at + _DIFFERENCE + (now - delay & 7)], difference)
        _add_zero(zeros, zero, lanes[at + _DIFFERENCE + (now - delay + 1 & 7)])
    _saturate(zeros)
    _predict_poles(turned, pole_1, rebuilt, pole_2, rebuilt_1)
    _add(signal, turned, zeros)


def _quantise_low(signal: Array, lanes: Array) -> None:
    """SUBTRA, QUANTL; the code's upper four bits are the step by which all is adapted."""
    error, magnitude, code, step = lanes[ERROR], lanes[MAGNITUDE], lanes[LOW_CODE], lanes[STEP]
    predicted, detector = lanes[SIGNAL], lanes[DETECTOR]
    for lane in range(error.shape[0]):
        error[lane] = _saturated(np.int32(signal[lane] - predicted[lane]))
    for lane in range(error.shape[0]):
        magnitude[lane] = error[lane] if error[lane] >= 0 else np.int32(-1 - error[lane])
    for lane in range(error.shape[0]):
        code[lane] = 1
    for number in range(1, _DECISIONS.shape[0]):
        decision = _DECISIONS[number]
        for lane in range(error.shape[0]):
            beyond = magnitude[lane] >= np.int32(np.int32(decision * detector[lane]) >> 12)
            code[lane] = np.int32(code[lane] + (np.int32(1) if beyond else np.int32(0)))
    for lane in range(error.shape[0]):
        code[lane] = _NEGATIVE[code[lane]] if error[lane] < 0 else _POSITIVE[code[lane]]
    for lane in range(error.shape[0]):
        step[lane] = code[lane] >> 2


def _quantise_high(signal: Array, lanes: Array) -> None:
    """SUBTRA, QUANTH."""
    error, code = lanes[ERROR], lanes[HIGH_CODE]
    predicted, detector = lanes[BAND + SIGNAL], lanes[BAND + DETECTOR]
    for lane in range(error.shape[0]):
        error[lane] = _saturated(np.int32(signal[lane] - predicted[lane]))
    for lane in range(error.shape[0]):
        magnitude = error[lane] if error[lane] >= 0 else np.int32(-1 - error[lane])
        beyond = magnitude >= np.int32(np.int32(np.int32(564) * detector[lane]) >> 12)
        sign = np.int32(0) if error[lane] < 0 else np.int32(2)
        code[lane] = np.int32(sign + (np.int32(0) if beyond else np.int32(1)))


def _invert(difference: Array, detector: Array, levels: Array, codes: Array) -> None:
    """INVQAL, INVQBL, INVQAH."""
    for lane in range(difference.shape[0]):
        difference[lane] = np.int32(np.int32(detector[lane] * levels[codes[lane]]) >> 15)


def _scale(scale: Array, detector: Array, logs: Array, codes: Array, most: int, shift: int) -> None:
    """LOGSCL, SCALEL; LOGSCH, SCALEH."""
    for lane in range(scale.shape[0]):
        moved = np.int32(np.int32(np.int32(scale[lane] * np.int32(127)) >> 7) + logs[codes[lane]])
        moved = np.int32(0 if moved < 0 else most if moved > most else moved)
        scale[lane] = moved
        right = np.int32(shift - (moved >> 11))
        value = _ANTILOG[moved >> 6 & 31]
        detector[lane] = np.int32((np.int32(value << np.int32(-right)) if right < 0 else np.int32(value >> right)) << 2)


def _load(state: Array, slots: Array, lanes: Array) -> None:
    for place in range(slots.shape[0]):
        slot = slots[place]
        for row in range(2 * BAND):
            lanes[row, place] = state[slot, row]


def _keep(state: Array, slots: Array, lanes: Array, steps: int) -> None:
    """Remember what the lanes are after so many steps, with rings that begin at 0 again."""
    for place in range(slots.shape[0]):
        kept = state[slots[place]]
        for at in range(0, 2 * BAND, BAND):
            for row in range(_DIFFERENCE):
                kept[at + row] = lanes[at + row, place]
            for number in range(8):
                kept[at + _DIFFERENCE + number] = lanes[at + _DIFFERENCE + (number + steps & 7), place]
            for number in range(4):
                kept[at + _REBUILT + number] = lanes[at + _REBUILT + (number + steps & 3), place]
                kept[at + _PARTIAL + number] = lanes[at + _PARTIAL + (number + steps & 3), place]


def _accumulate(total: Array, values: Array, first: int, factor: int) -> None:
    part = values[first : first + total.shape[0]]
    for place in range(total.shape[0]):
        total[place] = np.int32(total[place] + np.int32(part[place] * factor))


def _split(history: Array, parts: Array, steps: int) -> None:
    """Begin the two parts, even and odd, with what the filter bank remembers; let the sums be 0."""
    for place in range(TAPS // 2 - 1):
        parts[0, place] = history[2 * place]
        parts[1, place] = history[2 * place + 1]
    for place in range(steps):
        parts[2, place] = 0
        parts[3, place] = 0


def _analyse(samples: Array, history: Array, parts: Array, bands: Array, lane: int) -> None:
    """The transmit quadrature mirror filters: split sound into a lower and a higher band."""
    steps, before = bands.shape[1], TAPS // 2 - 1
    _split(history, parts, steps)
    for place in range(steps):
        parts[0, before + place] = samples[2 * place]
        parts[1, before + place] = samples[2 * place + 1]
    odd, even = parts[2, :steps], parts[3, :steps]
    for tap in range(TAPS // 2):
        _accumulate(odd, parts[0], tap, _FILTER[tap])
        _accumulate(even, parts[1], tap, _FILTER[TAPS // 2 - 1 - tap])
    for place in range(steps):
        bands[0, place, lane] = np.int32(even[place] + odd[place]) >> 14
        bands[1, place, lane] = np.int32(even[place] - odd[place]) >> 14
    for place in range(before):
        history[2 * place] = parts[0, steps + place]
        history[2 * place + 1] = parts[1, steps + place]


def _synthesise(bands: Array, lane: int, history: Array, parts: Array, samples: Array) -> None:
    """The receive quadrature mirror filters."""
    steps, before = bands.shape[1], TAPS // 2 - 1
    _split(history, parts, steps)
    for place in range(steps):
        low, high = bands[0, place, lane], bands[1, place, lane]
        parts[0, before + place] = low + high
        parts[1, before + place] = low - high
    first, second = parts[2, :steps], parts[3, :steps]
    for tap in range(TAPS // 2):
        _accumulate(first, parts[1], tap, _FILTER[TAPS // 2 - 1 - tap])
        _accumulate(second, parts[0], tap, _FILTER[tap])
    for place in range(steps):
        samples[2 * place] = _saturated(np.int32(first[place] >> 11))
        samples[2 * place + 1] = _saturated(np.int32(second[place] >> 11))
    for place in range(before):
        history[2 * place] = parts[0, steps + place]
        history[2 * place + 1] = parts[1, steps + place]
