"""Whom a user can transfer to now: colleagues, groups, queues, known customers; and why not to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from softswitch.app.people import People
from softswitch.app.request_desk import RequestDesk
from softswitch.calls.destinations import Refuse
from softswitch.core.immutable import immutable
from softswitch.directory.outward import outward
from softswitch.directory.site import Site, User


@immutable
class Target:
    """Somebody or something that a call can be transferred to, or could be at another time."""

    kind: str
    """``user``, ``group``, ``queue`` or ``contact``."""
    name: str
    number: str
    title: str
    """What people call it."""
    why_not: str = ""
    """Why a call to it would be refused at once; empty where it would not."""
    status: str = ""
    """Of a user."""


class Targets:
    """Lists them.

    Args:
        desk: knows the site in force.
        people: whose statuses and phones permit a transfer.
        wall_s: the time now.
    """

    def __init__(self, desk: RequestDesk, people: People, wall_s: Callable[[], float]) -> None:
        self._desk = desk
        self._people = people
        self._wall_s = wall_s

    @property
    def _site(self) -> Site:
        return self._desk.site

    def number_of(self, text: str) -> str:
        """Return the number of whatever has that name; the text itself where nothing has."""
        site = self._site
        found = site.users.get(text) or site.groups.get(text) or site.queues.get(text)
        return text if found is None else found.extension

    def of(self, user: User) -> Iterator[Target]:
        """Return all that a user can transfer to, now or at another time; not the user."""
        site = self._site
        for each in site.users.values():
            if each is not user:
                why = self._why_no_user(each, "transfer_in")
                status = self._people.status_of(each).name
                yield Target("user", each.name, each.extension, each.display_name, why, status)
        for group in site.groups.values():
            members = [name for name, _ in group.members]
            yield Target("group", group.name, group.extension, group.name, self._why_nobody(members, "group"))
        for queue in site.queues.values():
            yield Target("queue", queue.name, queue.extension, queue.name, self._why_nobody(queue.members, "queue"))
        for contact in site.contacts.values():
            for number in contact.numbers:
                why = "" if outward(site, user, number) is not None else "no route leads there"
                yield Target("contact", contact.name, number, contact.name, why)

    def _why_no_user(self, user: User, right: str) -> str:
        offered = self._people.phones_for(user, right, wall_s=self._wall_s())
        return offered.reason if isinstance(offered, Refuse) else ""

    def _why_nobody(self, names: list[str] | tuple[str, ...], right: str) -> str:
        users = [self._site.users[name] for name in names if name in self._site.users]
        whys = [self._why_no_user(user, right) for user in users]
        return "" if "" in whys else "none of its members can be reached"
