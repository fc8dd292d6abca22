"""Programs elsewhere that a site works with: a CRM that knows customers, and whoever is told of calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EVENTS: Final = ("started", "ringing", "answered", "ended")
"""What can be told of a call."""


@dataclass(frozen=True, slots=True)
class Crm:
    """Where is asked who is responsible for a caller whom the site's own contacts do not know."""

    name: str
    url: str
    """With ``{caller}`` in it."""
    responsible: str
    """Where in the JSON answer the employee stands, by name, extension or SIP address: ``0.manager.extension``."""
    token_env: str = ""
    """The environment variable with the token for Authorization: Bearer."""
    timeout_s: float = 2.0
    cache_s: float = 300.0
    """How long an answer counts."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told of calls, by signed requests (Standard Webhooks)."""

    name: str
    url: str
    secret_env: str
    """The environment variable with the secret that requests are signed with: ``whsec_...``."""
    events: tuple[str, ...] = EVENTS
