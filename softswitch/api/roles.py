"""What a token lets its bearer do: see, control calls and statuses, or everything."""

from __future__ import annotations

from typing import Final

VIEWER: Final = "viewer"
OPERATOR: Final = "operator"
ADMINISTRATOR: Final = "administrator"
ROLES: Final = (VIEWER, OPERATOR, ADMINISTRATOR)

_SECRET: Final = ("/api/v1/trace/", "/api/v1/site", "/api/v1/phones", "/api/v1/recordings", "/api/v1/voicemail")
"""What only an administrator sees: messages of calls, the site, how phones are set up, what was recorded."""
_OF_OPERATORS: Final = ("/api/v1/users/", "/api/v1/legs/", "/api/v1/conversations/", "/api/v1/conferences")


def permits(role: str, method: str, path: str) -> bool:
    """Tell whether a role may ask for something.

    Args:
        role: one of :data:`ROLES`; anything else permits nothing.
        method: of HTTP; ``GET`` for a WebSocket, which only shows.
        path: as it was asked for.
    """
    if role == ADMINISTRATOR:
        return True
    if role not in ROLES or path.startswith(_SECRET):
        return False
    return method in {"GET", "HEAD"} or (role == OPERATOR and path.startswith(_OF_OPERATORS))
