"""What a receiver learns from sequence numbers and arrival times: loss and jitter (RFC 3550 §A.1, §A.3, §A.8)."""

from __future__ import annotations

from typing import Final

_MODULUS: Final = 1 << 16
_MOST_DROPOUT: Final = 3000
_MOST_MISORDER: Final = 100
_LEAST_SEQUENTIAL: Final = 2
_NO_SEQUENCE: Final = _MODULUS + 1
_LEAST_LOST: Final = -(1 << 23)
_MOST_LOST: Final = (1 << 23) - 1


class SequenceTracker:
    """Sequence numbers of one source, extended to 32 bits, with what is missing among them.

    A source is valid after two packets in sequence. A jump of more than 3,000 forward or 100 back is taken for noise
    unless the next packet continues it: then the sender has started anew, and so does the count.
    """

    __slots__ = (
        "_bad",
        "_base",
        "_cycles",
        "_expected_before",
        "_highest",
        "_probation",
        "_received_before",
        "received",
    )

    received: int
    """Packets taken as valid, duplicates and late ones among them."""

    def __init__(self, sequence: int) -> None:
        self._start(sequence)
        self._highest = (sequence - 1) % _MODULUS
        self._probation = _LEAST_SEQUENTIAL

    def _start(self, sequence: int) -> None:
        self._base = self._highest = sequence
        self._bad = _NO_SEQUENCE
        self._cycles = 0
        self.received = 0
        self._probation = 0
        self._expected_before = self._received_before = 0

    def update(self, sequence: int) -> bool:
        """Take a packet's 16-bit sequence number; False for one that does not count (yet)."""
        if self._probation:
            return self._prove(sequence)
        ahead = (sequence - self._highest) % _MODULUS
        if ahead < _MOST_DROPOUT:
            if sequence < self._highest:
                self._cycles += _MODULUS
            self._highest = sequence
        elif ahead <= _MODULUS - _MOST_MISORDER:
            if sequence != self._bad:
                self._bad = (sequence + 1) % _MODULUS
                return False
            self._start(sequence)
        self.received += 1
        return True

    def _prove(self, sequence: int) -> bool:
        if sequence == (self._highest + 1) % _MODULUS:
            self._probation -= 1
            self._highest = sequence
            if not self._probation:
                self._start(sequence)
                self.received = 1
                return True
            return False
        self._probation = _LEAST_SEQUENTIAL - 1
        self._highest = sequence
        return False

    @property
    def extended_highest(self) -> int:
        """The highest sequence number seen, with the count of its cycles above it."""
        return self._cycles + self._highest

    @property
    def expected(self) -> int:
        """Packets that should have come from the first to the highest."""
        return 0 if self._probation else self.extended_highest - self._base + 1

    @property
    def lost(self) -> int:
        """Packets missing, as a report says it: duplicates make it smaller, even negative; 24 bits with sign."""
        return max(_LEAST_LOST, min(_MOST_LOST, self.expected - self.received))

    def fraction_lost(self) -> int:
        """Return the share lost since the last call, in 256ths; 0 where duplicates outnumber losses."""
        expected = self.expected - self._expected_before
        lost = expected - (self.received - self._received_before)
        self._expected_before = self.expected
        self._received_before = self.received
        return min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0


class Jitter:
    """The mean deviation of packet spacing, smoothed by 1/16.

    Args:
        clock_rate_hz: the RTP clock of the source's format.
    """

    __slots__ = ("_clock_rate_hz", "_transit", "jitter_rtp")

    jitter_rtp: float
    """In units of the RTP timestamp, as reports carry it (cut to an integer)."""

    def __init__(self, clock_rate_hz: int) -> None:
        self._clock_rate_hz = clock_rate_hz
        self._transit: float | None = None
        self.jitter_rtp = 0.0

    def update(self, timestamp: int, arrival_s: float) -> None:
        """Take a packet's 32-bit timestamp and the monotonic time at which it came."""
        transit = arrival_s * self._clock_rate_hz - timestamp
        if self._transit is not None:
            # timestamps wrap at 32 bits: the nearest difference is the true one
            difference = (transit - self._transit + (1 << 31)) % (1 << 32) - (1 << 31)
            self.jitter_rtp += (abs(difference) - self.jitter_rtp) / 16
        self._transit = transit

    @property
    def jitter_ms(self) -> float:
        """In milliseconds."""
        return self.jitter_rtp * 1000 / self._clock_rate_hz
