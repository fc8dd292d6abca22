"""The package ``as-feature-event``: keys of phones set do-not-disturb, forwards and an agent's state, and show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from softswitch.app.events.package import Content, Telling, own_resource
from softswitch.app.people import People
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.directory.site import Site, User
from softswitch.directory.statuses import NO
from softswitch.queues.agents import facts, inputs
from softswitch.queues.agents.working import Work
from softswitch.sip.bodies.features import (
    CONTENT_TYPE,
    FORWARDS,
    Attendance,
    Disturbance,
    Feature,
    Forwarding,
    read_feature,
    write_features,
)
from softswitch.sip.message import Request
from softswitch.sip.ua.subscription import Duration

_BY: Final = "phone"
_USUAL_S: Final = 20.0
"""How long phones ring before an unanswered call goes on, where the phone does not say."""
_OF_USERS: Final = (
    facts.DisturbanceChosen,
    facts.ForwardSet,
    facts.ForwardCleared,
    facts.AgentEnteredQueue,
    facts.AgentLeftQueue,
    facts.StatusChosen,
    facts.AgentWorked,
)


class FeaturesPackage:
    """Keeps phones and switch of one mind about do-not-disturb, forwards and agents.

    Args:
        people: has them.
        site: the users.
    """

    name = "as-feature-event"
    content_types = (CONTENT_TYPE, "multipart/mixed")
    duration = Duration()
    follows = frozenset(_OF_USERS)
    listed = False

    def __init__(self, people: People, site: Callable[[], Site]) -> None:
        self._people = people
        self._site = site

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Return the watcher's extension."""
        return own_resource(number, watcher)

    def set_by(self, watcher: User, body: bytes) -> None:
        """Do what the body of a SUBSCRIBE wants; the NOTIFY that follows tells what became of it.

        Raises:
            SipError: it cannot be read.
        """
        wanted = read_feature(body)
        with suppress(CommandError):  # a target that cannot be: nothing has changed, and that is what is told
            self._people.decide(self._command(watcher, wanted))

    def touched(self, record: Record) -> Iterable[str]:
        """Return the extension of the user whose features a fact changes."""
        user = self._site().users.get(record.fact.user)
        return () if user is None else (user.extension,)

    def state(self, resource: str) -> tuple[Feature, ...]:
        """Return all features of a user."""
        user = self._site().user_by_extension(resource)
        if user is None:
            return (Disturbance(False), *(Forwarding(kind, "") for kind in FORWARDS))
        own = self._people.forwards_of(user.name)
        forwards = (
            Forwarding(kind, own[kind].target, own[kind].after_s) if kind in own else Forwarding(kind, "")
            for kind in FORWARDS
        )
        attendance = (self._attendance(user),) if self._site().queues_of(user.name) else ()
        return (Disturbance(self._people.is_undisturbed(user.name)), *forwards, *attendance)

    def _attendance(self, user: User) -> Attendance:
        """Return what a user does for queues; told to phones of their members only."""
        if not self._people.is_in_queues(user.name):
            return Attendance("loggedOff")
        work = self._people.work_of(user.name)
        if work is Work.WRAP_UP:
            return Attendance("workingAfterCall")
        pauses = work in {Work.IDLE, Work.BLOCKED} and self._people.status_of(user).queue == NO
        return Attendance("notReady" if pauses else "ready")

    def write(self, telling: Telling) -> Content:
        """Write what has changed, or all of it."""
        before = telling.before or ()
        changed = [feature for feature in telling.state if feature not in before] or list(telling.state)
        boundary = f"features{telling.watch.subscription}{telling.version}"
        return Content(*write_features(telling.watch.resource, changed, boundary))

    def _command(self, user: User, wanted: Feature) -> inputs.Input:
        if isinstance(wanted, Disturbance):
            return inputs.RefuseCalls(user.name, wanted.refused, _BY)
        if isinstance(wanted, Attendance):
            return self._attend(user, wanted.state)
        if not wanted.target:
            return inputs.ClearForward(user.name, wanted.kind, _BY)
        return inputs.SetForward(user.name, wanted.kind, wanted.target, wanted.after_s or _USUAL_S, _BY)

    def _attend(self, user: User, state: str) -> inputs.Input:
        """Return what a wish of an agent's key comes to."""
        if state == "loggedOff":
            return inputs.LeaveQueues(user.name, "", _BY)
        if state == "loggedOn":
            return inputs.EnterQueues(user.name, "", _BY)
        preset = self._site().preset_of(user)
        if state == "ready":
            return inputs.ChooseStatus(user.name, preset.ready, _BY)
        paused = (each.name for each in preset.choosable() if each.queue == NO and each.name != preset.login)
        return inputs.ChooseStatus(user.name, next(paused, preset.login), _BY)
