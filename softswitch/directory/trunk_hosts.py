"""Which hosts of trunks do not answer, folded from facts: a restart tries them last as before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from softswitch.core.facts import Record, fact


class TrunkHost(NamedTuple):
    """Where calls of trunks go."""

    transport: str
    host: str
    """An IP address."""
    port: int


@fact("trunk.host_found")
class TrunkHostFound:
    """A host answers no more, or answers again."""

    transport: str
    host: str
    port: int
    silent: bool


class SilentHosts:
    """The hosts that do not answer; changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self._silent: dict[TrunkHost, None] = {}

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is TrunkHostFound:
            host = TrunkHost(made.transport, made.host, made.port)
            if made.silent:
                self._silent[host] = None
            else:
                self._silent.pop(host, None)

    def __contains__(self, host: object) -> bool:
        return host in self._silent

    def __iter__(self) -> Iterator[TrunkHost]:
        return iter(tuple(self._silent))

    def values(self) -> tuple[tuple[object, ...], ...]:
        """Return all as plain values, for a snapshot."""
        return tuple(tuple(host) for host in self._silent)

    def restore(self, values: Sequence[Sequence[Any]]) -> None:
        """Put into an empty state what :meth:`values` gave.

        Raises:
            TypeError: these are not the values of hosts.
        """
        self._silent = {TrunkHost(*row): None for row in values}
