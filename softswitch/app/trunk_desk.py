"""Calls that leave through trunks: the legs to try, one after the other, and what a trunk may carry.

Every host of a trunk, in its order, is one way, and those that do not answer OPTIONS come last; a call goes on to the
next when a host does not answer or fails with a 5xx. A refusal by whoever is called (486, 404, 603 ...) is final.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from softswitch.app.addresses import Addresses
from softswitch.calls.destinations import Phone, Place, Refuse, RingPhones
from softswitch.calls.state import CallsState
from softswitch.directory.encryption import IMPOSSIBLE
from softswitch.directory.host_names import FoundHosts, Target
from softswitch.directory.outward import Outward, Way
from softswitch.directory.site import Trunk
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.uri import Uri, parse_uri

_FULL: Final = Refuse(503, 34, "No circuit or channel available", "trunk-full")
_NO_WAY: Final = Refuse(503, 38, "Network out of order", "no-way-out")


class TrunkDesk:
    """Makes the legs of calls that leave.

    Args:
        calls: whose legs are counted.
        addresses: which of our addresses a peer sees.
        local_for: our address towards a host by a transport; None where there is no way.
        is_silent: whether a host did not answer when it was asked last.
        targets_of: where a trunk's hosts are; None: only where they are addresses.
        today: how many calls left through a trunk today, of a user or to a number where one is named.
    """

    def __init__(
        self,
        calls: CallsState,
        addresses: Addresses,
        local_for: Callable[[str, str], tuple[str, int] | None],
        is_silent: Callable[[Flow], bool] = lambda flow: False,
        targets_of: Callable[[Trunk], Iterable[Target]] | None = None,
        today: Callable[[str, str | None, str | None], int] | None = None,
    ) -> None:
        self._calls = calls
        self._addresses = addresses
        self._local_for = local_for
        self._is_silent = is_silent
        self._targets_of = targets_of or FoundHosts().targets
        self._today = today
        self._begun: dict[str, deque[float]] = {}

    def destination(self, found: Outward, *, hidden: bool, now: float, begins: bool = True) -> RingPhones | Refuse:
        """Return the legs to try, or why there are none.

        Args:
            found: the ways that the caller may take.
            hidden: whether the caller does not want to be known.
            now: monotonic seconds.
            begins: whether the call begins now, and counts for the trunk's calls a second.
        """
        phones: list[Phone] = []
        full = False
        for way in found.ways:
            if not found.emergency and self._is_full(way, found.user.name, now):
                full = True
                continue
            phones += self._phones(way, found, hidden=hidden)
        phones.sort(key=lambda phone: self._is_silent(phone.place.flow))
        if not phones:
            return _FULL if full else _NO_WAY
        if begins:
            self._begun.setdefault(phones[0].trunk, deque()).append(now)
        return RingPhones(tuple(phones[:1]), tuple(phones[1:]))

    def at_address(self, to: str, host: str, port: int) -> list[Phone]:
        """Return the leg to a SIP address that is no trunk's; none where there is no way.

        Args:
            to: the address; its parameter says the transport.
            host: where it was found, an IP address.
            port: the same.
        """
        uri = parse_uri(to)
        local = self._local_for(uri.transport, host)
        if local is None:
            return []
        flow = Flow(uri.transport, local, (host, port))
        return [Phone("", uri.user, Place(to, flow, local[0], self._addresses.host_for(flow)))]

    def _is_full(self, way: Way, user: str, now: float) -> bool:
        trunk = way.trunk
        if self._is_used_up(trunk, user, way.number):
            return True
        begun = self._begun.setdefault(trunk.name, deque())
        while begun and begun[0] <= now - 1.0:
            begun.popleft()
        if trunk.calls_each_second and len(begun) >= trunk.calls_each_second:
            return True
        if not (trunk.calls or trunk.calls_each_user):
            return False
        busy = [leg for leg in self._calls.legs.values() if leg.trunk == trunk.name and leg.is_live]
        if trunk.calls and len(busy) >= trunk.calls:
            return True
        conversations = self._calls.conversations
        own = [leg for leg in busy if conversations[leg.conversation_id].from_user == user]
        return bool(trunk.calls_each_user) and len(own) >= trunk.calls_each_user

    def _is_used_up(self, trunk: Trunk, user: str, number: str) -> bool:
        """Tell whether today's calls of a trunk are used up: in all, of the user, or to the number."""
        today = self._today
        if today is None:
            return False
        return (
            (bool(trunk.calls_each_day) and today(trunk.name, None, None) >= trunk.calls_each_day)
            or (bool(trunk.calls_each_user_day) and today(trunk.name, user, None) >= trunk.calls_each_user_day)
            or (bool(trunk.calls_each_number_day) and today(trunk.name, None, number) >= trunk.calls_each_number_day)
        )

    def _phones(self, way: Way, found: Outward, *, hidden: bool) -> list[Phone]:
        trunk = way.trunk
        from_, headers = _caller(trunk, found.user.extension, found.user.display_name, hidden=hidden)
        made = []
        for kind, host, port in self._targets_of(trunk):
            local = self._local_for(kind, host)
            if local is None:
                continue
            flow = Flow(kind, local, (host, port))
            written = f"[{host}]" if ":" in host else host
            transport = "" if kind == "udp" else f";transport={kind}"
            uri = f"sip:{way.number}@{written}:{port}{transport}"
            srtp = trunk.encryption_over(flow)
            if srtp == IMPOSSIBLE:
                continue
            place = Place(uri, flow, local[0], self._addresses.host_for(flow), srtp=srtp, dtmf=trunk.dtmf)
            made.append(Phone("", way.number, place, trunk.name, from_, headers, trunk.codecs))
        return made


def _caller(trunk: Trunk, extension: str, display_name: str, *, hidden: bool) -> tuple[str, tuple[str, ...]]:
    """Return From, without a tag, and the headers that tell a trunk who calls (RFC 3323, RFC 3325)."""
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    number = trunk.caller_id or extension
    shown = Address(Uri("sip", number, host), "" if trunk.caller_id else display_name)
    headers: list[str] = []
    if trunk.identity in {"pai", "ppi"}:
        name = "P-Asserted-Identity" if trunk.identity == "pai" else "P-Preferred-Identity"
        headers.append(f"{name}: {shown}")
    if hidden:
        headers.append("Privacy: id")
        return str(Address(Uri("sip", "anonymous", "anonymous.invalid"), "Anonymous")), tuple(headers)
    return str(shown), tuple(headers)
