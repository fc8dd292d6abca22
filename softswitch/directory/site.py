"""The site as the switch uses it: checked, compiled, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from softswitch.directory.codes import DEFAULT_CODES
from softswitch.directory.connectors import Crm, Webhook
from softswitch.directory.entries import Contact, Group, Number, Queue, Room, Route, ScenarioText, Trunk, User
from softswitch.directory.host_text import is_address, shortest_address
from softswitch.directory.statuses import Preset, Status
from softswitch.sip.flow import Flow

__all__ = [
    "Contact",
    "Group",
    "Number",
    "Queue",
    "Room",
    "Route",
    "ScenarioText",
    "Site",
    "Trunk",
    "User",
    "calendar_key",
    "is_address",
    "make_site",
    "number_key",
    "shortest_address",
]
"""Its entries are had from here too: who asks a site for them needs both."""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the files describe and that this version serves."""

    domain: str
    """The SIP domain, which is the realm of every HA1 in it."""
    users: Mapping[str, User] = field(default_factory=dict)
    """By name."""
    numbers: Mapping[str, Number] = field(default_factory=dict)
    """By their digits without a plus sign; see :func:`number_key`."""
    trunks: Mapping[str, Trunk] = field(default_factory=dict)
    """By name."""
    routes: Mapping[str, Route] = field(default_factory=dict)
    """By name."""
    emergency: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Routes of emergency numbers, which everybody may dial."""
    queues: Mapping[str, Queue] = field(default_factory=dict)
    """By name."""
    groups: Mapping[str, Group] = field(default_factory=dict)
    """By name."""
    statuses: Mapping[str, Status] = field(default_factory=dict)
    """The site's own ones, by preset and name: ``mango/lunch``."""
    codes: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_CODES))
    """The dialled code of each action."""
    scenarios: Mapping[str, ScenarioText] = field(default_factory=dict)
    """By name."""
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    """By name."""
    crm: Mapping[str, Crm] = field(default_factory=dict)
    """By name; the first is asked."""
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    """By name."""
    calendars: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """When events of the calendars that scenarios go by last, seconds of UTC; by :func:`calendar_key`."""
    rooms: Mapping[str, Room] = field(default_factory=dict)
    """By name."""
    sha256_share: float = field(init=False, default=0.0, repr=False, compare=False)
    """How many of the users are offered SHA-256, from 0 to 1."""
    _contact_of: dict[str, Contact] = field(init=False, default_factory=dict, repr=False, compare=False)
    _by_extension: dict[str, User] = field(init=False, default_factory=dict, repr=False, compare=False)
    _by_source: dict[tuple[str, int | None], Trunk] = field(init=False, default_factory=dict, repr=False, compare=False)
    _by_name: dict[tuple[str, int | None], Trunk] = field(init=False, default_factory=dict, repr=False, compare=False)
    _groups: dict[str, Group] = field(init=False, default_factory=dict, repr=False, compare=False)
    _queues: dict[str, Queue] = field(init=False, default_factory=dict, repr=False, compare=False)
    _rooms: dict[str, Room] = field(init=False, default_factory=dict, repr=False, compare=False)
    _queues_of: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict, repr=False, compare=False)
    _presets: dict[str, Preset] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        strong = sum(user.sha256 for user in self.users.values())
        object.__setattr__(self, "sha256_share", strong / max(1, len(self.users)))
        self._by_extension.update((user.extension, user) for user in self.users.values())
        for trunk in self.trunks.values():
            self._by_source[trunk.host, trunk.source_port] = trunk
            for host, port in trunk.targets():
                self._by_source.setdefault((host, None if trunk.source_port is None else port), trunk)
        self._contact_of.update((number_key(n), each) for each in self.contacts.values() for n in each.numbers)
        self._groups.update((group.extension, group) for group in self.groups.values())
        self._queues.update((queue.extension, queue) for queue in self.queues.values())
        self._rooms.update((room.extension, room) for room in self.rooms.values())
        for queue in self.queues.values():
            for member in queue.members:
                self._queues_of[member] = (*self._queues_of.get(member, ()), queue.name)

    def entries(self) -> list[object]:
        """Return all users, numbers, queues ... of it."""
        sections = (self.users, self.numbers, self.queues, self.groups, self.contacts, self.scenarios)
        return [entry for section in sections for entry in section.values()]

    def contact_of(self, number: str) -> Contact | None:
        """Return the contact that a caller's number belongs to; a plus sign more or less makes no difference."""
        return self._contact_of.get(number_key(number))

    def presets(self) -> Mapping[str, Preset]:
        """Return the presets by name, with the site's own statuses in them."""
        if not self._presets:
            # Reading YAML takes as long as a tenth of a start does, and phones are answered without.
            from softswitch.directory.presets import with_custom

            self._presets.update(with_custom(self.statuses))
        return self._presets

    def preset_of(self, user: User) -> Preset:
        """Return the statuses that a user chooses from."""
        return self.presets()[user.preset]

    def queues_of(self, user_name: str) -> tuple[str, ...]:
        """Return the names of the queues that list a user."""
        return self._queues_of.get(user_name, ())

    def user_by_extension(self, extension: str) -> User | None:
        """Return the user of an extension, which is also the SIP user name."""
        return self._by_extension.get(extension)

    def group_by_extension(self, extension: str) -> Group | None:
        """Return the group of an extension."""
        return self._groups.get(extension)

    def queue_by_extension(self, extension: str) -> Queue | None:
        """Return the queue of an extension."""
        return self._queues.get(extension)

    def room_by_extension(self, extension: str) -> Room | None:
        """Return the room of an extension."""
        return self._rooms.get(extension)

    def number(self, dialled: str) -> Number | None:
        """Return what a number from outside reaches; a plus sign more or less makes no difference."""
        return self.numbers.get(number_key(dialled))

    def trunk_of(self, flow: Flow) -> Trunk | None:
        """Return the trunk whose address a message came from; one that names the port goes before one that does not."""
        host, port = flow.remote
        found = self._by_source.get((host, port)) or self._by_source.get((host, None))
        return found or self._by_name.get((host, port)) or self._by_name.get((host, None))

    def let_in(self, sources: Mapping[tuple[str, int | None], Trunk]) -> None:
        """Take the addresses that the DNS told of trunks whose hosts are names."""
        self._by_name.clear()
        self._by_name.update(sources)


