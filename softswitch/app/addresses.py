"""Which of our addresses a peer is told: the socket's own, or ``advertise`` for peers outside the local networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from softswitch.sip.flow import Flow

Network = IPv4Network | IPv6Network


class Addresses:
    """The addresses that Via, Contact and SDP name towards a peer.

    Args:
        advertise: the address for peers outside ``local_networks``; empty: always the socket's own.
        local_networks: peers that reach us directly.
        stream_ports: the ports of our listeners by transport: on connections that we opened ourselves the socket's
            own port is one where nobody listens.
    """

    def __init__(
        self, advertise: str, local_networks: Sequence[Network], stream_ports: Mapping[str, int] | None = None
    ) -> None:
        self._advertise = advertise
        self._stream_ports = stream_ports or {}
        self._local_networks = tuple(local_networks)

    @cached_property
    def _is_local(self) -> Callable[[str], bool]:
        return lru_cache(maxsize=4096)(lambda host: _is_in(host, self._local_networks))

    def host_for(self, flow: Flow) -> str:
        """Return the address that this flow's peer shall use for us, in Via, Contact and SDP."""
        if self._advertise and not self._is_local(flow.remote[0]):
            return self._advertise
        return flow.local[0]

    def address_for(self, flow: Flow) -> tuple[str, int]:
        """Return host and port for Via and Contact; an IPv6 host without brackets."""
        port = self._stream_ports.get(flow.transport) or flow.local[1]
        return self.host_for(flow), port


def _is_in(host: str, networks: Sequence[Network]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)
