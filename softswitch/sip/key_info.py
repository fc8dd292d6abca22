"""Keys pressed, as phones tell them in the body of an INFO.

Two forms are in use; neither is in an RFC (RFC 6086 §1 lists them among the legacy uses of INFO)::

    application/dtmf-relay      Signal=5<CRLF>Duration=160
    application/dtmf            5
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from softswitch.core.errors import LocalProtocolError, SipError

RELAY_TYPE: Final = "application/dtmf-relay"
PLAIN_TYPE: Final = "application/dtmf"
USUAL_MS: Final = 160
_LONGEST_MS: Final = 60_000
_KEYS: Final = "0123456789*#ABCD"
_FLASH: Final = frozenset({"16", "!", "FLASH", "HF"})
_LINE: Final = re.compile(r"\s*(signal|duration)\s*[=:]\s*(.*?)\s*", re.IGNORECASE)


class KeyInfo(NamedTuple):
    """A key, and for how long it was held."""

    digit: str
    """One of ``0-9*#A-D``; empty for a hook flash, which is no key."""
    duration_ms: int = USUAL_MS


def parse_key_info(content_type: str, body: bytes) -> KeyInfo | None:
    """Read the body of an INFO.

    Args:
        content_type: in lower case, without parameters.
        body: its octets.

    Returns:
        The key, or None where the INFO is about something else.

    Raises:
        SipError: it is about a key, and names none.
    """
    if content_type not in (RELAY_TYPE, PLAIN_TYPE):
        return None
    text = body.decode("ascii", "replace").strip()
    fields = _fields(text)
    signal = fields.get("signal", "" if content_type == RELAY_TYPE or "=" in text else text)
    duration = fields.get("duration", "")
    duration_ms = int(duration) if duration.isdecimal() and 0 < len(duration) <= 5 else USUAL_MS
    return KeyInfo(_digit(signal), min(max(duration_ms, 1), _LONGEST_MS))


def build_key_info(key: KeyInfo) -> tuple[str, bytes]:
    """Write a key as nearly every phone and gateway reads it.

    Returns:
        The content type and the body.

    Raises:
        LocalProtocolError: there is no such key.
    """
    if len(key.digit) != 1 or key.digit not in _KEYS or not 0 < key.duration_ms <= _LONGEST_MS:
        raise LocalProtocolError(f"{key} cannot be told")
    return RELAY_TYPE, f"Signal={key.digit}\r\nDuration={key.duration_ms}\r\n".encode()


def _fields(text: str) -> dict[str, str]:
    lines = (_LINE.fullmatch(line) for line in text.splitlines())
    return {line[1].lower(): line[2] for line in lines if line is not None}


def _digit(signal: str) -> str:
    """Return the key that a signal names: by itself, or by its event code (RFC 4733), as some phones do."""
    wanted = signal.upper()
    if len(wanted) == 1 and wanted in _KEYS:
        return wanted
    if wanted in _FLASH:
        return ""
    if wanted.isascii() and wanted.isdecimal() and len(wanted) == 2 and int(wanted) < len(_KEYS):
        return _KEYS[int(wanted)]
    raise SipError(f"the INFO names no key: Signal={signal[:20]!r}")
