"""Keys sent beside the sound, one after the other (RFC 4733 §2.5.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from softswitch.core.errors import LocalProtocolError
from softswitch.rtp.telephone_event import DIGITS, LONGEST_DURATION_RTP, EventPacket, event_packets

KEY_MS: Final = 100
PAUSE_MS: Final = 100
_MOST_WAITING: Final = 64


class SentEvent(NamedTuple):
    """A packet to send now in the sound's stream, in place of a frame of sound."""

    payload: bytes
    marker: bool
    timestamp: int
    """When the key was pressed, the same in all of its packets; 32 bits."""


class EventSender:
    """Sends keys in a stream whose frames of sound somebody else sends; no sound goes out while a key is sent.

    Args:
        clock_rate_hz: of the telephone-event format, any; it must be the sound's (RFC 4733 §2.1).
        ptime_ms: from packet to packet.
        key_ms: how long a key is held; a multiple of ``ptime_ms`` or it is rounded up to one.
        pause_ms: from the end of one key to the next.

    Raises:
        LocalProtocolError: a key so long does not fit into one event at that clock.
    """

    def __init__(
        self, clock_rate_hz: int, ptime_ms: int = 20, *, key_ms: int = KEY_MS, pause_ms: int = PAUSE_MS
    ) -> None:
        self._interval_rtp = clock_rate_hz * ptime_ms // 1000
        self._duration_rtp = self._interval_rtp * -(-key_ms // ptime_ms)
        self._pause = max(1, -(-pause_ms // ptime_ms))
        if not 0 < self._duration_rtp <= LONGEST_DURATION_RTP:
            raise LocalProtocolError(f"a key of {key_ms} ms does not fit into an event at {clock_rate_hz} Hz")
        self._waiting: deque[str] = deque()
        self._packets: Iterator[EventPacket] = iter(())
        self._began_at = 0
        self._quiet = 0
        """Frames of pause still to pass."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is sent and nothing waits."""
        return not self._waiting and not self._quiet

    def press(self, digits: str) -> None:
        """Send keys after those that wait already.

        Raises:
            LocalProtocolError: there is no such key, or too many wait; none of them is sent then.
        """
        if len(self._waiting) + len(digits) > _MOST_WAITING:
            raise LocalProtocolError(f"more than {_MOST_WAITING} keys wait to be sent")
        for digit in digits:
            if digit not in DIGITS:
                raise LocalProtocolError(f"{digit!r} is no key")
        self._waiting.extend(digits)

    def next_packet(self, timestamp: int) -> SentEvent | None:
        """Return what goes out in this frame's place; call it once a frame, while not idle.

        Args:
            timestamp: what the frame's sound would bear.

        Returns:
            A packet, or None in the pause between two keys and when idle: sound may be sent then.
        """
        packet = next(self._packets, None)
        if packet is None and self._quiet:
            self._quiet -= 1
            return None
        if packet is None:
            if not self._waiting:
                return None
            digit = self._waiting.popleft()
            self._packets = event_packets(digit, duration_rtp=self._duration_rtp, interval_rtp=self._interval_rtp)
            self._began_at = timestamp
            self._quiet = self._pause
            packet = next(self._packets)
        return SentEvent(packet.payload, packet.marker, self._began_at)
