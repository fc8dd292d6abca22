"""Short messages between users (RFC 3428): taken, kept as facts, delivered to all phones of the recipient.

The sender is answered 202 as soon as the message is kept. It goes to every phone that is registered; the first that
takes it ends the matter. Where none is there, or none answers, it waits for the next registration. One message at a
time is under way to a user, so they come in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Final

from softswitch.core.errors import SipError
from softswitch.core.facts import Record
from softswitch.core.ids import Entropy
from softswitch.directory.location import Binding, LocationState, RegistrationBound
from softswitch.directory.messages import Message, MessageDelivered, MessageFailed, Messages, MessageTaken
from softswitch.directory.routing import dialled_number, one_flow_each
from softswitch.directory.site import Site, User
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header, Request
from softswitch.sip.ua.actions import Responded
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri

OWNER: Final = "message"
MOST_OCTETS: Final = 8192
MOST_WAITING: Final = 200
"""Messages that may wait for one user."""
LONGEST_S: Final = 14 * 86_400.0
"""A message that nobody has taken for so long is given up."""
_FOR_EVER: Final = frozenset({405, 406, 413, 415, 420, 488, 501, 606})
"""What a phone answers that will never take it."""


class MessageDesk:
    """Takes and delivers messages.

    Args:
        ua: sends and answers.
        state: what is on its way.
        locations: where phones are.
        site: the users.
        entropy: names of messages.
        domain: the host part of addresses.
        record: keeps a fact, and folds it into ``state``.
    """

    def __init__(
        self,
        *,
        ua: UserAgent,
        state: Messages,
        locations: LocationState,
        site: Callable[[], Site],
        entropy: Entropy,
        domain: str,
        record: Callable[[object], None],
    ) -> None:
        self._ua = ua
        self._state = state
        self._locations = locations
        self._site = site
        self._entropy = entropy
        self._domain = domain
        self._record = record
        self._waited_for: dict[str, dict[str, int]] = {}
        """By message under way: the status that each phone has answered it with, 0 as long as it has not."""
        self.marked: dict[str, None] = {}
        """Users to whom the next message shall go at the end of the turn."""

    # Taking

    def take(self, request: Request, flow: Flow, user: User, *, now: float, wall_s: float) -> None:
        """Take a MESSAGE from a phone of ``user``."""
        try:
            to = self._recipient(request)
        except SipError as error:
            self._ua.reply(request, flow, error.status_hint)
            return
        transaction = self._ua.begin(request, flow, now=now)
        came_by = (request.call_id, request.cseq.number)
        if not any(one.came_by == came_by and one.from_user == user.name for one in self._state.to(to.name)):
            kind = request.get("Content-Type") or "text/plain"
            name = f"{self._entropy.token(16)}@{self._domain}"
            self._record(MessageTaken(name, user.name, to.name, kind, request.body, *came_by))
        self._ua.respond(transaction, self._ua.response_to(request, 202), now=now)
        self.marked[to.name] = None

    def _recipient(self, request: Request) -> User:
        if len(request.body) > MOST_OCTETS:
            raise SipError("the message is too long", 413)
        if not request.body:
            raise SipError("the message is empty")
        user = self._site().user_by_extension(dialled_number(request.uri))
        if user is None:
            raise SipError("nobody has that number", 404)
        if len(self._state.to(user.name)) >= MOST_WAITING:
            raise SipError("too many messages wait already", 480)
        return user

    # Delivering

    def follow(self, record: Record) -> None:
        """See a fact: a phone that registers gets what waits for its user."""
        if type(record.fact) is RegistrationBound and self._state.to(record.fact.user):
            self.marked[record.fact.user] = None

    def begin(self) -> None:
        """Send what an earlier brain had under way, or had not begun with."""
        self.marked.update((message.to_user, None) for message in self._state)

    def end_turn(self, *, now: float, wall_s: float) -> bool:
        """Send what can be sent; return whether there was anything."""
        if not self.marked:
            return False
        marked, self.marked = self.marked, {}
        for name in marked:
            self._next(name, now, wall_s)
        return True

    def _next(self, name: str, now: float, wall_s: float) -> None:
        user = self._site().users.get(name)
        for message in self._state.to(name):
            if message.message in self._waited_for:
                return
            if user is None or message.at_s + LONGEST_S < wall_s:
                self._record(MessageFailed(message.message, 0, "nobody took it"))
                continue
            phones = one_flow_each(self._locations.contacts_of(name, wall_s=wall_s))
            if phones:
                self._waited_for[message.message] = {binding.key: 0 for binding in phones}
                for binding in phones:
                    self._send(message, user, binding, now)
            return

    def _send(self, message: Message, user: User, binding: Binding, now: float) -> None:
        sender = self._site().users.get(message.from_user)
        us = (
            Address(Uri("sip", sender.extension, self._domain), sender.display_name)
            if sender
            else Address(Uri("sip", "anonymous", self._domain))
        )
        headers: list[Header] = [
            ("From", str(us)),
            ("To", f"<{Uri('sip', user.extension, self._domain)}>"),
            ("Call-ID", message.message),
            ("Date", formatdate(message.at_s, usegmt=True)),
            ("Content-Type", message.content_type),
            *(("Route", route) for route in binding.path),
        ]
        request = Request("MESSAGE", binding.contact, headers, message.body)
        self._ua.request(request, binding.flow, owner=f"{OWNER} {message.message} {binding.key}", now=now)

    def responded(self, action: Responded) -> None:
        """Take the final answer to a request; those to others are none of ours."""
        kind, _, rest = action.owner.partition(" ")
        name, _, key = rest.partition(" ")
        message, answers = self._state.get(name), self._waited_for.get(name)
        if kind != OWNER or answers is None:
            return
        status = answers[key] = action.response.status
        if 200 <= status < 300 and message is not None:
            self._record(MessageDelivered(name))
            self.marked[message.to_user] = None
        if all(answers.values()):
            del self._waited_for[name]
            if message is not None and all(one in _FOR_EVER for one in answers.values()):
                self._record(MessageFailed(name, status, action.response.reason))
                self.marked[message.to_user] = None
