"""What becomes of a user whom a queue has asked: ringing, serving, wrap-up, blocked, and back. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from softswitch.core.errors import CommandError
from softswitch.directory.site import Group, Queue, Site, User
from softswitch.directory.statuses import Preset
from softswitch.queues.agents import facts, inputs
from softswitch.queues.agents.state import Agent, AgentsState, Presence
from softswitch.queues.agents.working import Work

Facts = list[Any]


class WrapUp(NamedTuple):
    """What follows a talk."""

    seconds: float
    limited: bool
    """Whether it ends by itself (V-26)."""
    status: str
    return_to: str
    source: str
    """The queue or group whose rule it is."""


def offered(state: AgentsState, site: Site, given: inputs.Offered) -> Facts:
    """The phone is about to ring."""
    agent, preset = _found(state, site, given.user)
    if agent is None or agent.work is not Work.IDLE:
        return []
    return [_step(agent, "offered", _status(agent, preset.ringing or agent.status), given.queue, "call")]


def released(state: AgentsState, site: Site, given: inputs.Released) -> Facts:
    """The phone rings no more, and it was nobody's fault."""
    agent, _ = _found(state, site, given.user)
    if agent is None or agent.work is not Work.RINGING:
        return []
    return [_step(agent, "released", _status(agent, agent.planned or agent.previous), agent.work_queue, "call")]


def missed(state: AgentsState, site: Site, given: inputs.Missed) -> Facts:
    """Not answered in time: blocked, where the preset has such a status and the user is there (V-75)."""
    agent, preset = _found(state, site, given.user)
    if agent is None or agent.work is not Work.RINGING:
        return []
    if not preset.missed or agent.presence is Presence.AWAY:
        return released(state, site, inputs.Released(given.user))
    return [_step(agent, "missed", preset.missed, agent.work_queue, "call")]


def serves(state: AgentsState, site: Site, given: inputs.Serves) -> Facts:
    """Answered."""
    agent, preset = _found(state, site, given.user)
    if agent is None or agent.work is not Work.RINGING:
        return []
    return [_step(agent, "serves", _status(agent, preset.serving or agent.status), given.queue, "call")]


def finished(state: AgentsState, site: Site, given: inputs.Finished) -> Facts:
    """The talk is over: wrap-up where a rule says so, unless the user has logged out of all queues meanwhile."""
    agent, preset = _found(state, site, given.user)
    if agent is None or agent.work not in {Work.SERVING, Work.IDLE}:
        return []
    rule = wrap_up_of(site, given.user, given.queue, preset)
    of_group = given.queue in site.groups or (not given.queue and rule is not None and rule.source in site.groups)
    serves_on = agent.presence is Presence.PRESENT and (bool(agent.queues) or of_group)
    if rule is None or not serves_on:
        return [] if agent.work is Work.IDLE else [_back(agent, preset, preset.return_to, "call")]
    until_s = given.at_s + rule.seconds if rule.limited else 0.0
    return [
        facts.AgentWorked(agent.user, "wraps_up", rule.status, until_s, rule.source, "call", rule.return_to),
    ]


def due(state: AgentsState, site: Site, given: inputs.WorkDue) -> Facts:
    """The time of a wrap-up has come."""
    agent, preset = _found(state, site, given.user)
    if agent is None or agent.work is not Work.WRAP_UP or not agent.work_until_s or given.at_s < agent.work_until_s:
        return []
    return [_back(agent, preset, agent.return_to, "time")]


def end_wrap_up(state: AgentsState, site: Site, given: inputs.EndWrapUp) -> Facts:
    """Work after the call is done (M-20, V-73).

    Raises:
        CommandError: there is none.
    """
    agent, preset = _found(state, site, given.user)
    if agent is None or agent.work is not Work.WRAP_UP:
        message = f"{given.user} is not wrapping up a call"
        raise CommandError(message, status=409, error_id="not-in-wrap-up", field="user")
    return [_back(agent, preset, agent.return_to, given.by)]


