"""How much of the switch one peer's stream may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Limits of connections, for each of TCP, TLS and WebSocket."""

    most_connections: int = 20_000
    """Further ones are closed as they come."""
    most_octets: int = 65_536
    """The largest message (headers and body)."""
    first_message_s: float = 32.0
    """A connection that has brought no whole message by then is closed."""
    idle_s: float = 7_500.0
    """Nothing came for so long: longer than the longest registration, so a phone in order is never cut off."""
    handshake_s: float = 10.0
    """A TLS connection must be agreed upon by then."""
    connect_s: float = 4.0
    """An outgoing connection is given up after that; well before a transaction's 32 s."""
    most_unsent_octets: int = 1 << 20
    """A peer that does not read is cut off when so much waits for it."""
    sweep_s: float = 5.0
    """How often the limits in seconds are looked at."""
