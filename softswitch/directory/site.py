"""The site as the switch uses it: checked, compiled, and never changed afterwards.

Passwords do not stand here, only what digest needs of them (HA1) for the realm that the site was loaded for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import msgpack

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.directory.codes import DEFAULT_CODES
from softswitch.directory.connectors import Crm, Webhook
from softswitch.directory.encryption import OFF, OPTIONAL, encryption_over
from softswitch.directory.statuses import DEFAULT_PRESET, Preset, Status
from softswitch.sip.flow import Flow

_HOST_PORT: Final = re.compile(r"(\[[^\]]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")
FORMAT: Final = 2
"""The version of the compiled form; raised when older programs could not read it."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an extension."""

    name: str
    extension: str
    """What others dial and, at the same time, the SIP user name of the phone."""
    display_name: str
    ha1_md5: str
    """MD5 of ``extension:realm:password`` in hexadecimal (RFC 3261 §22.4)."""
    ha1_sha256: str
    """The same with SHA-256 (RFC 7616 §3.4.2)."""
    sha256: bool = False
    """Whether this user's phones are offered SHA-256 beside MD5; older ones stumble over a second challenge."""
    preset: str = DEFAULT_PRESET
    """The set of statuses that the user chooses from."""
    respect_status: bool = True
    """Whether the user's status decides which calls are offered (M-3)."""
    call_waiting: bool | None = None
    """Whether a call is offered while the user is in another; None: a phone may say busy by itself, the switch does
    not, and what a group or a status offers only to those with call waiting is not offered."""
    routes: tuple[str, ...] = ()
    """By which routes this user's calls may leave, in the order of trying."""
    mobile: tuple[str, ...] = ()
    """Mobile numbers, the first one first."""
    recording: str = ""
    """Whether this user's calls are recorded: ``always``, ``on_demand`` or ``never``; empty: nothing is said."""
    recording_pause: bool = False
    """Whether the user may end a recording that has to be."""
    recording_notice: str = ""
    """Sound file that tells others that the call is recorded; empty: nothing tells them."""
    voicemail: bool = False
    """Whether the user has a mailbox."""
    srtp: str = OPTIONAL
    """Whether the sound of this user's phones is encrypted: ``off``, ``optional`` or ``required``."""
    srtp_without_tls: bool = False
    """Whether its keys may be told over UDP and TCP too."""
    supervises: tuple[str, ...] = ()
    """Names of users whose talks this one may hear."""
    told_when_supervised: bool = False
    """Whether a tone tells this user that somebody hears a talk of theirs."""
    voicemail_pin: str = ""
    """The code that is asked for before somebody hears messages; empty: the user's own phones need none."""
    email: str = ""
    """Where messages go by mail."""

    def encryption_over(self, flow: Flow) -> str:
        """Return what holds for a phone of this user that signals by this flow."""
        return encryption_over(flow.transport, self.srtp, without_tls=self.srtp_without_tls)


