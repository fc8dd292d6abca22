"""Takes REFERs outside of dialogs: a call for its sender, a transfer in another dialog, somebody for a conference.

What the Request-URI names is asked (RFC 3515 §2.1): a conference of its sender to call or to let go somebody
(RFC 4579 §5.5), else the sender's own line to dial the Refer-To. ``Target-Dialog`` (RFC 4538) names the dialog whose
other party is transferred.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.app.conference_desk import ConferenceDesk
from softswitch.app.events.desk import EventDesk
from softswitch.app.events.package import own_resource
from softswitch.app.events.refer import CALL, DONE, INVITATION, TRANSFER, resource_of
from softswitch.app.focus import conversation_in, room_named
from softswitch.app.line_desk import LineDesk
from softswitch.app.refer_targets import ReferTarget, ReferTargets
from softswitch.calls.destinations import Refuse
from softswitch.calls.inputs import TransferAsked
from softswitch.calls.state import CallsState, Conversation
from softswitch.core.errors import CommandError, SipError
from softswitch.directory.routing import dialled_number
from softswitch.directory.site import Site, User
from softswitch.sip.flow import Flow
from softswitch.sip.headers.replaces import Replaces, parse_target_dialog
from softswitch.sip.message import Request
from softswitch.sip.ua.refer_wish import wants_no_notify
from softswitch.sip.ua.user_agent import UserAgent

_STATUSES: Final = {403: 403, 404: 404}
"""SIP statuses for those of refused commands; 603 for all others."""


class ReferDesk:
    """Carries out what phones ask for by REFER outside of dialogs.

    Args:
        ua: answers where no NOTIFY is wanted.
        calls: the calls; only read.
        targets: finds whom a REFER means.
        events: tells its sender what became of it.
        lines: dials for users.
        conferences: calls people into conferences.
        site: the rooms.
        decide: decides and carries out an input of the calls.
    """

    def __init__(
        self,
        ua: UserAgent,
        calls: CallsState,
        targets: ReferTargets,
        events: EventDesk,
        lines: LineDesk,
        conferences: ConferenceDesk,
        site: Callable[[], Site],
        decide: Callable[[Any], None],
    ) -> None:
        self._ua = ua
        self._calls = calls
        self._targets = targets
        self._events = events
        self._lines = lines
        self._conferences = conferences
        self._site = site
        self._decide = decide

    def take(self, request: Request, flow: Flow, user: User, *, now: float, wall_s: float) -> None:
        """Take a REFER of a user's phone.

        Raises:
            SipError: it is malformed, or cannot be; nothing has happened.
        """
        values = request.get_all("Refer-To")
        if len(values) != 1 or not request.contacts:
            raise SipError("a REFER without one Refer-To and a Contact")
        self._events.check_room_for(user)
        resource = self._events.referred_before(request)
        if not resource:
            spoken = (request.get("From") or "", request.get("To") or "")
            target = self._targets.find(values[0], user.name, flow, spoken, now=now, wall_s=wall_s)
            try:
                resource = self._carried_out(request, user, target)
            except CommandError as error:
                raise SipError(str(error), _STATUSES.get(error.status, 603)) from error
        if wants_no_notify(request):
            transaction = self._ua.begin(request, flow, now=now)
            response = self._ua.response_to(request, 202, (("Refer-Sub", "false"),))
            self._ua.respond(transaction, response, now=now)
        else:
            self._events.take_refer(request, flow, user, resource, now=now, wall_s=wall_s)

    def _carried_out(self, request: Request, user: User, target: ReferTarget) -> str:
        """Do what is asked; return what it is about, as the package ``refer`` names it."""
        named = request.get("Target-Dialog")
        if named is not None:
            return self._transferred(parse_target_dialog(named), user, target)
        number = dialled_number(request.uri)
        room = self._site().room_by_extension(number) or room_named(self._site(), number)
        if room is not None:
            return self._asked_of(conversation_in(self._calls, room.name), user, target)
        own_resource(number, user)
        if target.other or target.method != "INVITE":
            raise SipError("a call of one's own is referred to within its dialog, or with Target-Dialog", 603)
        leg = self._lines.dial(user.name, target.number)
        return resource_of(CALL, self._calls.legs[leg].conversation_id)

    def _transferred(self, dialog: Replaces, user: User, target: ReferTarget) -> str:
        leg = self._calls.legs.get(self._targets.leg_of(dialog))
        if leg is None or not leg.is_live:
            raise SipError("no such dialog", 481)
        if leg.user != user.name:
            raise SipError("somebody else's dialog", 403)
        if isinstance(target.called, Refuse) and not target.other:
            raise SipError(target.called.reason, target.called.status)
        self._decide(TransferAsked(leg.leg, target.number, target.called, "", target.other))
        return resource_of(TRANSFER, leg.leg)

    def _asked_of(self, conversation: Conversation | None, user: User, target: ReferTarget) -> str:
        """Let the conference do what is asked, for whoever is in it."""
        if conversation is None or conversation.conference is None:
            raise SipError("nobody is in that conference", 404)
        own = [name for name in conversation.conference.members if conversation.legs[name].user == user.name]
        if not own:
            raise SipError("only who is in a conference may ask it for something", 403)
        self._conferences.referred(own[0], target, "")
        if target.method == "BYE" or target.other:
            return resource_of(DONE)
        return resource_of(INVITATION, conversation.conversation_id, conversation.attempt)
