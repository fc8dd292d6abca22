"""What a worker does with each packet of a tick: receive, count, pass on, send.

The same as :mod:`softswitch.media.worker.relay`, ``sweep`` and ``uring`` do with numpy, row by row.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SIGNATURES: Final = {
    "due_rows": "i8(i8[::1], i8, i8, i8[::1])",
    "reschedule": "i8(i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], i8, i8, i8, i8, i8, i8, i8[::1])",
    "read_known": "b1(u1[:, ::1], i8[::1], i8[::1], u4[:, ::1], i8[:, ::1])",
    "pass_on": "UniTuple(i8, 2)(u1[:, ::1], i8[::1], i8[::1], i8[:, ::1], u4[:, ::1], i8, i8[:, ::1], i8[:, ::1],"
    " i8[::1], i8, i8[:, ::1], i8[:, ::1])",
    "fill": "void(u8[:, ::1], i8[::1], u8[:, ::1], i8)",
    "fill_sends": "void(u8[:, ::1], i8[::1], i8[::1], i8[::1], u8[::1], u8, u8[:, ::1], i8)",
    "take_results": "i8(i8[:, ::1], i8, i8, i8[:, ::1], i8[:, ::1])",
}

_SHAPE: Final = 0xFF7F_0000
_LEAST_OCTETS: Final = 13
_MOST_BEHIND: Final = 100
_MOST_STEPS: Final = 3100
_WORD: Final = 0xFFFF_FFFF
_HALF: Final = 0xFFFF
# Columns: ``rows.Known``, ``ledger.In`` and ``ledger.Out``, as plain numbers, which is what the compiler takes.
KNOWN_HEAD, KNOWN_ROOM, KNOWN_SSRC, KNOWN_HEAD_SHIFT, KNOWN_TIMESTAMP_SHIFT, KNOWN_SSRC_SHIFT, KNOWN_LISTENER = range(7)
IN_HIGHEST, IN_RECEIVED, IN_OCTETS, IN_TRANSIT, IN_JITTER, IN_HEARD_AT_US = range(3, 9)
OUT_SEQUENCE, OUT_TIMESTAMP, OUT_SENT_AT_US, OUT_SENT, OUT_OCTETS = range(5)


def due_rows(due: Array, used: int, tick: int, rows: Array) -> int:
    """Write the rows below ``used`` that are due at a tick into ``rows``; return how many they are."""
    count = 0
    for row in range(used):
        if due[row] <= tick:
            rows[count] = row
            count += 1
    return count


def reschedule(
    due: Array,
    period: Array,
    empty_sweeps: Array,
    tardy: Array,
    found: Array,
    missed: Array,
    tick: int,
    probing: int,
    frame_ticks: int,
    most_tardy: int,
    patient: int,
    late_sweeps: int,
    again: Array,
) -> int:
    """Say when rows that were swept are swept next (:mod:`softswitch.media.worker.sweep` has the rules).

    Args:
        due: by row, and so are the next three.
        period: ticks between two packets.
        empty_sweeps: since the last packet.
        tardy: late packets since the last probe.
        found: rows that got a packet.
        missed: rows that got none.
        tick: the sweep's.
        probing: 1 where the next sweep is made a tick earlier on purpose, else 0.
        frame_ticks: ticks of a frame.
        most_tardy: so many late packets, and one more moves the phase.
        patient: so many empty sweeps, and a row is asked less often.
        late_sweeps: so many, and a row may have another packet waiting.
        again: gets the rows that may have.

    Returns:
        How many rows are in ``again``.
    """
    for place in range(missed.shape[0]):
        row = missed[place]
        empty_sweeps[row] += 1
        due[row] = tick + 1
        if tick % frame_ticks == 0 and empty_sweeps[row] > patient:
            due[row] = tick + frame_ticks
    count = 0
    for place in range(found.shape[0]):
        row = found[place]
        waited = empty_sweeps[row]
        due[row] = period[row] + tick - probing
        empty_sweeps[row] = -probing
        if probing:
            tardy[row] = 0
        if waited > 0:
            tardy[row] += 1
            if tardy[row] > most_tardy:
                tardy[row] = 0
            else:
                due[row] -= waited % period[row]
            if waited > patient:
                due[row] = tick + 1
            if waited >= late_sweeps:
                again[count] = row
                count += 1
    return count


def read_known(octets: Array, rows: Array, lengths: Array, known: Array, headers: Array) -> bool:
    """Read the headers of packets; tell whether all are of the kind that came last, in near order, and whole.

    Args:
        octets: by row, the packet.
        rows: where packets lie, each row once.
        lengths: their octets.
        known: by row, the columns of ``rows.Known``.
        headers: shape (3, n), gets first words, timestamps and SSRCs; not all where the answer is no.
    """
    for place in range(rows.shape[0]):
        row = rows[place]
        head = np.int64(0)
        stamp = np.int64(0)
        ssrc = np.int64(0)
        for octet in range(4):
            head = head << 8 | np.int64(octets[row, octet])
            stamp = stamp << 8 | np.int64(octets[row, 4 + octet])
            ssrc = ssrc << 8 | np.int64(octets[row, 8 + octet])
        last = np.int64(known[row, KNOWN_HEAD])
        if (head ^ last) & _SHAPE or ssrc != np.int64(known[row, KNOWN_SSRC]):
            return False
        if (head - last + _MOST_BEHIND) & _HALF > _MOST_STEPS:
            return False
        if lengths[place] < _LEAST_OCTETS or lengths[place] - _LEAST_OCTETS >= np.int64(known[row, KNOWN_ROOM]):
            return False
        headers[0, place] = head
        headers[1, place] = stamp
        headers[2, place] = ssrc
    return True


def pass_on(
    octets: Array,
    rows: Array,
    lengths: Array,
    headers: Array,
    known: Array,
    nobody: int,
    incoming: Array,
    outgoing: Array,
    clock_hz: Array,
    now_us: int,
    sends: Array,
    gaps: Array,
) -> tuple[int, int]:
    """Count packets, and give them their listeners' headers where they lie.

    Args:
        octets: by row, the packet.
        rows: where packets lie, each row once.
        lengths: their octets.
        headers: as :func:`read_known` gives them.
        known: by row, the columns of ``rows.Known``.
        nobody: the listener of packets that nobody is to get.
        incoming: by row, the columns of ``ledger.In``.
        outgoing: by row, the columns of ``ledger.Out``.
        clock_hz: by row.
        now_us: monotonic microseconds.
        sends: shape (3, n), gets listeners, sources' rows and octets.
        gaps: shape (3, n), gets the rows, the highest numbers before, and the steps, of packets that did not follow the
            one before them.

    Returns:
        How many are in ``sends``, and in ``gaps``.
    """
    sent, odd = 0, 0
    for place in range(rows.shape[0]):
        row, length = rows[place], lengths[place]
        head, stamp, ssrc = headers[0, place], headers[1, place], headers[2, place]
        known[row, KNOWN_HEAD] = head
        highest = incoming[row, IN_HIGHEST]
        step = (((head & _HALF) - highest + 0x8000) & _HALF) - 0x8000
        if step != 1:
            gaps[0, odd] = row
            gaps[1, odd] = highest
            gaps[2, odd] = step
            odd += 1
        if step > 0:
            incoming[row, IN_HIGHEST] = highest + step
        incoming[row, IN_RECEIVED] += 1
        incoming[row, IN_OCTETS] += length
        incoming[row, IN_HEARD_AT_US] = now_us
        transit = now_us * clock_hz[row] // 1_000_000 - stamp
        deviation = abs((((transit - incoming[row, IN_TRANSIT]) & _WORD) ^ 0x8000_0000) - 0x8000_0000)
        incoming[row, IN_TRANSIT] = transit
        incoming[row, IN_JITTER] += deviation - (incoming[row, IN_JITTER] + 8 >> 4)
        listener = np.int64(known[row, KNOWN_LISTENER])
        if listener == nobody:
            continue
        shift = np.int64(known[row, KNOWN_HEAD_SHIFT])
        head = ((head >> 16) + (shift >> 16) & _HALF) << 16 | head + shift & _HALF
        stamp = stamp + np.int64(known[row, KNOWN_TIMESTAMP_SHIFT]) & _WORD
        ssrc = ssrc + np.int64(known[row, KNOWN_SSRC_SHIFT]) & _WORD
        for octet in range(4):
            octets[row, octet] = head >> 24 - 8 * octet & 0xFF
            octets[row, 4 + octet] = stamp >> 24 - 8 * octet & 0xFF
            octets[row, 8 + octet] = ssrc >> 24 - 8 * octet & 0xFF
        outgoing[listener, OUT_SEQUENCE] = head & _HALF
        outgoing[listener, OUT_TIMESTAMP] = stamp
        outgoing[listener, OUT_SENT_AT_US] = now_us
        outgoing[listener, OUT_SENT] += 1
        outgoing[listener, OUT_OCTETS] += length
        sends[0, sent] = listener
        sends[1, sent] = row
        sends[2, sent] = length
        sent += 1
    return sent, odd


def fill(entries: Array, rows: Array, slots: Array, tail: int) -> None:
    """Write these rows' entries into the slots of a ring, a power of two of them, behind its tail."""
    last = slots.shape[0] - 1
    for place in range(rows.shape[0]):
        slot = tail + place & last
        for word in range(entries.shape[1]):
            slots[slot, word] = entries[rows[place], word]