@dataclass(frozen=True, slots=True)
class Number:
    """What people dial from outside, and who it reaches."""

    number: str
    kind: str
    """``user``, ``group``, ``queue``, ``room`` or ``scenario``."""
    target: str
    """The name of that user, group, queue, room or scenario."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A provider's or another exchange's address; what comes from it needs no password."""

    name: str
    host: str
    """An IP address in its shortest form, or a host's name, which lets nobody in."""
    port: int | None
    """The port that its packets come from; None: any."""
    transport: str
    any_port: bool
    """Whether the port is only where we send to, and packets may come from any."""
    backups: tuple[str, ...] = ()
    """Further hosts, tried in this order: an IP address, perhaps with a port."""
    username: str = ""
    """Who we are to it; empty: it asks for no password."""
    password_env: str = ""
    password_file: str = ""
    caller_id: str = ""
    """The number that it is told who calls; empty: the caller's extension."""
    identity: str = "from"
    """Where the caller's number stands as well: ``pai``, ``ppi``, or ``from`` alone."""
    number_format: str = "as_dialled"
    country: str = ""
    codecs: tuple[str, ...] = ()
    """Names of the codecs that it may be offered; empty: all."""
    calls: int = 0
    """Calls at once; 0: any number."""
    calls_each_user: int = 0
    calls_each_second: int = 0
    register: bool = False
    """Whether we register there, as ``username``, so that it knows where to send calls."""
    recording: str = ""
    """As a user's."""
    calls_each_day: int = 0
    """Calls that leave in one day of UTC; 0: any number."""
    calls_each_user_day: int = 0
    calls_each_number_day: int = 0
    srtp: str = OFF
    srtp_without_tls: bool = False
    """Both as those of :class:`User`."""

    def encryption_over(self, flow: Flow) -> str:
        """Return what holds for a call that comes or goes by this flow."""
        return encryption_over(flow.transport, self.srtp, without_tls=self.srtp_without_tls)

    @property
    def source_port(self) -> int | None:
        """The port that packets must come from, or None for any."""
        return None if self.any_port else self.port

    def places(self) -> list[tuple[str, int | None]]:
        """Return its hosts as the site names them, addresses and names, with their ports; the first first."""
        return [(self.host, self.port), *(_host_port(text, self.port) for text in self.backups)]

    def targets(self) -> list[tuple[str, int]]:
        """Return where its calls go as far as its hosts are addresses, the first first."""
        usual = 5061 if self.transport == "tls" else 5060
        return [(host, port or usual) for host, port in self.places() if is_address(host)]


@dataclass(frozen=True, slots=True)
class Route:
    """Numbers that leave through a trunk."""

    name: str
    trunk: str
    pattern: str
    """A regular expression over what was dialled."""


@dataclass(frozen=True, slots=True)
class Group:
    """A dial list that rings now."""

    name: str
    extension: str
    mode: str
    """``simultaneous``, ``ordered``, ``weighted_random``, ``longest_idle_once`` or ``sequential_until_answer``."""
    ring_s: float
    max_unanswered: int | None
    """How many calls to it may wait for an answer at once; None: any number."""
    max_rounds: int
    """How often the list is gone through."""
    members: tuple[tuple[str, int], ...] = ()
    """Name and weight of each, in the order of the list."""
    recording: str = ""
    """As a user's; of calls that came through the group."""
    wrap_up_s: float = 0.0
    """How long a member has after a call (M-18); 0: no time."""
    wrap_up_limit: bool = True
    """Whether that time ends by itself; else a person ends it."""
    wrap_up_status: str = ""
    """The status meanwhile; empty: the preset's."""
    wrap_up_return: str = ""
    """What follows: ``previous`` or ``ready``; empty: as the preset says."""
    supervisors: tuple[str, ...] = ()
    """Names of users who may hear the members' talks."""
    voicemail_pin: str = ""
    """The code that is asked for before somebody hears the messages of the group; empty: nobody does by phone."""
    email: str = ""
    """Where messages go by mail."""


