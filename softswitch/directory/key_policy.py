"""How a trunk is told keys, and which of the ways in which it may tell them are believed."""

from __future__ import annotations

from typing import Final

AUTO: Final = "auto"
"""Telephone events (RFC 4733) where both agree upon them, else tones in the sound; keys by INFO are believed too."""
RFC4733: Final = "rfc4733"
"""Telephone events alone, offered also where the caller's phone knows none; no keys where the trunk takes none."""
INBAND: Final = "inband"
"""Tones in the sound alone: telephone events are neither offered nor agreed upon."""
INFO: Final = "info"
"""INFO within the dialog alone (``application/dtmf-relay``); tones in the sound are no keys."""
CHOICES: Final = (AUTO, RFC4733, INBAND, INFO)
"""What may be written in the site."""
BY_INFO: Final = frozenset({AUTO, INFO})
"""Where an INFO that tells of a key is believed."""
WITHOUT_EVENTS: Final = frozenset({INBAND, INFO})
"""Where telephone events are not agreed upon."""
