"""Commands about supervision: who may hear whom, and which phones of the supervisor ring."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.people import People
from softswitch.app.request_desk import RequestDesk
from softswitch.app.turn import Turn
from softswitch.calls.conference_inputs import ChangeSupervision, SuperviseOrdered
from softswitch.calls.destinations import Refuse, Supervise
from softswitch.calls.hearing import talkers
from softswitch.calls.inputs import Input
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.supervising import FOLLOWS, MODES
from softswitch.core.errors import CommandError
from softswitch.directory.site import Site, User
from softswitch.directory.supervision import barred, permitted


class SupervisionDesk:
    """Carries out what people ask for about supervision.

    Args:
        calls: the calls; only read.
        desk: knows the site in force, and the phones.
        people: who has which.
        turn: the time.
        new_id: makes the id of a conversation.
        decide: decides an input of the calls.
    """

    def __init__(
        self,
        calls: CallsState,
        desk: RequestDesk,
        people: People,
        turn: Turn,
        new_id: Callable[[], str],
        decide: Callable[[Input], None],
    ) -> None:
        self._calls = calls
        self._desk = desk
        self._people = people
        self._turn = turn
        self._new_id = new_id
        self._decide = decide

    def supervise(self, supervisor: str, leg: str, mode: str, follow: str = "agent") -> str:
        """Let a supervisor hear the talk of a leg, and be heard by nobody, by the leg's user, or by all.

        A supervisor who hears something already changes over to it; else the supervisor's phones ring.

        Args:
            supervisor: name of a user.
            leg: of a user who talks.
            mode: ``listen``, ``whisper`` or ``barge``.
            follow: ``agent`` or ``conversation``.

        Returns:
            The supervisor's own conversation.

        Raises:
            CommandError: it does not fit; nothing has changed.
        """
        site = self._desk.site
        user = site.users.get(supervisor)
        if user is None:
            raise CommandError(
                f"There is no user {supervisor}", status=404, error_id="unknown-user", field="supervisor"
            )
        _one_of(mode, MODES, "mode")
        _one_of(follow, FOLLOWS, "follow")
        wanted = self._wanted(site, user, leg, mode, follow)
        own = self._own(supervisor)
        if own is not None:
            self._decide(ChangeSupervision(own.conversation_id, wanted))
            return own.conversation_id
        bindings = self._people.registered_phones(user, wall_s=self._turn.wall_s)
        phones = tuple(self._desk.phone(user, binding) for binding in bindings)
        if not phones:
            text = f"{supervisor} has no phone that is registered"
            raise CommandError(text, status=409, error_id="offline", field="supervisor")
        conversation_id = self._new_id()
        target = site.users[wanted.user]
        self._decide(SuperviseOrdered(conversation_id, supervisor, user.extension, target.extension, phones, wanted))
        return conversation_id

    def dialled(self, user: User, extension: str) -> Supervise | Refuse:
        """Return what becomes of a supervisor's call to a code and an extension: they listen, until a key says else."""
        site = self._desk.site
        target = site.user_by_extension(extension)
        if target is None:
            return Refuse(404, 1, f"Nobody has the extension {extension}", "not-found")
        talking = (leg for leg in self._calls.of_user(target.name) if self._talks(leg))
        leg = next(talking, None)
        if leg is None:
            return Refuse(480, 18, f"{target.name} talks with nobody", "nobody-talks")
        try:
            return self._wanted(site, user, leg.leg, "listen", "agent")
        except CommandError as error:
            return Refuse(403, 21, str(error), error.error_id)

    def _wanted(self, site: Site, supervisor: User, name: str, mode: str, follow: str) -> Supervise:
        leg = self._calls.legs.get(name)
        if leg is None or not leg.is_live:
            raise CommandError(f"There is no leg {name} in a call now", status=404, error_id="unknown-leg", field="leg")
        if not leg.user or leg.user == supervisor.name or leg.user not in site.users:
            text = f"{name} is not the leg of another user"
            raise CommandError(text, status=409, error_id="not-a-users", field="leg")
        kind, _, queue = self._calls.conversations[leg.conversation_id].guide.partition(":")
        modes = permitted(site, supervisor.name, leg.user, queue if kind == "queue" else "")
        if not modes:
            text = f"{supervisor.name} may not supervise {leg.user}: see supervises and supervisors in the site"
            raise CommandError(text, status=403, error_id="may-not-supervise", field="supervisor")
        if mode not in modes:
            text = f"{supervisor.name} may {' and '.join(modes)} here, not {mode}: see supervision of the queue"
            raise CommandError(text, status=403, error_id="may-not-supervise", field="mode")
        if not self._talks(leg):
            raise CommandError(f"{name} talks with nobody", status=409, error_id="nobody-talks", field="leg")
        told = site.users[leg.user].told_when_supervised
        not_there = barred(site, supervisor.name, leg.user, modes)
        return Supervise(leg.user, leg.conversation_id, leg.leg, mode, follow, told, modes, not_there)

    def _talks(self, leg: Leg) -> bool:
        conversation = self._calls.conversations[leg.conversation_id]
        return leg.is_live and leg.leg in talkers(conversation)

    def _own(self, supervisor: str) -> Conversation | None:
        """Return the conversation in which a user supervises already."""
        every = (self._calls.conversations[name] for name in self._calls.supervisors)
        return next((one for one in every if any(leg.user == supervisor for leg in one.legs.values())), None)


def _one_of(value: str, known: tuple[str, ...], field: str) -> None:
    if value not in known:
        text = f"{field} is {value!r}; one of {', '.join(known)}"
        raise CommandError(text, status=422, error_id=f"unknown-{field}", field=field)
