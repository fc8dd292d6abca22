"""Keys of a phone that the switch presses by a NOTIFY without subscription and body (BroadSoft's remote control)."""

from __future__ import annotations

from typing import Final

from softswitch.sip.message import Header

TALK: Final[tuple[Header, ...]] = (("Event", "talk"), ("Subscription-State", "active"))
"""Takes a call, or takes it off hold."""
HOLD: Final[tuple[Header, ...]] = (("Event", "hold"), ("Subscription-State", "active"))
"""Puts it on hold."""
