"""Whether a phone's sound is encrypted: what is written for it, and what its signalling permits.

Keys of SRTP stand in the descriptions (RFC 4568), so they are worth as much as the signalling is: over TLS and
secure WebSocket they are offered and taken, over UDP and TCP only where the site says so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

OFF: Final = "off"
OPTIONAL: Final = "optional"
REQUIRED: Final = "required"
IMPOSSIBLE: Final = "impossible"
"""It is required, and its keys may not be told over this transport."""
CHOICES: Final = (OFF, OPTIONAL, REQUIRED)
"""What may be written in the site."""
_ENCRYPTED: Final = frozenset({"tls", "wss"})


@lru_cache(maxsize=64)
def encryption_over(transport: str, written: str, *, without_tls: bool) -> str:
    """Return what holds for a phone: one of the words above.

    Args:
        transport: by which its signalling comes, in lower case.
        written: ``off``, ``optional`` or ``required``.
        without_tls: whether keys may be told over a transport that is not encrypted.
    """
    if written == OFF or without_tls or transport in _ENCRYPTED:
        return written
    return IMPOSSIBLE if written == REQUIRED else OFF