def unblock(state: AgentsState, site: Site, given: inputs.Unblock) -> Facts:
    """Let somebody who missed a call take calls again (V-76, V-77).

    Raises:
        CommandError: the user is not blocked.
    """
    agent, preset = _found(state, site, given.user)
    if agent is None or agent.work is not Work.BLOCKED:
        raise CommandError(f"{given.user} is not blocked", status=409, error_id="not-blocked", field="user")
    return [_back(agent, preset, "ready", given.by)]


def chosen_at_work(agent: Agent, preset: Preset, status: str, by: str) -> Facts:
    """A status is chosen by somebody whom a call keeps busy, or who is blocked.

    Where the preset shows the work as a status of its own, the choice is for afterwards (V-74, V-77), but Ready ends a
    wrap-up and lifts a block. Where it does not, the choice holds at once, and ends a wrap-up (M-1, M-25).
    """
    if agent.work in {Work.WRAP_UP, Work.BLOCKED} and (not preset.serving or status == preset.ready):
        planned = [facts.StatusPlanned(agent.user, "", by)] if agent.planned and preset.serving else []
        return [*planned, facts.AgentWorked(agent.user, "finished", status, 0.0, agent.work_queue, by)]
    if not preset.serving:
        return [] if agent.status == status else [facts.StatusChosen(agent.user, status, by)]
    if status == preset.ready:
        return [facts.StatusPlanned(agent.user, "", by)] if agent.planned else []
    if not preset.statuses[status].planned:
        message = f"{status} cannot be chosen ahead"
        raise CommandError(message, status=409, error_id="not-planned", field="status")
    return [] if agent.planned == status else [facts.StatusPlanned(agent.user, status, by)]


def left_work(agent: Agent) -> Facts:
    """The last phone is gone: what no call holds is over."""
    if agent.work not in {Work.WRAP_UP, Work.BLOCKED}:
        return []
    return [facts.AgentWorked(agent.user, "finished", agent.previous, 0.0, agent.work_queue, "offline")]


def wrap_up_of(site: Site, user: str, came_by: str, preset: Preset) -> WrapUp | None:
    """Return what follows a talk: the longest rule of all queues and groups that list the user (M-22), or None.

    Its status is that of the rule; where several are as long, that of the call's own queue or group (M-23). After a
    call that came by none of them only those count that want it after every call (M-24).
    """
    lists: list[Queue | Group] = [queue for queue in site.queues.values() if user in queue.members]
    lists += [group for group in site.groups.values() if any(name == user for name, _ in group.members)]
    rules = [each for each in lists if (each.wrap_up_s or not each.wrap_up_limit) and (came_by or each.wrap_up_every)]
    if not rules:
        return None
    longest = max(rules, key=lambda each: (not each.wrap_up_limit, each.wrap_up_s, each.name == came_by))
    return WrapUp(
        longest.wrap_up_s,
        longest.wrap_up_limit,
        longest.wrap_up_status or preset.wrap_up,
        longest.wrap_up_return or preset.return_to,
        longest.name,
    )


def _found(state: AgentsState, site: Site, user: str) -> tuple[Agent | None, Preset]:
    """Return somebody's state and preset; of a user whom a load removed the preset that everybody has."""
    known: User | None = site.users.get(user)
    preset = site.preset_of(known) if known is not None else next(iter(site.presets().values()))
    return state.agents.get(user), preset


def _step(agent: Agent, step: str, status: str, queue: str, why: str) -> facts.AgentWorked:
    return facts.AgentWorked(agent.user, step, status, 0.0, queue, why)


def _status(agent: Agent, wanted: str) -> str:
    """Return the status that follows; who is away stays offline, whatever a call does."""
    return agent.status if agent.presence is Presence.AWAY else wanted


def _back(agent: Agent, preset: Preset, return_to: str, why: str) -> facts.AgentWorked:
    """Return to what was planned, else to Ready or the status before; out of all queues nobody becomes Ready."""
    usual = agent.previous if return_to == "previous" else preset.ready if agent.queues else preset.login
    return _step(agent, "finished", _status(agent, agent.planned or usual), agent.work_queue, why)
