"""The Call-ID of octets that need not be a message that can be read."""

from __future__ import annotations

import re
from typing import Final

_CALL_ID: Final = re.compile(rb"\r?\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]+?)[ \t]*\r?\n", re.IGNORECASE)


def call_id_in(data: bytes) -> str:
    """Return the value of the first Call-ID header (RFC 3261 §20.8), empty where there is none."""
    found = _CALL_ID.search(data)
    return found[1].decode(errors="replace") if found else ""
