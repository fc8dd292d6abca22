"""Keys that are sent to a phone beside the sound, in the place of other sound (RFC 4733)."""

from __future__ import annotations

from typing import NamedTuple

from softswitch.core.errors import LocalProtocolError, MediaError
from softswitch.media.engine import Format
from softswitch.rtp.event_sender import EventSender

_FRAME_MS = 20


class KeyPacket(NamedTuple):
    """What goes out in a frame's place."""

    payload_type: int
    payload: bytes
    marker: bool
    timestamp: int


class KeyTrack:
    """Keys for one phone that has agreed upon telephone events.

    Args:
        digits: any of ``0-9*#A-D``.
        form: the format.

    Raises:
        MediaError: there is no such key, or there are too many.
    """

    def __init__(self, digits: str, form: Format) -> None:
        self._payload_type = form.send_type
        self._sender = EventSender(form.clock_rate_hz, _FRAME_MS)
        self.press(digits)

    def press(self, digits: str) -> None:
        """Send keys after those that wait already.

        Raises:
            MediaError: there is no such key, or too many wait.
        """
        try:
            self._sender.press(digits)
        except LocalProtocolError as error:
            raise MediaError(str(error)) from error

    @property
    def ended(self) -> bool:
        """Whether all is sent."""
        return self._sender.is_idle

    @property
    def problem(self) -> str:
        """Nothing goes wrong once it has begun."""
        return ""

    def next_packet(self, timestamp: int) -> KeyPacket | None:
        """Return what goes out in the place of the frame with this timestamp; None in a pause."""
        sent = self._sender.next_packet(timestamp)
        return None if sent is None else KeyPacket(self._payload_type, sent.payload, sent.marker, sent.timestamp)

    def advance(self) -> None:
        """The frame has passed already."""

    def close(self) -> None:
        """There is nothing to give back."""
