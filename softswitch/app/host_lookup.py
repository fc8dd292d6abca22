"""Looking up the host of a SIP address: SRV first where no port is given, else the host's own addresses (RFC 3263)."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.rdtypes.IN.SRV import SRV

from softswitch.scenario.errands import ErrandOver

_PORT: Final = 5060


async def look_up(host: str, port: int, transport: str) -> ErrandOver:
    """Find the IP address and the port of a SIP host.

    Args:
        host: a name.
        port: as the address has it; 0 where it has none.
        transport: ``udp`` or ``tcp``.
    """
    target, found_port = (host, port) if port else await _service(host, transport)
    try:
        addresses = await asyncio.get_running_loop().getaddrinfo(target, found_port, type=socket.SOCK_DGRAM)
    except OSError as error:
        return ErrandOver(False, f"{target}: {error.strerror}", {})
    chosen = min(addresses, key=lambda one: one[0] != socket.AF_INET)
    return ErrandOver(True, "done", {"host": str(chosen[4][0]), "port": str(found_port)})


async def _service(host: str, transport: str) -> tuple[str, int]:
    """Return the host and port that SRV names first; the host itself where there is no such record."""
    try:
        answer = await Resolver().resolve(f"_sip._{transport}.{host}", "SRV")
    except (DNSException, OSError):
        return host, _PORT
    records = [record for record in answer if isinstance(record, SRV)]
    if not records:
        return host, _PORT
    first = min(records, key=lambda record: (record.priority, -record.weight))
    return first.target.to_text(omit_final_dot=True), first.port
