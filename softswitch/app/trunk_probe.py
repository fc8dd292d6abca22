"""Asks the hosts of trunks by OPTIONS whether they are there: one that is not is tried last (RFC 3261 §11).

What changes is a fact (:mod:`softswitch.directory.trunk_hosts`); a new brain asks at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from softswitch.core.alarm import Alarm
from softswitch.directory.host_names import Target
from softswitch.directory.site import Site, Trunk
from softswitch.directory.trunk_hosts import SilentHosts, TrunkHost, TrunkHostFound
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Request
from softswitch.sip.ua.actions import Responded
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri

OWNER: Final = "trunk-probe "
_AWAY: Final = frozenset({408, 503})
"""No answer, no way, or an answer that it can serve nobody now."""


class TrunkProbe:
    """Knows which hosts of trunks do not answer.

    Args:
        ua: sends the OPTIONS.
        state: which hosts do not answer.
        record: keeps a fact, and folds it into ``state``.
        site: the loaded site.
        local_for: our address towards a host by a transport; None where there is no way.
        domain: the host part of the address that asks.
        targets_of: where a trunk's hosts are.
        interval_s: from one OPTIONS to a host to the next; 0: nobody is asked.
        log: tells an event for people.
        alarm: is told when hosts are asked next.
    """

    def __init__(
        self,
        *,
        ua: UserAgent,
        state: SilentHosts,
        record: Callable[[object], None],
        site: Callable[[], Site],
        local_for: Callable[[str, str], tuple[str, int] | None],
        domain: str,
        targets_of: Callable[[Trunk], Iterable[Target]],
        interval_s: float,
        log: Callable[..., None],
        alarm: Alarm | None = None,
    ) -> None:
        self._ua = ua
        self._state = state
        self._record = record
        self._site = site
        self._local_for = local_for
        self._targets_of = targets_of
        self._us = Address(Uri("sip", "", domain))
        self._interval_s = interval_s
        self._log = log
        self._alarm = alarm or Alarm()
        self._next_s: float | None = None
        self._asked: dict[str, TrunkHost] = {}

    def begin(self, *, now: float) -> None:
        """Ask as soon as may be."""
        if self._interval_s:
            self._next_s = now
            self._alarm.no_later(now)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which hosts are asked again, or None."""
        return self._next_s

    def is_silent(self, flow: Flow) -> bool:
        """Tell whether the host at the other end did not answer when it was asked last."""
        return TrunkHost(flow.transport, *flow.remote) in self._state

    def handle_timer(self, *, now: float) -> None:
        """Ask every host that is not being asked already."""
        if self._next_s is None or self._next_s > now:
            return
        self._next_s = now + self._interval_s
        trunks = self._site().trunks.values()
        hosts = {TrunkHost(*target): None for trunk in trunks for target in self._targets_of(trunk)}
        for gone in [host for host in self._state if host not in hosts]:
            self._found(gone, silent=False)
        for host in hosts:
            if _owner(host) not in self._asked:
                self._ask(host, now)

    def _ask(self, host: TrunkHost, now: float) -> None:
        local = self._local_for(host.transport, host.host)
        if local is None:
            self._found(host, silent=True)
            return
        self._asked[_owner(host)] = host
        name, port = host.host, host.port
        to = Uri("sip", "", f"[{name}]" if ":" in name else name, port)
        if host.transport != "udp":
            to = to.with_parameter("transport", host.transport)
        headers = (("Max-Forwards", "70"), ("From", str(self._us)), ("To", f"<{to}>"), ("CSeq", "1 OPTIONS"))
        request = Request("OPTIONS", str(to), headers)
        self._ua.request(request, Flow(host.transport, local, (name, port)), owner=_owner(host), now=now)

    def responded(self, action: Responded) -> None:
        """Take the final response to an OPTIONS; those to other requests are none of ours."""
        host = self._asked.pop(action.owner, None)
        if host is not None:
            self._found(host, silent=action.response.status in _AWAY)

    def _found(self, host: TrunkHost, *, silent: bool) -> None:
        if silent != (host in self._state):
            self._record(TrunkHostFound(*host, silent))
            event = "trunk.host_silent" if silent else "trunk.host_answers"
            self._log(event, transport=host.transport, host=host.host, port=host.port)


def _owner(host: TrunkHost) -> str:
    return f"{OWNER}{host.transport}:{host.host}:{host.port}"
