"""A switch, its users' phones and the network between them: what a behaviour test is given."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import md5, sha256
from typing import Final

from softswitch.app.brain_settings import BrainSettings
from softswitch.app.line_desk import LineDesk
from softswitch.core.errors import SimulationError
from softswitch.core.facts import encode
from softswitch.directory.connectors import Crm
from softswitch.directory.location import RegistrationBound
from softswitch.directory.site import (
    Contact,
    Group,
    Number,
    Queue,
    Room,
    Route,
    ScenarioText,
    Site,
    Trunk,
    User,
    make_site,
)
from softswitch.directory.statuses import Status
from softswitch.queues.agents import inputs as agent_inputs
from softswitch.simulation.clock import START_WALL_S, VirtualClock
from softswitch.simulation.media import SimulatedMedia
from softswitch.simulation.network import Conditions, Network
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_core import Account, Habits
from softswitch.simulation.sound import heard_by
from softswitch.simulation.streams import StreamNetwork
from softswitch.simulation.switch import SimulatedSwitch
from softswitch.simulation.virtual_loop import VirtualLoop

DOMAIN: Final = "example.net"
EXTENSIONS: Final = {"anna": "101", "boris": "102", "vera": "103", "gleb": "104"}
"""The users that every simulated switch has; a password is the name and ``-secret``."""

SWITCH: Final = "192.0.2.1"
"""The usual address of the switch."""
_REGISTERED_S: Final = 3600
_SETTLE_S: Final = 200.0
"""Long enough for every timer of RFC 3261 to run out, one after the other."""


@dataclass(frozen=True, slots=True)
class Setting:
    """In what a world differs from the usual one."""

    settings: BrainSettings = field(default_factory=BrainSettings)
    hosts: tuple[str, ...] = (SWITCH,)
    """The switch's addresses."""
    ports: range = range(16384, 16484, 2)
    """RTP ports of the media plane."""
    ports_ahead: bool = True
    """Whether the media plane holds ports ready; where none are left it does not, so both happens."""
    conditions: Conditions = field(default_factory=Conditions)
    numbers: tuple[Number, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    queues: tuple[Queue, ...] = ()
    groups: tuple[Group, ...] = ()
    statuses: tuple[Status, ...] = ()
    users: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """In what users differ from the usual: values of :class:`softswitch.directory.site.User` by name."""
    scenarios: tuple[ScenarioText, ...] = ()
    routes: tuple[Route, ...] = ()
    """What the usual users may leave by."""
    emergency: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    crm: tuple[Crm, ...] = ()
    rooms: tuple[Room, ...] = ()


def _phone_host(number: int) -> str:
    """Return the address of a phone, counted from 0, that was given none."""
    return f"192.0.2.{11 + number}"


def password_of(name: str) -> str:
    """Return a simulated user's password."""
    return f"{name}-secret"


def make_user(name: str, extension: str) -> User:
    """Make a user with that password."""
    text = f"{extension}:{DOMAIN}:{password_of(name)}".encode()
    plain = md5(text, usedforsecurity=False).hexdigest()
    return User(name, extension, name.capitalize(), plain, sha256(text).hexdigest())


def usual_site(setting: Setting) -> Site:
    """Make the site with the usual users."""
    names = tuple(route.name for route in setting.routes)
    users = [
        replace(make_user(name, extension), **{"routes": names, **setting.users.get(name, {})})  # type: ignore[arg-type]  # by name
        for name, extension in EXTENSIONS.items()
    ]
    return make_site(
        DOMAIN,
        users,
        setting.numbers,
        setting.trunks,
        routes=setting.routes,
        emergency=setting.emergency,
        queues=setting.queues,
        groups=setting.groups,
        statuses=setting.statuses,
        scenarios=setting.scenarios,
        contacts=setting.contacts,
        crm=setting.crm,
        rooms=setting.rooms,
    )


class World:
    """Everything of one run.

    Args:
        loop: a loop in virtual time.
        seed: decides all that chance decides.
        setting: what is not as usual.
        site: another site than the usual one; its passwords are those of :func:`password_of`.
        start_wall_s: when it begins, in seconds of UTC; None for where the simulation starts.
        registered: users of the site whose phones have registered with an earlier brain.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        seed: int,
        setting: Setting,
        *,
        site: Site | None = None,
        start_wall_s: float | None = None,
        registered: Sequence[str] = (),
    ) -> None:
        self.loop = loop
        self.site = site or usual_site(setting)
        self.clock = VirtualClock(loop, START_WALL_S if start_wall_s is None else start_wall_s)
        self.network = Network(loop, seed)
        self.network.conditions = setting.conditions
        self.streams = StreamNetwork(self.network)
        self.switch = SimulatedSwitch(
            self.network,
            self.streams,
            self.clock,
            self.site,
            seed=seed,
            hosts=setting.hosts,
            settings=setting.settings,
            media=SimulatedMedia(loop, setting.ports),
            history=[self._told_before(user, number) for number, user in enumerate(registered)],
        )
        self.switch.media.ahead = setting.ports_ahead
        self.phones: dict[str, SimulatedPhone] = {}
        for user in registered:
            self.phone(user).registration.granted_s = _REGISTERED_S

    def _told_before(self, user: str, number: int) -> bytes:
        """Return the fact that an earlier brain has kept of a phone's registration; ``number`` counts the phones."""
        host, port = _phone_host(number), 5060
        contact, flow = f"sip:{self.site.users[user].extension}@{host}:{port}", ("udp", SWITCH, 5060, host, port, 0)
        wall_s = self.clock.wall()
        bound = RegistrationBound(
            user,
            contact,
            flow,
            wall_s + _REGISTERED_S,
            f"{user}@{host}",
            1,
            user_agent=Habits().user_agent,
            domain=DOMAIN,
        )
        return encode(number + 1, wall_s, "", bound)

    def phone(
        self,
        user: str,
        *,
        name: str = "",
        host: str = "",
        port: int = 5060,
        transport: str = "udp",
        habits: Habits | None = None,
        password: str = "",
        server: str = "",
    ) -> SimulatedPhone:
        """Put a phone of a user on the network.

        Args:
            user: a name of ``EXTENSIONS``, or any text for somebody whom the switch does not know.
            name: of the phone, where the user has several.
            host: its address; the next free one of 192.0.2.0/24 unless given.
            port: its SIP port.
            transport: ``udp`` or ``tcp``.
            habits: its peculiarities.
            password: another than the right one.
            server: the switch's address as the phone knows it, where that is not its first one.
        """
        name = name or user
        known = self.site.users.get(user)
        account = Account(
            user if known is None else known.extension, password or password_of(user), DOMAIN, user.capitalize()
        )
        made = SimulatedPhone(
            self.network,
            self.streams,
            (host or _phone_host(len(self.phones)), port),
            account,
            (server, 5060) if server else self.switch.address,
            transport=transport,
            habits=habits,
            name=name,
        )
        self.phones[name] = made
        return made

    async def registered(self, user: str, *, name: str = "", habits: Habits | None = None) -> SimulatedPhone:
        """Put a phone of a user on the network and register it."""
        phone = self.phone(user, name=name, habits=habits)
        status = await phone.register()
        if status != 200:
            raise SimulationError(f"{phone.name} could not register: {status}\n{phone.written_log()}")
        return phone

    def hears(self, phone: SimulatedPhone) -> set[str]:
        """Return the names of the phones that this one hears now."""
        return heard_by(phone, self.phones.values(), self.switch.media)

    def command(self, given: agent_inputs.Input) -> None:
        """Carry out a command about a user's status, as the API does."""
        self.switch.in_turn(lambda: self.switch.brain.command_people(given))

    def order(self, command: Callable[[LineDesk], object]) -> None:
        """Give a command about calls, as the API does.

        Raises:
            CommandError: it is refused.
        """
        self.switch.in_turn(lambda: self.switch.brain.command(lambda: command(self.switch.brain.lines)))

    def legs_of(self, user: str) -> list[str]:
        """Return the legs of a user's calls, as commands name them."""
        return [leg.leg for _, leg in self.switch.brain.lines.legs_of(user)]

    def facts(self, *kinds: type) -> list[object]:
        """Return the facts of these types that were recorded so far."""
        return [record.fact for record in self.switch.journal.decoded() if type(record.fact) in kinds]

    def take_apart(self) -> None:
        """Let go of everything, for a world that is not needed any more.

        It is one circle of parts that know each other; the collector takes as long to see that as to clear it up.
        """
        switch, phones = self.switch, self.phones.values()
        parts: list[object] = [call for phone in phones for call in phone.calls]
        for whole in (switch.brain, switch.brain._ua, *phones):
            parts += (*vars(whole).values(), whole)
        for part in (*parts, switch.media, switch, self.network, self.streams, self):
            if hasattr(part, "__dict__"):
                vars(part).clear()

    async def release(self) -> None:
        """Let everybody who is still in a call hang up: a script that was cut short has not."""
        for call in [call for phone in self.phones.values() if phone.plugged_in for call in phone.calls]:
            with contextlib.suppress(SimulationError):
                await call.hang_up()

    async def settle(self) -> None:
        """Let every timer run out, then see that nothing is left, neither in the switch nor at a phone.

        Raises:
            SimulationError: something is.
        """
        await asyncio.sleep(_SETTLE_S)
        self.switch.at_rest()
        for phone in self.phones.values():
            if phone.plugged_in and not all(call.over for call in phone.calls):
                raise SimulationError(f"{phone.name} is still in a call\n{phone.written_log()}")
