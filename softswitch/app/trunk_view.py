"""What the API shows of the trunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from softswitch.api.view import TrunkView
from softswitch.calls.state import CallsState
from softswitch.core.clock import iso_utc
from softswitch.directory.site import Site, Trunk
from softswitch.directory.trunk_registrations import TrunkRegistrations


def trunk_views(site: Site, registrations: TrunkRegistrations, calls: CallsState, *, wall_s: float) -> list[TrunkView]:
    """Show the trunks of a site.

    Args:
        site: the loaded one.
        registrations: where we are registered.
        calls: which calls they carry.
        wall_s: the time now.
    """
    busy = Counter(leg.trunk for leg in calls.legs.values() if leg.trunk and leg.is_live)
    busy.update(_trunks_of_callers(site, calls))
    return [_view(trunk, registrations, busy[trunk.name], wall_s) for trunk in site.trunks.values()]


def _trunks_of_callers(site: Site, calls: CallsState) -> Iterator[str]:
    for conversation in calls.conversations.values():
        if not conversation.from_user and conversation.caller.is_live:
            trunk = site.trunk_of(conversation.caller.flow)
            if trunk is not None:
                yield trunk.name


def _view(trunk: Trunk, registrations: TrunkRegistrations, calls: int, wall_s: float) -> TrunkView:
    found = registrations.get(trunk.name)
    until = failure = failed_at = ""
    if found is not None and found.until_s > wall_s:
        until = iso_utc(found.until_s)
    if found is not None and found.status:
        failure, failed_at = f"{found.status} {found.reason}", iso_utc(found.failed_at_s)
    return TrunkView(trunk.name, trunk.host, trunk.register, until, failure, failed_at, calls)
