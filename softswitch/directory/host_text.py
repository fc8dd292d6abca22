"""Hosts as site files write them: an address or a name, perhaps with a port."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

_HOST_PORT: Final = re.compile(r"(\[[^\]]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")


def host_port(text: str, usual: int | None) -> tuple[str, int | None]:
    """Return the host in its shortest form, and its port, or the usual one where none is written."""
    match = _HOST_PORT.fullmatch(text)
    if match is None:
        return shortest_address(text), usual
    return shortest_address(match[1]), int(match[2]) if match[2] else usual


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def shortest_address(host: str) -> str:
    """Return an IP address as flows show it (IPv6 without brackets and shortened), or the host's name as it is."""
    try:
        return ip_address(host.strip("[]")).compressed
    except ValueError:
        return host.lower()