@dataclass(frozen=True, slots=True)
class Room:
    """A conference that is dialled into."""

    name: str
    extension: str
    pin: str = ""
    """Digits that whoever dials in must press; empty: none."""
    tones: bool = True
    """Whether those who are there hear a tone when somebody comes or goes."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A line of waiting callers."""

    name: str
    extension: str
    members: tuple[str, ...] = ()
    """Names of users, in the order of the list."""
    strategy: str = "longest_idle"
    priority: str = "normal"
    """``high``, ``normal`` or ``low``: strict between queues that share agents."""
    sla_s: float = 20.0
    """Within which time callers should be answered."""
    ring_s: float = 15.0
    member_priorities: tuple[int, ...] = ()
    """Of each member; empty: all 1."""
    member_skills: tuple[tuple[str, ...], ...] = ()
    """Of each member; empty: nobody has any."""
    supervisors: tuple[str, ...] = ()
    wrap_up_s: float = 0.0
    """As those of :class:`Group`."""
    wrap_up_limit: bool = True
    wrap_up_status: str = ""
    wrap_up_return: str = ""
    retry_s: float = 10.0
    """How long after all who are free have been asked they are asked again."""
    max_wait_s: float = 0.0
    """How long a caller waits at most; 0: for ever."""
    max_length: int = 0
    """How many callers wait at most; 0: any number."""
    leave_without_agents: bool = False
    overflow_to: str = ""
    """Where callers go who have waited too long, or find the line full or nobody there: ``queue:NAME``."""
    exit_key: str = ""
    """The key by which a caller leaves the line, to where the overflow goes; empty: none."""
    skills: tuple[str, ...] = ()
    """What callers of this queue need an agent to have, the most important first."""
    relax_after_s: float = 0.0
    """After how long they need one skill less; 0: never."""
    sticky_s: float = 0.0
    """For how long after a call its caller is preferably given to the same agent; 0: not at all."""
    sticky_wait_s: float = 0.0
    """How long a caller waits for that agent before others are asked."""
    short_abandon_s: float = 5.0
    """Who hangs up sooner does not count against the service level."""
    auto_answer: tuple[str, ...] = ()
    """Members whose phones are asked to answer by themselves."""
    callback_key: str = ""
    """The key by which a caller asks to be called back; empty: it is not offered."""
    callback_offer_s: float = 0.0
    """After how long of waiting it is offered unasked; 0: never."""
    callback_keep_place: bool = True
    callback_tries: int = 3
    callback_retry_s: float = 300.0
    callback_expires_s: float = 86_400.0
    announce_every_s: float = 0.0
    """How often a caller is told the place in the line; 0: never."""
    announce_wait: bool = False
    """Whether also for how long it will probably be."""
    language: str = "en"
    """Of the announcements: ``en`` or ``ru``."""
    notify_mail: tuple[str, ...] = ()
    """Who is written to when a call is lost or waits too long."""
    notify_webhook: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer whom the company knows."""

    name: str
    numbers: tuple[str, ...] = ()
    responsible: str = ""
    """The user who looks after them."""
    email: str = ""


@dataclass(frozen=True, slots=True)
class ScenarioText:
    """A scenario as it stands in its file, which was checked as it was loaded."""

    name: str
    file: str
    """Absolute: the audio that it names is found from here."""
    text: str

    @property
    def version(self) -> str:
        """What tells this text from others of its name."""
        return blake2b(f"{self.file}\n{self.text}".encode(), digest_size=6).hexdigest()


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
    _contact_of: dict[str, Contact] = field(init=False, default_factory=dict, repr=False, compare=False)
    _by_extension: dict[str, User] = field(init=False, default_factory=dict, repr=False, compare=False)
    _by_source: dict[tuple[str, int | None], Trunk] = field(init=False, default_factory=dict, repr=False, compare=False)
    _by_name: dict[tuple[str, int | None], Trunk] = field(init=False, default_factory=dict, repr=False, compare=False)
    _groups: dict[str, Group] = field(init=False, default_factory=dict, repr=False, compare=False)
    _queues: dict[str, Queue] = field(init=False, default_factory=dict, repr=False, compare=False)
    _rooms: dict[str, Room] = field(init=False, default_factory=dict, repr=False, compare=False)
    _presets: dict[str, Preset] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_extension.update((user.extension, user) for user in self.users.values())
        for trunk in self.trunks.values():
            self._by_source[trunk.host, trunk.source_port] = trunk
            for host, port in trunk.targets():
                self._by_source.setdefault((host, None if trunk.source_port is None else port), trunk)
        self._contact_of.update((number_key(n), each) for each in self.contacts.values() for n in each.numbers)
        self._groups.update((group.extension, group) for group in self.groups.values())
        self._queues.update((queue.extension, queue) for queue in self.queues.values())
        self._rooms.update((room.extension, room) for room in self.rooms.values())

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
        return tuple(queue.name for queue in self.queues.values() if user_name in queue.members)

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


def _host_port(text: str, usual: int | None) -> tuple[str, int | None]:
    match = _HOST_PORT.fullmatch(text)
    if match is None:
        return shortest_address(text), usual
    return shortest_address(match[1]), int(match[2]) if match[2] else usual


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def number_key(number: str) -> str:
    """Return the digits by which a number is found: providers send it with and without the plus sign."""
    return number.removeprefix("+")


@lru_cache(maxsize=4096)
def shortest_address(host: str) -> str:
    """Return an IP address as flows show it (IPv6 without brackets and shortened), or the host's name as it is."""
    try:
        return ip_address(host.strip("[]")).compressed
    except ValueError:
        return host.lower()


