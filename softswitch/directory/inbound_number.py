"""Which of the site's numbers a call from a trunk is for."""

from __future__ import annotations

from contextlib import suppress

from softswitch.core.errors import SipError
from softswitch.directory.routing import dialled_number
from softswitch.directory.site import Site
from softswitch.sip.headers.address import parse_address_list
from softswitch.sip.message import Request

_ELSEWHERE = ("To", "P-Called-Party-ID", "Diversion")
"""Where a carrier that calls our registered Contact writes the number: RFC 3261 §8.2.2.1, RFC 7315 §4.2, RFC 5806."""


def inbound_number(site: Site, request: Request) -> str:
    """Return the first number of the request that the site has; the one in the Request-URI where it has none.

    Args:
        site: its numbers.
        request: the INVITE of a trunk.

    Raises:
        SipError: the Request-URI is of a scheme that nobody can be called by (416).
    """
    first = dialled_number(request.uri)
    if site.number(first) is not None:
        return first
    for name in _ELSEWHERE:
        for value in request.get_all(name):
            with suppress(SipError):
                for address in parse_address_list(value):
                    found = dialled_number(address.uri)
                    if site.number(found) is not None:
                        return found
    return first
