"""Where requests outside of dialogs arrive: who may do what, and who does it.

REGISTER goes to the registrar, INVITE to the calls, OPTIONS is answered here, the rest is refused. Nothing is kept of a
request before its sender is known: challenges are answered without a transaction, so a stranger costs no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from softswitch.app.addresses import Addresses
from softswitch.app.auto_answer import auto_answer_lines, user_agent_of
from softswitch.app.codes import serve_code
from softswitch.app.focus import conversation_in, new_room_name
from softswitch.app.people import BUSY, OFFLINE, People
from softswitch.app.pickup import nothing_rings, ringing_leg
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.causes import cause_of, reason_header
from softswitch.calls.destinations import Attend, Destination, Park, Phone, Place, Refuse, RingPhones
from softswitch.calls.inputs import CallArrived, ReplacementArrived
from softswitch.calls.state import CallsState
from softswitch.core.errors import SipError
from softswitch.directory.authenticator import Authenticator, Challenge
from softswitch.directory.bans import SourceBanned, SourceGuard
from softswitch.directory.codes import Dialled
from softswitch.directory.encryption import OFF
from softswitch.directory.inbound_number import inbound_number
from softswitch.directory.location import Binding, LocationState
from softswitch.directory.outward import Outward, by_route, outward, shown_as
from softswitch.directory.registrar import RegistrationLimits, decide_register
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
    dialled_number,
    registering_user,
    route,
    who_calls,
)
from softswitch.directory.site import Site, User
from softswitch.queues.rooms.guide import KIND as ROOM
from softswitch.sip.flow import Flow
from softswitch.sip.headers.replaces import Replaces, parse_replaces
from softswitch.sip.message import Header, Request, response_to
from softswitch.sip.ua.core import ACCEPT_HEADER
from softswitch.sip.ua.user_agent import ALLOW, UserAgent

_REFUSED: Final = {
    "SUBSCRIBE": 489,
    "PUBLISH": 489,
    "NOTIFY": 481,
    "BYE": 481,
    "INFO": 481,
    "UPDATE": 481,
    "PRACK": 481,
    "MESSAGE": 405,
    "REFER": 405,
}
"""What methods that we do not serve outside of a dialog are answered with; unknown ones get 501."""


MakeReplacement = Callable[[str, str, str], ReplacementArrived]
"""Makes the input from the conversation's id, the new leg's and that of the leg to be replaced."""


class RequestDesk:
    """Takes requests outside of dialogs.

    Args:
        ua: answers them.
        site: the users, numbers and trunks; replaced as a whole by a load.
        locations: where the users' phones are.
        calls: which of them ring.
        authenticator: challenges and verifies.
        addresses: which of our addresses a peer sees.
        limits: of registrations.
        people: who may be called.
        record: keeps a fact of the directory.
        replace: lets an INVITE take the place of a leg; gets it, its flow, its Replaces or the leg, and a
            maker of the input.
        arrive: begins a call; gets the INVITE, its flow and a maker of the input that needs the conversation's id.
        guard: counts what sources get wrong.
        ban: keeps the fact that a source is shut out.
        may_call: tells whether a source may have one more call.
        trunks: makes the legs of calls that leave.
        keep_offer: makes of a phone's offer what may be kept; gets whether its sound is encrypted too.
    """

    def __init__(
        self,
        *,
        ua: UserAgent,
        site: Site,
        locations: LocationState,
        calls: CallsState,
        authenticator: Authenticator,
        addresses: Addresses,
        limits: RegistrationLimits,
        people: People,
        record: Callable[[Any], None],
        arrive: Callable[[Request, Flow, Callable[[str], CallArrived]], None],
        guard: SourceGuard,
        ban: Callable[[SourceBanned], None],
        may_call: Callable[[Flow], bool],
        trunks: TrunkDesk,
        replace: Callable[[Request, Flow, Replaces | str, MakeReplacement], int],
        keep_offer: Callable[[str, str], str],
    ) -> None:
        self.site = site
        self.supervise: Callable[[User, str], Destination] = lambda user, extension: Refuse(501, 79, "", "")
        """Says what becomes of a user's wish to hear the talk at an extension; set by whoever can tell."""
        self.draining = False
        """Whether new calls are refused because the switch is about to stop."""
        self.servants: Mapping[str, Callable[..., None]] = {}
        """Who takes other requests of users, by method."""
        self.group_rung: Callable[[str], str] = lambda conversation_id: ""
        """Tells which group a scenario rings for a conversation."""
        self._ua = ua
        self._locations = locations
        self._calls = calls
        self._authenticator = authenticator
        self._addresses = addresses
        self._limits = limits
        self._people = people
        self._record = record
        self._arrive = arrive
        self._replace = replace
        self._keep_offer = keep_offer
        self._guard = guard
        self._ban = ban
        self._may_call = may_call
        self._trunks = trunks

    def knows(self, flow: Flow) -> bool:
        """Tell whether a message comes from a registered phone or from a trunk."""
        return self._locations.is_registered_source(flow) or self.site.trunk_of(flow) is not None

    def strayed(self, flow: Flow, *, now: float, wall_s: float) -> None:
        """Count what proves nothing against its source, unless that is known."""
        if not self.knows(flow):
            host = flow.remote[0]
            self._keep(self._guard.strayed(host, phones=self._locations.phones_at(host), now=now, wall_s=wall_s))

    def _keep(self, banned: SourceBanned | None) -> None:
        if banned is not None:
            self._ban(banned)

    def take(self, request: Request, flow: Flow, *, now: float, wall_s: float) -> None:
        """Answer a request, or pass it on to whoever does."""
        try:
            if request.method == "REGISTER":
                self._register(request, flow, now, wall_s)
            elif request.method == "INVITE":
                self._invite(request, flow, now, wall_s)
            elif request.method in self.servants:
                self._serve(request, flow, now, wall_s)
            elif request.method == "OPTIONS":
                self.strayed(flow, now=now, wall_s=wall_s)
                self._ua.reply(request, flow, 200, headers=(("Allow", ALLOW), ACCEPT_HEADER))
            else:
                self.strayed(flow, now=now, wall_s=wall_s)
                status = _REFUSED.get(request.method, 501)
                self._refuse(request, flow, status, (("Allow", ALLOW),))
        except SipError as error:
            self._refuse(request, flow, error.status_hint)

    def _refuse(self, request: Request, flow: Flow, status: int, headers: tuple[Header, ...] = ()) -> None:
        reason = reason_header(*cause_of(status)) if request.method == "INVITE" else None
        self._ua.reply(request, flow, status, headers=(*headers, reason) if reason else headers)

    def _verified(self, request: Request, flow: Flow, user: User | None, now: float, wall_s: float) -> bool:
        """Challenge the request unless it carries good credentials of ``user``; count what proves nothing."""
        verdict = self._authenticator.check(request, user=user, wall_s=wall_s)
        if isinstance(verdict, Challenge):
            self._ua.reply(request, flow, 401, headers=verdict.headers)
            if verdict.failed:
                self._keep(self._guard.failed(flow.remote[0], now=now, wall_s=wall_s))
            else:
                self.strayed(flow, now=now, wall_s=wall_s)
            return False
        self._guard.proved(flow.remote[0], now=now)
        return True

    def _register(self, request: Request, flow: Flow, now: float, wall_s: float) -> None:
        user = registering_user(self.site, request)
        if not self._verified(request, flow, user, now, wall_s) or user is None:
            return
        transaction = self._ua.begin(request, flow, now=now)
        answer = decide_register(self._locations, request, flow, user, wall_s=wall_s, limits=self._limits)
        for fact in answer.facts:
            self._record(fact)
        response = response_to(request, answer.status, to_tag=self._ua.new_tag(), headers=answer.headers)
        self._ua.respond(transaction, response, now=now)

    def _serve(self, request: Request, flow: Flow, now: float, wall_s: float) -> None:
        """Let a user's request be served, be it from a registered phone or not."""
        caller = who_calls(self.site, request, flow, self._locations)
        if caller.kind == "trunk":
            self._refuse(request, flow, 403)
        elif self._verified(request, flow, caller.user, now, wall_s) and caller.user is not None:
            self.servants[request.method](request, flow, caller.user, now=now, wall_s=wall_s)

    def _invite(self, request: Request, flow: Flow, now: float, wall_s: float) -> None:
        caller = who_calls(self.site, request, flow, self._locations)
        if caller.kind != "trunk" and not self._verified(request, flow, caller.user, now, wall_s):
            return
        if self.draining or not (caller.kind == "trunk" or self._may_call(flow)):
            self._refuse(request, flow, 503, (("Retry-After", "5"),))
            return
        if request.get("Replaces") is not None:
            self._take_place(request, flow, caller)
            return
        dialled = inbound_number(self.site, request) if caller.kind == "trunk" else dialled_number(request.uri)
        found = route(self.site, self._locations, dialled, caller, wall_s=wall_s)
        if isinstance(found, CodeDialled) and self._picks_up(request, flow, found.dialled, caller):
            return
        hidden = "id" in (request.get("Privacy") or "").lower() or request.from_.uri.user == "anonymous"
        destination = self._barred(found, caller) or (
            self._trunks.destination(found, hidden=hidden, now=now)
            if isinstance(found, Outward)
            else self._destination(found, caller, wall_s)
        )
        if isinstance(destination, RingPhones) and isinstance(found, Phones) and caller.user is None:
            mobiles = self.mobiles(found.user, request.from_.uri.user, now)
            destination = RingPhones((*destination.phones, *mobiles), destination.detours)
        contacts = request.contacts
        if not contacts:
            raise SipError("an INVITE without a Contact")
        place = self._place(str(contacts[0].uri), flow, srtp=self._encryption(caller, flow))
        sdp = self._keep_offer(request.sdp, place.srtp)
        number, name = _identity(request, caller)

        def make(conversation_id: str) -> CallArrived:
            return CallArrived(
                conversation_id,
                number,
                name,
                caller.user.name if caller.user else "",
                caller.trunk,
                dialled,
                place,
                sdp,
                request.max_forwards,
                destination,
            )

        self._arrive(request, flow, make)

    def _picks_up(self, request: Request, flow: Flow, dialled: Dialled, caller: Caller) -> bool:
        """Let a user's call take the place of a phone that rings, or whoever is parked, where that was dialled."""
        if dialled.action not in {"pick_up", "retrieve"} or caller.user is None:
            return False
        if dialled.action == "retrieve":
            parked = self._calls.parked_in(dialled.argument)
            leg = "" if parked is None else parked.leg
        else:
            leg = ringing_leg(self._calls, self.site, caller.user, dialled.argument, self.group_rung)
        if leg:
            self._take_place(request, flow, caller, leg)
        return bool(leg)

    def _take_place(self, request: Request, flow: Flow, caller: Caller, leg: str = "") -> None:
        """Take an INVITE that replaces a dialog (RFC 3891), or the one of ``leg``."""
        values, contacts = request.get_all("Replaces"), request.contacts
        if len(values) > 1 or not contacts:
            raise SipError("an INVITE with more than one Replaces, or without a Contact")
        replaces = leg or parse_replaces(values[0])
        place = self._place(str(contacts[0].uri), flow, srtp=self._encryption(caller, flow))
        sdp = self._keep_offer(request.sdp, place.srtp)
        number, _ = _identity(request, caller)
        user = caller.user.name if caller.user else ""
        early_only = isinstance(replaces, str) or replaces.early_only

        def make(conversation_id: str, leg: str, replaced: str) -> ReplacementArrived:
            return ReplacementArrived(
                conversation_id, leg, replaced, user, number, place, sdp, request.max_forwards, early_only
            )

        status = self._replace(request, flow, replaces, make) if sdp else 488
        if status:
            self._refuse(request, flow, status)

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
        if isinstance(found, CodeDialled):
            return Refuse(603, 21, f"{number} is a code, which reaches nobody", "a-code")
        if isinstance(found, Outward):
            return self._trunks.destination(shown_as(found, caller_id), hidden=False, now=now)
        if isinstance(found, NotFound) and by_route(self.site, user, number) is not None:
            return Refuse(403, 21, f"No route of {user.name} leads to {number}", "forbidden-route")
        return self._destination(found, caller, wall_s, right)

    def _place(self, uri: str, flow: Flow, path: tuple[str, ...] = (), *, srtp: str) -> Place:
        """Say where a phone is, which of our addresses it sees, and whether its sound is encrypted."""
        return Place(uri, flow, flow.local[0], self._addresses.host_for(flow), path, srtp)

    def _encryption(self, caller: Caller, flow: Flow) -> str:
        owner = caller.user or self.site.trunks.get(caller.trunk)
        return OFF if owner is None else owner.encryption_over(flow)

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


def _identity(request: Request, caller: Caller) -> tuple[str, str]:
    """Return the number and name that the called phone shows: ours for a user, the trunk's for a number outside."""
    if caller.user is not None:
        return caller.user.extension, caller.user.display_name
    return request.from_.uri.user, request.from_.display_name
