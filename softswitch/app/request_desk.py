"""Where requests outside of dialogs arrive: who may do what, and who does it.

REGISTER goes to the registrar, INVITE to the calls, OPTIONS is answered here, the rest is refused. Nothing is kept of a
request before its sender is known: challenges are answered without a transaction, so a stranger costs no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from softswitch.app.addresses import Addresses
from softswitch.app.destinations import Destinations
from softswitch.app.people import People
from softswitch.app.pickup import ringing_leg
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.causes import cause_of, reason_header
from softswitch.calls.destinations import RingPhones
from softswitch.calls.inputs import CallArrived, ReplacementArrived
from softswitch.calls.state import CallsState
from softswitch.core.errors import SipError
from softswitch.directory.authenticator import Authenticator, Challenge
from softswitch.directory.bans import SourceBanned, SourceGuard
from softswitch.directory.codes import Dialled
from softswitch.directory.inbound_number import inbound_number
from softswitch.directory.location import LocationState
from softswitch.directory.outward import Outward
from softswitch.directory.registrar import RegistrationLimits, decide_register
from softswitch.directory.routing import (
    Caller,
    CodeDialled,
    Phones,
    dialled_number,
    registering_user,
    route,
    who_calls,
)
from softswitch.directory.site import Site, User
from softswitch.sip.flow import Flow
from softswitch.sip.headers.replaces import Replaces, parse_replaces
from softswitch.sip.message import Header, Request
from softswitch.sip.ua.core import ACCEPT_HEADER
from softswitch.sip.ua.user_agent import ALLOW, UserAgent
from softswitch.sip.uri import parse_uri

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


class RequestDesk(Destinations):
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
        may_call: tells whether one more call may come from an address that is no trunk's.
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
        may_call: Callable[[str], bool],
        trunks: TrunkDesk,
        replace: Callable[[Request, Flow, Replaces | str, MakeReplacement], int],
        keep_offer: Callable[[str, str], str],
    ) -> None:
        super().__init__(ua, site, locations, calls, people, trunks, addresses)
        self.draining = False
        """Whether new calls are refused because the switch is about to stop."""
        self.servants: Mapping[str, Callable[..., None]] = {}
        """Who takes other requests of users, by method."""
        self.group_rung: Callable[[str], str] = lambda conversation_id: ""
        """Tells which group a scenario or a forward rings for a conversation."""
        self._authenticator = authenticator
        self._limits = limits
        self._record = record
        self._arrive = arrive
        self._replace = replace
        self._keep_offer = keep_offer
        self._guard = guard
        self._ban = ban
        self._may_call = may_call

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
        share = self.site.sha256_share
        verdict = self._authenticator.check(request, user=user, wall_s=wall_s, sha256_share=share)
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
        answer = decide_register(self._locations, request, flow, user, wall_s=wall_s, limits=self._limits)
        for fact in answer.facts:
            self._record(fact)
        self._ua.answer(request, flow, answer.status, headers=answer.headers, now=now)

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
        if self.draining or not (caller.kind == "trunk" or self._may_call(flow.remote[0])):
            self._refuse(request, flow, 503, (("Retry-After", "5"),))
            return
        if request.get("Replaces") is not None:
            self._take_place(request, flow, caller)
            return
        if caller.kind != "trunk" and not self.own_names.are_in(
            parse_uri(request.uri), flow, request.get("From") or ""
        ):
            self._refuse(request, flow, 404)
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
        place = self._place_of(caller, str(contacts[0].uri), flow)
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
        place = self._place_of(caller, str(contacts[0].uri), flow)
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


def _identity(request: Request, caller: Caller) -> tuple[str, str]:
    """Return the number and name that the called phone shows: ours for a user, the trunk's for a number outside."""
    if caller.user is not None:
        return caller.user.extension, caller.user.display_name
    return request.from_.uri.user, request.from_.display_name
