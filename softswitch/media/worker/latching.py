"""From whom a leg takes packets: only from where its call says (RFC 3550 knows no such rule, NAT asks for one).

In this order:

1. the connection address of the phone's SDP, best from the very port that the SDP names;
2. the address that the phone's SIP packets come from (a phone behind NAT);
3. any other, only if the SDP's address is private and is not the SIP source, nothing came from the first two for a
   second, and four packets in a row came from there, of one SSRC and of a negotiated payload type. Then the leg is
   locked: no other such address takes it over, however long it is silent.

A better rank takes the leg back from a worse one at once; the same or a worse one of the first two ranks only after a
second of silence (a NAT that changed its mapping). When the phone moves, packets from where it was are still under way:
they are heard, but for half a second they do not latch, since the phone listens there no more. The rules know no
sockets; ``now`` is monotonic seconds.
"""

from __future__ import annotations

import enum
import functools
import ipaddress
from collections.abc import Callable
from typing import Final

Endpoint = tuple[str, int]

SILENCE_S: Final = 1.0
"""How long the first two ranks must be silent before another address is listened to."""
LATE_S: Final = 0.5
"""How long packets from the address that a phone has left may still come."""
PACKETS_IN_A_ROW: Final = 4
_MOST_CANDIDATES: Final = 8
_MOST_REMEMBERED: Final = 4096
"""Addresses whose kind is remembered: a phone's is asked for with each of its calls."""
_SHARED_ADDRESSES: Final = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598: carrier-grade NAT, private to us too


class Rank(enum.IntEnum):
    """How well an address is vouched for; less is better."""

    SDP_PORT = 0
    SDP_ADDRESS = 1
    SIP_SOURCE = 2
    ANY = 3


class Verdict(enum.Enum):
    """What becomes of a packet that did not come over the connected socket."""

    REFUSED = enum.auto()
    TAKEN = enum.auto()
    """It is the phone's: from before its socket was connected, or from where the phone was before it moved."""
    LATCHED = enum.auto()
    """It is the phone's, and from now on its address is the phone's."""


class Latch:
    """Where one leg's packets are taken from.

    Attributes:
        source: the latched address and port, or None.
        destination: where packets to the phone go: the latched address, before that the SDP's, or None while there is
            none.
    """

    __slots__ = (
        "_candidates",
        "_left",
        "_moved_at",
        "_open_to_any",
        "_quiet_since",
        "_rank",
        "_sdp",
        "_sip_source",
        "destination",
        "source",
    )

    def __init__(self) -> None:
        self.source: Endpoint | None = None
        self.destination: Endpoint | None = None
        self._rank = Rank.ANY
        self._sdp: Endpoint = ("", 0)
        self._sip_source = ""
        self._open_to_any = False
        self._quiet_since = 0.0
        self._left: Endpoint | None = None
        """Where the phone was before it moved."""
        self._moved_at = 0.0
        self._candidates: dict[Endpoint, tuple[int, int, int]] = {}
        """Address to SSRC, last sequence number and packets in a row."""

    @property
    def described(self) -> Endpoint | None:
        """The address and port of the phone's SDP, or None while there is no usable one."""
        return self._sdp if self._sdp[0] and self._sdp[1] else None

    def aim(self, address: str, port: int, sip_source: str, *, now: float) -> bool:
        """Say where the phone's packets should come from.

        A connection address of zeros (hold in the manner of RFC 2543) or one that is no address of one host says
        nothing, and changes nothing of what is known.

        Returns:
            Whether the phone has moved, so that its address must be learnt anew.
        """
        host, source = host_address(address), host_address(sip_source)
        aimed_before = bool(self._sdp[0] or self._sip_source)
        if (not host and aimed_before) or ((host, port), source) == (self._sdp, self._sip_source):
            return False
        self._sdp, self._sip_source = (host, port), source
        self._open_to_any = bool(host) and _is_private(host) and host != source
        if self.source is not None:
            self._left, self._moved_at = self.source, now
        self.source, self._rank, self._quiet_since = None, Rank.ANY, now
        self.destination = self.described
        self._candidates.clear()
        return True

    def judge(
        self, source: Endpoint, ssrc: int, sequence: int, *, now: float, heard_at: Callable[[], float]
    ) -> Verdict:
        """Judge a packet with a negotiated payload type that came from ``source``.

        Args:
            source: its address and port.
            ssrc: its SSRC.
            sequence: its sequence number.
            now: monotonic seconds.
            heard_at: tells when the latched address was last heard; asked only where that decides.
        """
        if source == self.source:
            return Verdict.TAKEN
        rank = self._rank_of(source)
        if rank is Rank.ANY:
            return self._judge_any(source, ssrc, sequence, now=now)
        self._quiet_since = now
        if source == self._left and rank is not Rank.SDP_PORT and now - self._moved_at < LATE_S:
            return Verdict.TAKEN if self.source is None else Verdict.REFUSED
        if self.source is not None and rank >= self._rank and now - heard_at() < SILENCE_S:
            return Verdict.REFUSED
        return self._take(source, rank)

    def allows(self, address: str) -> bool:
        """Tell whether reports (RTCP) may come from this address: the latched one, or one of the first two ranks."""
        latched = self.source is not None and self.source[0] == address
        return latched or address in (self._sdp[0], self._sip_source)

    def _rank_of(self, source: Endpoint) -> Rank:
        if source == self._sdp:
            return Rank.SDP_PORT
        if source[0] == self._sdp[0]:
            return Rank.SDP_ADDRESS
        return Rank.SIP_SOURCE if source[0] == self._sip_source else Rank.ANY

    def _judge_any(self, source: Endpoint, ssrc: int, sequence: int, *, now: float) -> Verdict:
        if not self._open_to_any or self.source is not None or now - self._quiet_since < SILENCE_S:
            return Verdict.REFUSED
        known_ssrc, last, count = self._candidates.pop(source, (ssrc, sequence - 1, 0))
        in_a_row = ssrc == known_ssrc and sequence == (last + 1) & 0xFFFF
        count = count + 1 if in_a_row or not count else 1
        if count >= PACKETS_IN_A_ROW:
            return self._take(source, Rank.ANY)
        if len(self._candidates) >= _MOST_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]
        self._candidates[source] = (ssrc, sequence, count)
        return Verdict.REFUSED

    def _take(self, source: Endpoint, rank: Rank) -> Verdict:
        self.source = self.destination = source
        self._rank = rank
        self._candidates.clear()
        return Verdict.LATCHED


@functools.lru_cache(_MOST_REMEMBERED)
def host_address(text: str) -> str:
    """Return the canonical form of one host's address; empty for names, zeros, groups and anything else."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if address.is_unspecified or address.is_multicast:
        return ""
    return str(address)


@functools.lru_cache(_MOST_REMEMBERED)
def _is_private(host: str) -> bool:
    address = ipaddress.ip_address(host)
    return address.is_private or (address.version == 4 and address in _SHARED_ADDRESSES)
