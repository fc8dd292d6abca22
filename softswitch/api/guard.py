"""Who may come in by TCP: whoever names a host that is ours and holds the token.

The guard is an ASGI application around the real one, and only the TCP listener is served through it. So whether a
request needs the token depends on nothing that the request says. The Host header is checked because a page in the
operator's browser can reach a loopback port under a name of its own (DNS rebinding).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from softswitch.api.problems import problem
from softswitch.api.roles import ADMINISTRATOR, Bearer, MayCommand, permits

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
BOUND_USER: Final = "softswitch.user"
"""Where a request's scope names the user whose own token it came with; empty or missing for all others."""
OPEN_PATHS: Final = frozenset({"/healthz", "/metrics"})
"""What a caller from loopback may ask without a token."""


class Guard:
    """Lets requests through to an application that carry the token.

    Args:
        app: the application.
        token: what stands behind ``Authorization: Bearer``.
        hosts: further names and addresses, without port, that a Host header may have.
        bearer_of: who has any other token.
        may_command: which legs are a user's own matter.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str,
        hosts: Iterable[str] = (),
        bearer_of: Callable[[str], Bearer] = lambda token: Bearer(""),
        may_command: MayCommand = lambda user, leg: False,
    ) -> None:
        self._app = app
        self._bearer_of = bearer_of
        self._may_command = may_command
        self._expected = f"Bearer {token}".encode()
        self._hosts = frozenset(host.lower() for host in (*LOOPBACK_NAMES, *hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection as ASGI asks for."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if _host_of(headers) not in self._hosts:
            await _refuse(scope, receive, send, 421, "unknown-host", "The Host header names no address of the switch.")
            return
        bearer = self._bearer(headers)
        if scope["path"] in OPEN_PATHS and (bearer.role or _from_loopback(scope)):
            await self._app(scope, receive, send)
        elif not bearer.role:
            await _refuse(scope, receive, send, 401, "token-needed", "Send 'Authorization: Bearer' with the API token.")
        elif not permits(bearer, scope.get("method", "GET"), scope["path"], self._may_command):
            whose = f"The token of {bearer.user}" if bearer.user else f"A token of the role {bearer.role}"
            await _refuse(scope, receive, send, 403, "role-forbids", f"{whose} may not do this.")
        else:
            await self._app({**scope, BOUND_USER: bearer.user}, receive, send)

    def _bearer(self, headers: dict[bytes, bytes]) -> Bearer:
        """Return who has the token that was sent."""
        given = headers.get(b"authorization", b"")
        if hmac.compare_digest(given, self._expected):
            return Bearer(ADMINISTRATOR)
        kind, _, token = given.decode("latin-1").partition(" ")
        return self._bearer_of(token) if kind == "Bearer" and token else Bearer("")


def _host_of(headers: dict[bytes, bytes]) -> str:
    """Return the Host header without its port, in lower case."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host


def _from_loopback(scope: Scope) -> bool:
    client: Any = scope.get("client")
    return bool(client) and ip_address(client[0]).is_loopback


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, error_id: str, detail: str) -> None:
    """Answer with a problem; a WebSocket is closed before it opens, which the peer sees as 403."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    answer = problem(status, error_id, detail)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    await answer(scope, receive, send)
