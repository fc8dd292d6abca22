"""Where numbers lead, and which phones ring there: asked for by whoever dials, transfers, or is led by a scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from softswitch.app.addresses import Addresses
from softswitch.app.auto_answer import auto_answer_lines, user_agent_of
from softswitch.app.codes import serve_code
from softswitch.app.focus import conversation_in, new_room_name
from softswitch.app.own_names import OwnNames
from softswitch.app.people import BUSY, OFFLINE, People
from softswitch.app.pickup import nothing_rings
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.destinations import Attend, Destination, Park, Phone, Place, Refuse, RingPhones
from softswitch.calls.state import CallsState
from softswitch.directory.codes import Dialled
from softswitch.directory.encryption import OFF
from softswitch.directory.key_policy import AUTO
from softswitch.directory.location import Binding, LocationState
from softswitch.directory.outward import Outward, by_route, outward, shown_as
from softswitch.directory.routing import (
    CONFERENCE_FACTORY,
    Caller,
    CodeDialled,
    ConferenceAsked,
    GroupDialled,
    NotFound,
    Offline,
    Phones,
    QueueDialled,
    RoomDialled,
    ScenarioReached,
    route,
)
from softswitch.directory.site import Site, User
from softswitch.queues.pages.guide import KIND as PAGE
from softswitch.queues.rooms.guide import KIND as ROOM
from softswitch.sip.flow import Flow
from softswitch.sip.ua.user_agent import UserAgent


class Destinations:
    """Finds what becomes of a call.

    Args:
        ua: names rooms that are made as they are asked for.
        site: the users, numbers and trunks; replaced as a whole by a load.
        locations: where the users' phones are.
        calls: which of them ring.
        people: who may be called.
        trunks: makes the legs of calls that leave.
        addresses: which of our addresses a peer sees.
    """

    def __init__(
        self,
        ua: UserAgent,
        site: Site,
        locations: LocationState,
        calls: CallsState,
        people: People,
        trunks: TrunkDesk,
        addresses: Addresses,
    ) -> None:
        self.site = site
        self.supervise: Callable[[User, str], Destination] = lambda user, extension: Refuse(501, 79, "", "")
        """Says what becomes of a user's wish to hear the talk at an extension; set by whoever can tell."""
        self.own_names = OwnNames(lambda: self.site.domain, locations, addresses)
        self._ua = ua
        self._locations = locations
        self._calls = calls
        self._people = people
        self._trunks = trunks
        self._addresses = addresses

    def destination_of(
        self, number: str, user: User, *, right: str, now: float, wall_s: float, caller_id: str = ""
    ) -> Destination:
        """Find where a number leads for a user who does not dial it at a phone; codes lead nowhere.

        Args:
            number: without separators.
            user: whose routes count.
            right: what kind of call it is; empty: ``internal``.
            now: monotonic seconds.
            wall_s: the time now.
            caller_id: the own number that is shown outside; empty: the trunk's usual one.
        """
        caller = Caller("user", user)
        found = route(self.site, self._locations, number, caller, wall_s=wall_s)
        if isinstance(found, CodeDialled) and found.dialled.action == "park" and right == "transfer_in":
            return Park(found.dialled.argument)
        if isinstance(found, CodeDialled) and found.dialled.action == "page" and found.dialled.argument and not right:
            return self._page(found.dialled.argument)
        if isinstance(found, CodeDialled):
            return Refuse(603, 21, f"{number} is a code, which reaches nobody", "a-code")
        if isinstance(found, Outward):
            return self._trunks.destination(shown_as(found, caller_id), hidden=False, now=now)
        if isinstance(found, NotFound) and by_route(self.site, user, number) is not None:
            return Refuse(403, 21, f"No route of {user.name} leads to {number}", "forbidden-route")
        return self._destination(found, caller, wall_s, right)

    def _place(self, uri: str, flow: Flow, path: tuple[str, ...] = (), *, srtp: str, dtmf: str = AUTO) -> Place:
        """Say where a phone is, which of our addresses it sees, whether its sound is encrypted, how it is told keys."""
        return Place(uri, flow, flow.local[0], self._addresses.host_for(flow), path, srtp, dtmf)

    def _place_of(self, caller: Caller, uri: str, flow: Flow) -> Place:
        """The same of somebody who called us."""
        trunk = self.site.trunks.get(caller.trunk)
        owner = caller.user or trunk
        srtp = OFF if owner is None else owner.encryption_over(flow)
        return self._place(uri, flow, srtp=srtp, dtmf=AUTO if trunk is None else trunk.dtmf)

    def _barred(self, found: object, caller: Caller) -> Refuse | None:
        """Return why the caller's own status permits no calls now; codes and emergency calls are always permitted."""
        free = isinstance(found, CodeDialled) or (isinstance(found, Outward) and found.emergency)
        return None if free or caller.user is None else self._people.dialling_refused(caller.user)

    def _destination(
        self,
        found: Phones
        | GroupDialled
        | QueueDialled
        | RoomDialled
        | ConferenceAsked
        | CodeDialled
        | ScenarioReached
        | NotFound
        | Offline,
        caller: Caller,
        wall_s: float,
        right: str = "",
    ) -> Destination:
        if isinstance(found, CodeDialled):
            return self._of_code(found.dialled, caller, wall_s)
        if isinstance(found, Phones | Offline) and not right and self._people.calls_go_elsewhere(found.user):
            return Attend(f"forward:{found.user.name}")
        if isinstance(found, Phones):
            right = right or ("internal" if caller.user is not None else "direct")
            offered = self._people.phones_for(found.user, right, wall_s=wall_s)
            if isinstance(offered, Refuse):
                return offered
            return RingPhones(tuple(self.phone(found.user, binding) for binding in offered))
        if isinstance(found, GroupDialled | QueueDialled | RoomDialled | ScenarioReached):
            return Attend(_guide_of(found))
        if isinstance(found, Offline):
            return OFFLINE
        if isinstance(found, ConferenceAsked) and found.name == CONFERENCE_FACTORY:
            return Attend(f"{ROOM}:{new_room_name(self._ua.new_tag())}")
        if isinstance(found, ConferenceAsked) and conversation_in(self._calls, found.name) is not None:
            return Attend(f"{ROOM}:{found.name}")
        return Refuse(404, 1, "Unallocated number", "not-found")

    def _of_code(self, dialled: Dialled, caller: Caller, wall_s: float) -> Destination:
        if caller.user is not None and not dialled.is_complete:
            code = self.site.codes[dialled.action]
            return Refuse(484, 28, f"{code} and a number: the number was left out", "number-required")
        if dialled.action == "pick_up":
            return nothing_rings(dialled.argument)
        if dialled.action == "retrieve":
            return Refuse(404, 1, f"Nobody is parked at {dialled.argument}", "nothing-parked")
        if dialled.action == "park":
            return Refuse(403, 21, "A call is parked by transferring it here", "not-a-call")
        if caller.user is None:
            return Refuse(404, 1, "Unallocated number", "not-found")
        if dialled.action == "intercom":
            return self._intercom(dialled.argument, wall_s)
        if dialled.action == "page":
            return self._page(dialled.argument)
        if dialled.action == "supervise":
            return self.supervise(caller.user, dialled.argument)
        return serve_code(self._people, self.site, caller.user, dialled)

    def _intercom(self, number: str, wall_s: float) -> Destination:
        """Ring the phones of a user who is free so that they answer by themselves."""
        user = self.site.user_by_extension(number)
        if user is None:
            return Refuse(404, 1, "Unallocated number", "not-found")
        offered = self._people.phones_for(user, "internal", wall_s=wall_s)
        if not isinstance(offered, Refuse) and self._calls.is_busy(user.name):
            return BUSY
        if isinstance(offered, Refuse):
            return offered
        return RingPhones(
            tuple(replace(self.phone(user, each), headers=auto_answer_lines(each.user_agent)) for each in offered)
        )

    def _page(self, number: str) -> Destination:
        group = self.site.group_by_extension(number)
        if group is None:
            return Refuse(404, 1, f"No group has the extension {number}", "not-found")
        return Attend(f"{PAGE}:{group.name}")

    def mobiles(self, user: User, number: str, now: float) -> tuple[Phone, ...]:
        """Return the way to a user's mobile where the status lets direct calls go there too (M-8).

        Args:
            user: who is called.
            number: the caller's, which the mobile shows where the trunk permits it.
            now: monotonic seconds.
        """
        if not user.mobile or not self._people.goes_to_mobile(user):
            return ()
        ways = outward(self.site, user, user.mobile[0])
        if ways is None:
            return ()
        told = self._trunks.destination(replace(ways, user=User("", number, "", "", "")), hidden=False, now=now)
        return () if isinstance(told, Refuse) else told.phones

    def phones_of(self, user_name: str, wall_s: float) -> tuple[Phone, ...]:
        """Return the phones of a user that a call may be offered to now; one who talks is offered none."""
        user = self.site.users.get(user_name)
        offered = OFFLINE if user is None else self._people.phones_for(user, "direct", wall_s=wall_s)
        if user is None or isinstance(offered, Refuse):
            return ()
        return tuple(self.phone(user, binding) for binding in offered)

    def user_agent_of(self, user_name: str, contact: str) -> str:
        """Return what the phone of a Contact calls itself; empty where it is not registered."""
        return user_agent_of(self._locations, user_name, contact)

    def phone(self, user: User, binding: Binding) -> Phone:
        """Say what the calls must know of a registered phone."""
        srtp = user.encryption_over(binding.flow)
        place = self._place(binding.contact, binding.flow, binding.path, srtp=srtp)
        return Phone(user.name, user.extension, place)


def _guide_of(found: GroupDialled | QueueDialled | RoomDialled | ScenarioReached) -> str:
    if isinstance(found, GroupDialled):
        return f"group:{found.group.name}"
    if isinstance(found, QueueDialled):
        return f"queue:{found.queue.name}"
    return f"{ROOM}:{found.room.name}" if isinstance(found, RoomDialled) else f"scenario:{found.name}"
