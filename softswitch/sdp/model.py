"""Session descriptions as values (RFC 8866), reduced to what a switch acts on.

Attributes stay the text they were on the wire, in their order; who needs one reads it. Names, times, bandwidths and
lines nobody knows are read over and not kept. All are named tuples: they are made for each call and serve as keys.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Origin(NamedTuple):
    """The ``o=`` line: which session this is, and which version of its description."""

    session_id: int
    version: int
    """Raised by one each time that the description changes (RFC 3264 §8)."""
    address: str


class PayloadFormat(NamedTuple):
    """What one payload type number stands for: ``rtpmap``, or the static table of RFC 3551."""

    payload_type: int
    encoding: str
    """Upper case but for ``telephone-event``: encoding names know no case (RFC 4855 §3)."""
    clock_rate_hz: int
    channels: int = 1
    fmtp: str = ""
    """The format's parameters as text; empty where there are none."""

    @property
    def carries_sound(self) -> bool:
        """Whether a call can be held with it: comfort noise and telephone events are only additions to it."""
        return self.encoding not in _ADDITIONS


_ADDITIONS: Final = frozenset({"telephone-event", "CN"})


class Media(NamedTuple):
    """One ``m=`` line and what follows it."""

    kind: str
    """``audio``, ``video``, ``image`` ... in lower case."""
    port: int
    """0: refused, or switched off."""
    protocol: str
    """As it was written: ``RTP/AVP``, ``RTP/SAVP``, ``udptl`` ..."""
    formats: tuple[str, ...]
    """Format tokens as they were written; for RTP, payload type numbers in order of preference."""
    address: str = ""
    """Its own ``c=`` line; empty where the session's holds."""
    attributes: tuple[str, ...] = ()
    """Without ``a=``."""
    port_count: int = 1


class SessionDescription(NamedTuple):
    """A whole description; immutable, so that what was parsed once may be handed to everybody."""

    origin: Origin
    address: str
    """The session's ``c=`` line; empty where each open stream has its own."""
    media: tuple[Media, ...]
    attributes: tuple[str, ...] = ()
    """Those before the first ``m=`` line, without ``a=``."""
