"""Takes what the DNS told of trunks' hosts: kept as facts, and let in as sources of calls."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.turn import Turn
from softswitch.directory.host_names import FoundHosts, HostFound, HostName, Target, names_of
from softswitch.directory.site import Site


class HostDesk:
    """The one who writes where hosts are.

    Args:
        state: the folded hosts.
        turn: gives facts their place.
        site: the site in force.
        try_now: registers a trunk at once, by its name, where it could not be reached before.
    """

    def __init__(self, state: FoundHosts, turn: Turn, site: Callable[[], Site], try_now: Callable[[str], None]) -> None:
        self._state = state
        self._turn = turn
        self._site = site
        self._try_now = try_now

    def found(self, name: HostName, targets: tuple[Target, ...]) -> None:
        """Take where a host is now."""
        if self._state.of(name) == targets:
            return
        plain = tuple((target.transport, target.host, target.port) for target in targets)
        self._state.apply(self._turn.place(HostFound(name.name, name.port, name.transport, plain)))
        self.let_in()
        for trunk in self._site().trunks.values():
            if name in names_of(trunk):
                self._try_now(trunk.name)

    def let_in(self) -> None:
        """Let calls in from where the hosts of the site in force are."""
        site = self._site()
        site.let_in(self._state.sources(site.trunks.values()))
