"""``decide(state, site, input) -> facts``: what becomes of a user's status. Pure.

A command that cannot be followed raises :class:`~softswitch.core.errors.CommandError` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.core.errors import CommandError
from softswitch.directory.site import Site, User
from softswitch.directory.statuses import Preset
from softswitch.queues.agents import facts, forwarding, inputs, work
from softswitch.queues.agents.state import Agent, AgentsState, Presence
from softswitch.queues.agents.working import Work

RESTORED_WITHIN_S: Final = 600.0
"""How long a user may be away and find the status of before again."""

Facts = list[Any]


def decide(state: AgentsState, site: Site, given: inputs.Input) -> Facts:
    """Return the facts that follow from ``given``, in order.

    Raises:
        CommandError: a command names a user, status or queue that there is not, or fits the user's state no more.
    """
    return _DECISIONS[type(given)](state, site, given)


def _came(state: AgentsState, site: Site, given: inputs.PhoneCame) -> Facts:
    user, agent = site.users.get(given.user), state.agents.get(given.user)
    if user is None or (agent is not None and agent.presence is Presence.PRESENT):
        return []
    preset = site.preset_of(user)
    if agent is not None and given.at_s - agent.since_s <= RESTORED_WITHIN_S and _may_choose(preset, agent.before):
        return [facts.AgentLoggedIn(user.name, agent.before, restored=True)]
    return [facts.AgentLoggedIn(user.name, preset.login, restored=False)]


def _gone(state: AgentsState, site: Site, given: inputs.PhonesGone) -> Facts:
    agent = state.agents.get(given.user)
    if agent is None or agent.presence is Presence.AWAY:
        return []
    user = site.users.get(given.user)
    offline = site.preset_of(user).offline if user is not None else "offline"
    return [*work.left_work(agent), facts.AgentLoggedOut(given.user, offline, given.reason)]


def _choose(state: AgentsState, site: Site, given: inputs.ChooseStatus) -> Facts:
    user = _user(site, given.user)
    preset = site.preset_of(user)
    row = preset.statuses.get(given.status)
    names = ", ".join(status.name for status in preset.choosable())
    if row is None:
        message = f"{user.name} has no status '{given.status}'; one of {names}"
        raise CommandError(message, status=422, error_id="unknown-status", field="status")
    if row.set_by != "user":
        message = f"The switch itself sets {row.name}; choose one of {names}"
        raise CommandError(message, status=422, error_id="system-status", field="status")
    agent = _present(state, user)
    if agent.work is not Work.IDLE:
        return work.chosen_at_work(agent, preset, row.name, given.by)
    return [] if agent.status == row.name else [facts.StatusChosen(user.name, row.name, given.by)]


def _enter(state: AgentsState, site: Site, given: inputs.EnterQueues) -> Facts:
    user = _user(site, given.user)
    wanted = _wanted_queues(site, user, given.queue)
    agent = _present(state, user)
    out: Facts = [facts.AgentEnteredQueue(user.name, queue, given.by) for queue in wanted if queue not in agent.queues]
    ready = site.preset_of(user).ready
    if not given.queue and agent.work is not Work.IDLE:
        return out + work.chosen_at_work(agent, site.preset_of(user), ready, given.by)
    if not given.queue and agent.status != ready:
        out.append(facts.StatusChosen(user.name, ready, given.by))
    return out


def _leave(state: AgentsState, site: Site, given: inputs.LeaveQueues) -> Facts:
    user = _user(site, given.user)
    wanted = _wanted_queues(site, user, given.queue)
    agent = state.agents.get(user.name)
    entered = agent.queues if agent is not None else set()
    return [facts.AgentLeftQueue(user.name, queue, given.by) for queue in wanted if queue in entered]


def _set_forward(state: AgentsState, site: Site, given: inputs.SetForward) -> Facts:
    return forwarding.set_forward(site, _user(site, given.user), given)


def _clear_forward(state: AgentsState, site: Site, given: inputs.ClearForward) -> Facts:
    return forwarding.clear_forward(state.agents.get(given.user), _user(site, given.user), given)


def _refuse_calls(state: AgentsState, site: Site, given: inputs.RefuseCalls) -> Facts:
    return forwarding.refuse_calls(state.agents.get(given.user), _user(site, given.user), given)


def _site_loaded(state: AgentsState, site: Site, given: inputs.SiteLoaded) -> Facts:
    """Bring presence, statuses and queues to what registrations and site say now."""
    out: Facts = []
    for name, is_live in given.live.items():
        agent = state.agents.get(name)
        if is_live:
            out += _came(state, site, inputs.PhoneCame(name, given.at_s))
        else:
            out += _gone(state, site, inputs.PhonesGone(name, "expired"))
        user = site.users.get(name)
        if agent is None or user is None:
            continue
        if (
            is_live
            and agent.presence is Presence.PRESENT
            and agent.work is Work.IDLE
            and agent.status not in site.preset_of(user).statuses
        ):
            out.append(facts.StatusChosen(name, site.preset_of(user).login, "load"))
        listed = site.queues_of(name)
        out += [facts.AgentLeftQueue(name, queue, "load") for queue in sorted(agent.queues) if queue not in listed]
    return out


def _may_choose(preset: Preset, status: str) -> bool:
    row = preset.statuses.get(status)
    return row is not None and row.set_by == "user"


def _user(site: Site, name: str) -> User:
    user = site.users.get(name)
    if user is None:
        raise CommandError(f"There is no user {name}", status=404, error_id="unknown-user", field="user")
    return user


def _present(state: AgentsState, user: User) -> Agent:
    agent = state.agents.get(user.name)
    if agent is None or agent.presence is Presence.AWAY:
        message = f"{user.name} has no registered phone, so no status can be chosen"
        raise CommandError(message, status=409, error_id="not-logged-in", field="user")
    return agent


def _wanted_queues(site: Site, user: User, queue: str) -> tuple[str, ...]:
    listed = site.queues_of(user.name)
    if not queue:
        return listed
    if queue not in site.queues:
        raise CommandError(f"There is no queue {queue}", status=404, error_id="unknown-queue", field="queue")
    if queue not in listed:
        message = f"The queue {queue} does not list {user.name}"
        raise CommandError(message, status=409, error_id="not-a-member", field="queue")
    return (queue,)


_DECISIONS: Final[dict[type, Callable[[AgentsState, Site, Any], Facts]]] = {
    inputs.PhoneCame: _came,
    inputs.PhonesGone: _gone,
    inputs.ChooseStatus: _choose,
    inputs.EnterQueues: _enter,
    inputs.LeaveQueues: _leave,
    inputs.SetForward: _set_forward,
    inputs.ClearForward: _clear_forward,
    inputs.RefuseCalls: _refuse_calls,
    inputs.Offered: work.offered,
    inputs.Released: work.released,
    inputs.Missed: work.missed,
    inputs.Serves: work.serves,
    inputs.Finished: work.finished,
    inputs.WorkDue: work.due,
    inputs.EndWrapUp: work.end_wrap_up,
    inputs.Unblock: work.unblock,
    inputs.SiteLoaded: _site_loaded,
}
