"""Which URIs name somebody here, and which somebody elsewhere (RFC 3261 §8.2.2.1, §21.4.5).

Phones call the switch by names that no setting knows: an address of a router, a second name in the DNS, a proxy in
front. So all those count by which it was reached: its domain, its addresses, and how registered phones, and whoever
sends the request, call it.
"""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.addresses import Addresses
from softswitch.core.errors import SipError
from softswitch.directory.host_text import shortest_address
from softswitch.directory.location import LocationState
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import parse_address
from softswitch.sip.uri import Uri


class OwnNames:
    """Tells our names from others.

    Args:
        domain: gives the site's domain.
        locations: how phones call us.
        addresses: our addresses.
    """

    def __init__(self, domain: Callable[[], str], locations: LocationState, addresses: Addresses) -> None:
        self._domain = domain
        self._locations = locations
        self._addresses = addresses

    def are_in(self, uri: Uri, flow: Flow, *spoken: str) -> bool:
        """Tell whether a URI names somebody here.

        A number with its country (``+``), and one without a host, is the same everywhere.

        Args:
            uri: of whom is spoken.
            flow: how its sender reaches us.
            spoken: URIs or addresses that stand for the sender or for us in the same request or dialog.
        """
        if uri.scheme not in {"sip", "sips"} or uri.user.startswith("+"):
            return True
        host = shortest_address(uri.host)
        return (
            host == self._domain().lower()
            or self._locations.knows_us_as(uri.host)
            or host in {flow.local[0], self._addresses.host_for(flow)}
            or any(_host_in(text) == host for text in spoken)
        )


def _host_in(text: str) -> str:
    try:
        return shortest_address(parse_address(text).uri.host)
    except SipError:
        return ""