def make_site(
    domain: str,
    users: Iterable[User] = (),
    numbers: Iterable[Number] = (),
    trunks: Iterable[Trunk] = (),
    *,
    routes: Iterable[Route] = (),
    emergency: Mapping[str, tuple[str, ...]] | None = None,
    queues: Iterable[Queue] = (),
    groups: Iterable[Group] = (),
    statuses: Iterable[Status] = (),
    codes: Mapping[str, str] | None = None,
    scenarios: Iterable[ScenarioText] = (),
    contacts: Iterable[Contact] = (),
    crm: Iterable[Crm] = (),
    webhooks: Iterable[Webhook] = (),
    calendars: Mapping[str, tuple[tuple[float, float], ...]] | None = None,
    rooms: Iterable[Room] = (),
) -> Site:
    """Build a site from its parts."""
    return Site(
        domain,
        {user.name: user for user in users},
        {number_key(number.number): number for number in numbers},
        {trunk.name: trunk for trunk in trunks},
        routes={route.name: route for route in routes},
        emergency=emergency or {},
        queues={queue.name: queue for queue in queues},
        groups={group.name: group for group in groups},
        statuses={f"{status.preset}/{status.name}": status for status in statuses},
        codes={**DEFAULT_CODES, **(codes or {})},
        scenarios={scenario.name: scenario for scenario in scenarios},
        contacts={contact.name: contact for contact in contacts},
        crm={each.name: each for each in crm},
        webhooks={each.name: each for each in webhooks},
        calendars=calendars or {},
        rooms={room.name: room for room in rooms},
    )


def calendar_key(path: Path, zone: str) -> str:
    """Return what a calendar is found by: its file, and the zone whose days are meant."""
    return f"{path.resolve()} {zone}"


def number_key(number: str) -> str:
    """Return the digits by which a number is found: providers send it with and without the plus sign."""
    return number.removeprefix("+")
