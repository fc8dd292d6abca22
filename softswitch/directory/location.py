"""Where the phones are: the location service, folded from the facts of registrations (RFC 3261 §10).

A phone whose Contact carries ``+sip.instance`` is one binding whatever its address is (RFC 5626 §6); any other phone
is known by its Contact. The order of a user's bindings is that of their last REGISTER, oldest first.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from softswitch.core.facts import Record, fact
from softswitch.sip.flow import Flow
from softswitch.sip.ua.dialog_snapshot import flow_of


@fact("registration.bound")
class RegistrationBound:
    """A phone registered, or registered again: from now on this is its binding."""

    user: str
    contact: str
    """The URI as the phone wrote it: some phones answer to nothing else."""
    flow: tuple[Any, ...]
    """(transport, local host, local port, remote host, remote port, connection)."""
    expires_at_s: float
    """Wall time."""
    sip_call_id: str
    cseq: int
    instance: str = ""
    """The value of ``+sip.instance``, and after a semicolon that of ``reg-id`` if there is one."""
    path: tuple[str, ...] = ()
    """The Path headers (RFC 3327), which become the Route of requests to the phone."""
    behind_nat: bool = False
    q: str = ""
    """The Contact's q as it was written; empty where it had none."""
    user_agent: str = ""
    domain: str = ""
    """By which name or address the phone calls the switch: the host of its address of record, in lower case."""


@fact("registration.removed")
class RegistrationRemoved:
    """A binding is gone."""

    user: str
    key: str
    """See :attr:`Binding.key`."""
    contact: str
    reason: str
    """``unregistered``, ``expired``, ``replaced``, ``limit`` or ``disconnected``."""


class Binding(NamedTuple):
    """One phone of a user, as its last REGISTER told.

    A named tuple because one is made for each REGISTER.
    """

    user: str
    """The user's name."""
    contact: str
    flow: Flow
    """Where its last REGISTER came from: requests to it go there."""
    expires_at_s: float
    sip_call_id: str
    cseq: int
    instance: str
    path: tuple[str, ...]
    behind_nat: bool
    q: str
    user_agent: str
    domain: str = ""

    @property
    def key(self) -> str:
        """What makes it the same phone: its instance, or else its Contact."""
        return self.instance or self.contact


