"""Route sets: how a request within a dialog finds its way (RFC 3261 §12.1, §12.2.1.1, §16.12.1)."""

from __future__ import annotations

from functools import lru_cache

from softswitch.core.errors import SipError
from softswitch.sip.headers.address import parse_address
from softswitch.sip.message import Message


def callee_routes(request: Message) -> tuple[str, ...]:
    """Return the route set of whoever was called: Record-Route in its order (RFC 3261 §12.1.1).

    Raises:
        SipError: an element is malformed.
    """
    found = tuple(request.get_list("Record-Route"))
    for route in found:
        parse_address(route)
    return found


def caller_routes(response: Message) -> tuple[str, ...]:
    """Return the route set of whoever called: Record-Route in reverse order (RFC 3261 §12.1.2).

    A malformed one counts as none: the call is answered, and its requests take the way that the INVITE took.
    """
    try:
        return callee_routes(response)[::-1]
    except SipError:
        return ()


def request_line(target: str, routes: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the Request-URI and the Route elements for a request to ``target``.

    Where the first hop routes loosely, as all that are not very old do, the target is the Request-URI. A strict router
    wants its own URI there and the target as the last Route.
    """
    if not routes or _is_loose(routes[0]):
        return target, routes
    return _uri_text(routes[0]), (*routes[1:], f"<{target}>")


@lru_cache(maxsize=256)
def _is_loose(route: str) -> bool:
    return "lr" in parse_address(route).uri.parameters


def _uri_text(route: str) -> str:
    return str(parse_address(route).uri)
