"""Requests that are too large for datagrams: they go by a stream, or by datagrams after all (RFC 3261 §18.1.1).

A datagram above the path's MTU is cut into pieces, and routers drop pieces; a stream has no such limit. But many phones
and providers do not listen for streams: where none can be opened the request goes by datagrams as it would have, and
that peer is not asked for a stream again for a while.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from softswitch.sip.flow import Flow
from softswitch.sip.transaction.base import Key

MEMORY_S: Final = 600.0
"""How long a peer without streams is remembered."""
_MOST_REMEMBERED: Final = 10_000
_TOPMOST_VIA: Final = re.compile(rb"\r\nVia: SIP/2\.0/[A-Z]+ ")


class Oversize:
    """Decides which requests go by streams.

    Args:
        most_octets: what a datagram may carry; 0: everything goes by datagrams.
    """

    def __init__(self, most_octets: int = 0) -> None:
        self.most_octets = most_octets or sys.maxsize
        self._meant: dict[Key, Flow] = {}
        """The datagrams' flow of what waits for its answer on a stream."""
        self._without: dict[tuple[str, int], float] = {}
        """By peer that takes no streams: until when that is believed."""

    def way(self, key: Key, flow: Flow, now: float) -> Flow:
        """Return the flow by which a request leaves that is larger than a datagram may be."""
        if flow.transport != "udp" or self._without.get(flow.remote, 0.0) > now:
            return flow
        self._meant[key] = flow
        return Flow("tcp", (flow.local[0], 0), flow.remote)

    def refused(self, key: Key, now: float) -> Flow | None:
        """Return by which datagrams a request shall go whose stream has failed; None where it was no such one."""
        flow = self._meant.pop(key, None)
        if flow is not None:
            if len(self._without) >= _MOST_REMEMBERED:
                self._without.clear()
            self._without[flow.remote] = now + MEMORY_S
        return flow

    def rest(self, key: Key) -> None:
        """Forget a request that waits for nothing any more."""
        self._meant.pop(key, None)


def over(data: bytes, flow: Flow) -> bytes:
    """Return a request of ours with the transport of a flow in its Via."""
    return _TOPMOST_VIA.sub(b"\r\nVia: SIP/2.0/%b " % flow.transport.upper().encode(), data, count=1)


def via_over(via: str, flow: Flow) -> str:
    """Return our Via with the transport of a flow in it."""
    return f"SIP/2.0/{flow.transport.upper()} {via.partition(' ')[2]}"