def compile_site(site: Site, paths: Iterable[str] = ()) -> bytes:
    """Turn a site into octets, together with the paths that it was loaded from."""
    packed: bytes = msgpack.packb(
        {
            "format": FORMAT,
            "domain": site.domain,
            "paths": list(paths),
            "users": [astuple(user) for user in site.users.values()],
            "numbers": [astuple(number) for number in site.numbers.values()],
            "trunks": [astuple(trunk) for trunk in site.trunks.values()],
            "groups": [astuple(group) for group in site.groups.values()],
            "queues": [astuple(queue) for queue in site.queues.values()],
            "statuses": [astuple(status) for status in site.statuses.values()],
            "codes": dict(site.codes),
            "contacts": [astuple(contact) for contact in site.contacts.values()],
            "scenarios": [astuple(scenario) for scenario in site.scenarios.values()],
            "routes": [astuple(route) for route in site.routes.values()],
            "emergency": dict(site.emergency),
            "crm": [astuple(each) for each in site.crm.values()],
            "webhooks": [astuple(each) for each in site.webhooks.values()],
            "calendars": dict(site.calendars),
            "rooms": [astuple(room) for room in site.rooms.values()],
        }
    )
    return packed


@dataclass(frozen=True, slots=True)
class CompiledSite:
    """What :func:`compile_site` was given."""

    site: Site
    paths: tuple[str, ...]


def read_compiled(data: bytes, where: str = "the compiled site") -> CompiledSite:
    """Read what :func:`compile_site` made.

    Args:
        data: its octets.
        where: what to call it when it cannot be read.

    Raises:
        ConfigurationError: the octets are damaged or of another version of the program.
    """
    try:
        found = msgpack.unpackb(data, use_list=False)
        if found["format"] != FORMAT:
            raise ConfigurationError([_load_again(where, f"it has format {found['format']}, this program {FORMAT}")])
        site = make_site(
            found["domain"],
            (User(*values) for values in found["users"]),
            (Number(*values) for values in found["numbers"]),
            (Trunk(*values) for values in found["trunks"]),
            routes=(Route(*values) for values in found.get("routes", ())),
            emergency=found.get("emergency", {}),
            queues=(Queue(*values) for values in found.get("queues", ())),
            groups=(Group(*values) for values in found.get("groups", ())),
            statuses=(Status(*values) for values in found.get("statuses", ())),
            codes=found.get("codes"),
            contacts=(Contact(*values) for values in found.get("contacts", ())),
            scenarios=(ScenarioText(*values) for values in found.get("scenarios", ())),
            crm=(Crm(*values) for values in found.get("crm", ())),
            webhooks=(Webhook(*values) for values in found.get("webhooks", ())),
            calendars=found.get("calendars"),
            rooms=(Room(*values) for values in found.get("rooms", ())),
        )
        return CompiledSite(site, tuple(found["paths"]))
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise ConfigurationError([_load_again(where, f"it is damaged ({error})")]) from error


def _load_again(where: str, what: str) -> Problem:
    return Problem(where, what, "nothing by hand, load the site again: softswitch load PATH")
