"""What a token lets its bearer do: see, control calls and statuses, or everything.

An operator's token may be a user's own: then it commands that user's line alone, those whom the user has brought
together, and what a supervisor may hear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

VIEWER: Final = "viewer"
OPERATOR: Final = "operator"
ADMINISTRATOR: Final = "administrator"
ROLES: Final = (VIEWER, OPERATOR, ADMINISTRATOR)

_SECRET: Final = ("/api/v1/trace/", "/api/v1/site", "/api/v1/phones", "/api/v1/recordings", "/api/v1/voicemail")
"""What only an administrator sees: messages of calls, the site, how phones are set up, what was recorded."""
_OF_OPERATORS: Final = ("/api/v1/users/", "/api/v1/legs/", "/api/v1/conversations/", "/api/v1/conferences")


_USERS: Final = "/api/v1/users/"
_LEGS: Final = "/api/v1/legs/"


class Bearer(NamedTuple):
    """Whoever has a token."""

    role: str
    """One of :data:`ROLES`; empty for a token that nobody knows."""
    user: str = ""
    """Name of the user whose own it is; empty: it is nobody's own."""


MayCommand = Callable[[str, str], bool]
"""Tells whether a user, named first, may command a leg with a token of their own."""


def permits(bearer: Bearer, method: str, path: str, may_command: MayCommand) -> bool:
    """Tell whether somebody may ask for something.

    Args:
        bearer: who asks.
        method: of HTTP; ``GET`` for a WebSocket, which only shows.
        path: as it was asked for.
        may_command: which legs are a user's own matter.
    """
    if bearer.role == ADMINISTRATOR:
        return True
    if bearer.role not in ROLES or path.startswith(_SECRET):
        return False
    if method in {"GET", "HEAD"}:
        return True
    if bearer.role != OPERATOR or not path.startswith(_OF_OPERATORS):
        return False
    return not bearer.user or _is_own(bearer.user, path, may_command)


def _is_own(user: str, path: str, may_command: MayCommand) -> bool:
    """Tell whether a path names the line of a user, or a leg of theirs; whom one supervises is asked later."""
    if path.startswith(_USERS):
        return path.removeprefix(_USERS).partition("/")[0] == user
    leg, _, command = path.removeprefix(_LEGS).partition("/")
    return path.startswith(_LEGS) and (command == "supervise" or may_command(user, leg))