def fill_sends(
    entries: Array,
    listeners: Array,
    sources: Array,
    lengths: Array,
    addresses: Array,
    flags: int,
    slots: Array,
    tail: int,
) -> None:
    """Do the same for sending what lies at the sources' addresses to the listeners; ``flags`` stand beside lengths."""
    last = slots.shape[0] - 1
    for place in range(listeners.shape[0]):
        slot = tail + place & last
        for word in range(entries.shape[1]):
            slots[slot, word] = entries[listeners[place], word]
        slots[slot, 2] = addresses[sources[place]]
        slots[slot, 3] = np.uint64(lengths[place]) | np.uint64(flags)


def take_results(done: Array, head: int, count: int, well: Array, ill: Array) -> int:
    """Take results from a ring, a power of two of them.

    Args:
        done: by place, the row, and a word whose lower half is the result.
        head: the first.
        count: how many.
        well: shape (2, count), gets rows and results above 0.
        ill: the same of the others.

    Returns:
        How many are in ``well``; all others are in ``ill``.
    """
    last = done.shape[0] - 1
    good, bad = 0, 0
    for number in range(count):
        place = head + number & last
        result = ((done[place, 1] & _WORD) ^ 0x8000_0000) - 0x8000_0000
        if result > 0:
            well[0, good] = done[place, 0]
            well[1, good] = result
            good += 1
        else:
            ill[0, bad] = done[place, 0]
            ill[1, bad] = result
            bad += 1
    return good
