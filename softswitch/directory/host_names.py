"""Where trunks are whose hosts are names: what the DNS told last (RFC 3263), folded from facts.

So a restart has them at once, and a DNS that fails takes no trunk away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from softswitch.core.facts import Record, fact
from softswitch.directory.site import Site, Trunk, is_address


@fact("host.found")
class HostFound:
    """The DNS told where a host is, and it is another answer than before."""

    name: str
    port: int
    """The one that the site names; 0: none."""
    transport: str
    """``auto``: the host chooses."""
    targets: tuple[tuple[str, str, int], ...]
    """Transport, address and port of each place, in the order of trying."""


class HostName(NamedTuple):
    """What is looked up."""

    name: str
    port: int
    """0: none is named."""
    transport: str


class Target(NamedTuple):
    """Where requests are sent."""

    transport: str
    host: str
    """An IP address."""
    port: int


class FoundHosts:
    """All that the DNS told; changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self._found: dict[HostName, tuple[Target, ...]] = {}

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is HostFound:
            name = HostName(made.name, made.port, made.transport)
            self._found[name] = tuple(Target(*target) for target in made.targets)

    def of(self, name: HostName) -> tuple[Target, ...]:
        """Return where a host is; nothing where that is not known."""
        return self._found.get(name, ())

    def targets(self, trunk: Trunk) -> list[Target]:
        """Return where a trunk's calls go, the first first."""
        found: list[Target] = []
        for host, port in trunk.places():
            if is_address(host):
                transport = "udp" if trunk.transport == "auto" else trunk.transport
                found.append(Target(transport, host, port or (5061 if transport == "tls" else 5060)))
            else:
                found += self.of(HostName(host, port or 0, trunk.transport))
        return found

    def sources(self, trunks: Iterable[Trunk]) -> dict[tuple[str, int | None], Trunk]:
        """Return whose trunk a source is, by address and port; no port: any."""
        found: dict[tuple[str, int | None], Trunk] = {}
        for trunk in trunks:
            named = {name for name in names_of(trunk) if self.of(name)}
            for target in (one for name in named for one in self.of(name)):
                port = None if trunk.any_port or not trunk.port else target.port
                found.setdefault((target.host, port), trunk)
        return found

    def values(self) -> tuple[Any, ...]:
        """Return all as plain values, for a snapshot."""
        return tuple((*name, tuple(tuple(one) for one in targets)) for name, targets in self._found.items())

    def restore(self, values: Sequence[Sequence[Any]]) -> None:
        """Put into an empty state what :meth:`values` gave.

        Raises:
            TypeError: these are not the values of hosts.
        """
        for *name, targets in values:
            self._found[HostName(*name)] = tuple(Target(*one) for one in targets)


def names_of(trunk: Trunk) -> Iterator[HostName]:
    """Return what has to be looked up for a trunk."""
    for host, port in trunk.places():
        if not is_address(host):
            yield HostName(host, port or 0, trunk.transport)


def wanted_names(site: Site) -> tuple[HostName, ...]:
    """Return what has to be looked up for a site, each once."""
    return tuple(dict.fromkeys(name for trunk in site.trunks.values() for name in names_of(trunk)))