class LocationState:
    """All bindings; changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self._users: dict[str, dict[str, Binding]] = {}
        self._sources: dict[tuple[str, int], int] = {}
        self._hosts: dict[str, int] = {}
        self._domains: Counter[str] = Counter()
        self._expiries: list[tuple[float, str, str]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Binding]:
        return (binding for bindings in self._users.values() for binding in bindings.values())

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is RegistrationBound:
            self._bind(made)
        elif type(made) is RegistrationRemoved:
            self._remove(made.user, made.key)

    def contacts_of(self, user_name: str, *, wall_s: float = 0.0) -> tuple[Binding, ...]:
        """Return a user's bindings that have not expired at ``wall_s``, oldest first."""
        bindings = self._users.get(user_name)
        return tuple(b for b in bindings.values() if b.expires_at_s > wall_s) if bindings else ()

    def binding(self, user_name: str, key: str) -> Binding | None:
        """Return one binding of a user, or None."""
        return self._users.get(user_name, {}).get(key)

    def is_registered_source(self, flow: Flow) -> bool:
        """Tell whether a registered phone's packets come from where this message came from."""
        return flow.remote in self._sources

    def phones_at(self, host: str) -> int:
        """Return how many bindings were made from an address, whatever the port."""
        return self._hosts.get(host, 0)

    def knows_us_as(self, host: str) -> bool:
        """Tell whether a registered phone calls the switch so; yes where one's way to call it is not known."""
        return self._domains[host] > 0 or self._domains[""] > 0

    def bindings_on(self, flow: Flow) -> tuple[Binding, ...]:
        """Return the bindings made over this very connection, for when it closes."""
        if flow.remote not in self._sources:
            return ()
        return tuple(binding for binding in self if binding.flow == flow)

    def next_expiry(self) -> float | None:
        """Return the wall time at which the next binding expires, or None."""
        while self._expiries:
            expires_at_s, user, key = self._expiries[0]
            binding = self._users.get(user, {}).get(key)
            if binding is not None and binding.expires_at_s == expires_at_s:
                return expires_at_s
            heapq.heappop(self._expiries)
        return None

    def expired_at(self, wall_s: float) -> list[Binding]:
        """Return the bindings whose time is over; they stay until their removal is applied."""
        due: list[Binding] = []
        kept: list[tuple[float, str, str]] = []
        while (expires_at_s := self.next_expiry()) is not None and expires_at_s <= wall_s:
            entry = heapq.heappop(self._expiries)
            kept.append(entry)
            binding = self._users[entry[1]][entry[2]]
            if not due or due[-1] is not binding:  # refreshed twice to the same second: the heap holds it twice
                due.append(binding)
        for entry in kept:
            heapq.heappush(self._expiries, entry)
        return due

    def values(self) -> tuple[Any, ...]:
        """Return all bindings as plain values, under the names of their columns, for a snapshot."""
        at = Binding._fields.index("flow")
        rows = [(*binding[:at], flow_values(binding.flow), *binding[at + 1 :]) for binding in self]
        return (Binding._fields, tuple(rows))

    def restore(self, values: tuple[Any, ...]) -> None:
        """Put into an empty state what :meth:`values` gave; columns that nobody knows any more are left out.

        Raises:
            LookupError, TypeError, ValueError: these are not the values of bindings.
        """
        names, rows = values
        known = [(index, name) for index, name in enumerate(names) if name in Binding._fields]
        for row in rows:
            found = {name: row[index] for index, name in known}
            self._put(Binding(**found | {"flow": flow_of(found["flow"])}))

    def _bind(self, made: RegistrationBound) -> None:
        binding = Binding(
            made.user,
            made.contact,
            flow_of(made.flow),
            made.expires_at_s,
            made.sip_call_id,
            made.cseq,
            made.instance,
            made.path,
            made.behind_nat,
            made.q,
            made.user_agent,
            made.domain,
        )
        self._remove(made.user, binding.key)
        self._put(binding)

    def _put(self, binding: Binding) -> None:
        """Add a binding that is not there."""
        self._users.setdefault(binding.user, {})[binding.key] = binding
        self._sources[binding.flow.remote] = self._sources.get(binding.flow.remote, 0) + 1
        self._hosts[binding.flow.remote[0]] = self._hosts.get(binding.flow.remote[0], 0) + 1
        self._domains[binding.domain] += 1
        heapq.heappush(self._expiries, (binding.expires_at_s, binding.user, binding.key))
        self._count += 1
        if len(self._expiries) > 4 * self._count + 1000:
            self._expiries = [(b.expires_at_s, b.user, b.key) for b in self]
            heapq.heapify(self._expiries)

    def _remove(self, user: str, key: str) -> None:
        bindings = self._users.get(user)
        gone = bindings.pop(key, None) if bindings else None
        if bindings is None or gone is None:
            return
        if not bindings:
            del self._users[user]
        left = self._sources[gone.flow.remote] - 1
        if left:
            self._sources[gone.flow.remote] = left
        else:
            del self._sources[gone.flow.remote]
        host = gone.flow.remote[0]
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
        self._domains[gone.domain] -= 1
        if not self._domains[gone.domain]:
            del self._domains[gone.domain]
        self._count -= 1


def flow_values(flow: Flow) -> tuple[Any, ...]:
    """Return a flow as a fact keeps it."""
    return (flow.transport, *flow.local, *flow.remote, flow.connection)


def expired(state: LocationState, wall_s: float) -> tuple[RegistrationRemoved, ...]:
    """Decide which bindings end at ``wall_s`` because nobody refreshed them."""
    return tuple(removal(binding, "expired") for binding in state.expired_at(wall_s))


def disconnected(state: LocationState, flow: Flow) -> tuple[RegistrationRemoved, ...]:
    """Decide what ends with a connection: bindings that nobody can dial back to.

    These are all behind NAT, all over TLS or WebSocket, and those that say themselves that they are one flow (RFC 5626
    §5.3). A datagram that could not be sent ends nothing: the network may be back in a second.
    """
    if not flow.reliable:
        return ()
    kept_open = flow.transport != "tcp"
    return tuple(
        removal(b, "disconnected") for b in state.bindings_on(flow) if kept_open or b.behind_nat or ";" in b.instance
    )


def removal(binding: Binding, reason: str) -> RegistrationRemoved:
    """Make the fact that ends a binding."""
    return RegistrationRemoved(binding.user, binding.key, binding.contact, reason)
