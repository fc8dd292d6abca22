"""Telephone events: keys pressed, sent beside the sound (RFC 4733)."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from softswitch.core.errors import LocalProtocolError, RtpError

DIGITS: Final = "0123456789*#ABCD"
"""A digit's place is its event code (RFC 4733 §3.2)."""

PAYLOAD_OCTETS: Final = 4
LONGEST_DURATION_RTP: Final = 0xFFFF
"""A longer event goes on in a new segment with a new timestamp (§2.5.1.3)."""

_PAYLOAD: Final = struct.Struct("!BBH")
_END_PACKETS: Final = 3
_REMEMBERED: Final = 16


class TelephoneEvent(NamedTuple):
    """The payload of one packet."""

    code: int
    """0 to 15 are the keys; others are flash, tones of modems and the like."""
    duration_rtp: int
    """From the packet's timestamp to now, in units of the RTP clock."""
    end: bool = False
    volume_dbm0: int = 10
    """How far below 0 dBm0 the tone is: 0 to 63."""

    @property
    def digit(self) -> str:
        """The key, or an empty string."""
        return DIGITS[self.code] if self.code < len(DIGITS) else ""


def parse_event(payload: bytes) -> TelephoneEvent:
    """Parse a payload; what stands behind its four octets is ignored.

    Raises:
        RtpError: it is shorter.
    """
    if len(payload) < PAYLOAD_OCTETS:
        raise RtpError(f"{len(payload)} octets are no telephone event")
    code, flags, duration_rtp = _PAYLOAD.unpack_from(payload)
    return TelephoneEvent(code, duration_rtp, flags > 0x7F, flags & 0x3F)


def build_event(event: TelephoneEvent) -> bytes:
    """Build a payload of four octets.

    Raises:
        LocalProtocolError: a field does not fit.
    """
    if not (0 <= event.code <= 255 and 0 <= event.volume_dbm0 <= 63 and 0 <= event.duration_rtp <= 0xFFFF):
        raise LocalProtocolError(f"a field of {event} does not fit")
    return _PAYLOAD.pack(event.code, event.end << 7 | event.volume_dbm0, event.duration_rtp)


class EventReceiver:
    """Turns the packets of one stream into one digit a key press.

    A key counts with the first of its packets that arrives, so it makes no difference which others are lost, repeated
    or late. All packets of an event bear one timestamp (§2.5.1.2), by which they are known; the last timestamps are
    remembered, so that a packet overtaken by the next event counts nothing. A packet that carries on an event under a
    new timestamp, as segments of a long one do (§2.5.1.3) and as some phones do with each packet, is known by its
    missing marker and by starting while the event still lasts.
    """

    __slots__ = ("_code", "_ended", "_reach_rtp", "_seen", "_ssrc", "_timestamp")

    def __init__(self) -> None:
        self._ssrc = -1
        self._forget()

    def _forget(self) -> None:
        self._seen: deque[int] = deque(maxlen=_REMEMBERED)
        self._code = -1
        self._timestamp = 0
        self._reach_rtp = 0
        self._ended = True

    def receive(self, payload: bytes, *, timestamp: int, ssrc: int, marker: bool) -> str:
        """Take one packet and return the key that it is the first word of, or an empty string.

        Args:
            payload: what followed the RTP header.
            timestamp: the packet's, 32 bits.
            ssrc: the packet's; a new one is a new stream.
            marker: set by the sender on an event's first packet.

        Raises:
            RtpError: the payload is malformed.
        """
        event = parse_event(payload)
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._forget()
        if timestamp in self._seen:
            if timestamp == self._timestamp:
                self._extend(event)
            return ""
        continued = not marker and self._continues(event, timestamp)
        self._seen.append(timestamp)
        self._code, self._timestamp, self._reach_rtp, self._ended = event.code, timestamp, 0, False
        self._extend(event)
        return "" if continued else event.digit

    def _extend(self, event: TelephoneEvent) -> None:
        self._reach_rtp = max(self._reach_rtp, event.duration_rtp)
        self._ended = self._ended or event.end

    def _continues(self, event: TelephoneEvent, timestamp: int) -> bool:
        after_rtp = (timestamp - self._timestamp) % (1 << 32)
        return event.code == self._code and (
            after_rtp <= self._reach_rtp or (after_rtp == LONGEST_DURATION_RTP and not self._ended)
        )


class EventPacket(NamedTuple):
    """One of the packets of an event; all of them bear the timestamp at which the event began."""

    payload: bytes
    marker: bool


def event_packets(
    digit: str, *, duration_rtp: int, interval_rtp: int = 160, volume_dbm0: int = 10
) -> Iterator[EventPacket]:
    """Yield the packets of one key press, in the order and number in which they are sent, one each interval.

    The first bears the marker; the last is sent three times, since the end must not be lost (§2.5.1.4).

    Args:
        digit: one of ``0-9*#A-D``.
        duration_rtp: how long the key is held, in units of the RTP clock: 1 to 65535.
        interval_rtp: from packet to packet, in the same units; 160 is 20 ms at 8000 Hz.
        volume_dbm0: how far below 0 dBm0: 0 to 63.

    Raises:
        LocalProtocolError: no such key, or a number out of its range.
    """
    code = DIGITS.find(digit)
    if code < 0 or len(digit) != 1 or interval_rtp < 1 or duration_rtp < 1:
        raise LocalProtocolError(f"{digit!r} is no key, or it is held for no time")
    last = build_event(TelephoneEvent(code, duration_rtp, end=True, volume_dbm0=volume_dbm0))
    running = range(interval_rtp, duration_rtp, interval_rtp)
    for lasted_rtp in running:
        event = TelephoneEvent(code, lasted_rtp, volume_dbm0=volume_dbm0)
        yield EventPacket(build_event(event), marker=lasted_rtp == interval_rtp)
    for copy in range(_END_PACKETS):
        yield EventPacket(last, marker=not running and copy == 0)
