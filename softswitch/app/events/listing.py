"""Subscriptions to lists (RFC 4662): one for all the lamps of a phone, in place of one for each.

A list is a group or a queue of the site, named by its extension or its name; its members are what the lamps show. The
first NOTIFY tells of all of them, the next ones of those that have changed: a NOTIFY shall fit into a datagram.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from softswitch.app.events.package import Content, Package, StateValue, Telling
from softswitch.core.errors import SipError
from softswitch.directory.site import Site
from softswitch.sip.bodies.resource_list import ListedResource, write_list
from softswitch.sip.message import Header, Request
from softswitch.sip.uri import Uri

EVENTLIST: Final[Header] = ("Require", "eventlist")
ListState = tuple[tuple[str, StateValue], ...]
"""Each member with how it is."""


class Lists:
    """Finds lists, and writes of them.

    Args:
        site: the groups and queues.
        domain: the host part of addresses.
    """

    def __init__(self, site: Callable[[], Site], domain: str) -> None:
        self._site = site
        self._domain = domain

    def members(self, name: str) -> tuple[str, ...]:
        """Return the extensions of a list's members; none where there is no such list."""
        site = self._site()
        group = site.group_by_extension(name) or site.groups.get(name)
        if group is not None:
            return self._extensions(member for member, _ in group.members)
        queue = next((q for q in site.queues.values() if name in (q.name, q.extension)), None)
        return () if queue is None else self._extensions(queue.members)

    def _extensions(self, names: Iterable[str]) -> tuple[str, ...]:
        users = self._site().users
        return tuple(users[name].extension for name in names if name in users)

    def asked_for(self, request: Request, number: str, package: Package) -> tuple[str, ...]:
        """Return the members of the list that a SUBSCRIBE is about; none where it is about no list.

        Raises:
            SipError: it is about one, and does not know lists (421, RFC 4662 §4.3).
        """
        if not package.listed or self._site().user_by_extension(number) is not None:
            return ()
        found = self.members(number)
        known = {tag.lower() for tag in (*request.get_list("Supported"), *request.get_list("Require"))}
        if found and "eventlist" not in known:
            raise SipError("a list, for phones that know lists", 421)
        return found

    def state(self, package: Package, members: tuple[str, ...]) -> ListState:
        """Return how each member is now."""
        return tuple((member, package.state(member)) for member in members)

    def write(self, package: Package, telling: Telling) -> Content:
        """Write what has changed of a list, or all of it where nothing was told before."""
        before = dict(telling.before or ())
        changed = [
            self._listed(package, telling, member, state, before.get(member))
            for member, state in telling.state
            if member not in before or before[member] != state
        ]
        uri = str(Uri("sip", telling.watch.resource, self._domain))
        boundary = f"list{telling.watch.subscription}{telling.version}"
        full = telling.before is None
        return Content(*write_list(uri, telling.version, changed, full=full, boundary=boundary, host=self._domain))

    def _listed(
        self, package: Package, telling: Telling, member: str, state: StateValue, before: StateValue
    ) -> ListedResource:
        user = self._site().user_by_extension(member)
        watch = telling.watch._replace(resource=member, members=())
        content = package.write(Telling(watch, telling.version, state, before))
        name = "" if user is None else user.display_name
        return ListedResource(str(Uri("sip", member, self._domain)), name, content.content_type, content.body)
