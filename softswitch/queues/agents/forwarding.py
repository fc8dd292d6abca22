"""Where a user's calls go that are not taken: what may be set. Pure."""

from __future__ import annotations

from typing import Any, Final

from softswitch.core.errors import CommandError
from softswitch.directory.outward import outward
from softswitch.directory.site import Site, User
from softswitch.queues.agents import facts, inputs
from softswitch.queues.agents.state import Agent

KINDS: Final = ("always", "busy", "no_answer", "offline")
LEAST_S: Final = 5.0
MOST_S: Final = 120.0

Facts = list[Any]


def set_forward(site: Site, user: User, given: inputs.SetForward) -> Facts:
    """Let calls to a user go elsewhere.

    Raises:
        CommandError: the kind, the target or the time cannot be.
    """
    _known(given.kind)
    if not LEAST_S <= given.after_s <= MOST_S:
        message = f"after_s is {given.after_s:g}; a phone may ring {LEAST_S:g} to {MOST_S:g} s before a call goes on"
        raise CommandError(message, status=422, error_id="bad-time", field="after_s")
    if given.target == user.extension:
        raise CommandError("Nobody forwards to themselves", status=422, error_id="forward-loop", field="target")
    inside = site.user_by_extension(given.target) or site.group_by_extension(given.target)
    if inside is None and (given.target in site.emergency or outward(site, user, given.target) is None):
        message = f"{user.name} cannot forward to '{given.target}': no extension, and none of the routes leads there"
        raise CommandError(message, status=422, error_id="unknown-target", field="target")
    return [facts.ForwardSet(user.name, given.kind, given.target, given.after_s, given.by)]


def clear_forward(agent: Agent | None, user: User, given: inputs.ClearForward) -> Facts:
    """Let calls to a user go nowhere else any more.

    Raises:
        CommandError: there is no such kind.
    """
    _known(given.kind)
    is_set = agent is not None and given.kind in agent.forwards
    return [facts.ForwardCleared(user.name, given.kind, given.by)] if is_set else []


def refuse_calls(agent: Agent | None, user: User, given: inputs.RefuseCalls) -> Facts:
    """Set or lift do-not-disturb."""
    refused = agent is not None and agent.do_not_disturb
    return [] if refused is given.wanted else [facts.DisturbanceChosen(user.name, given.wanted, given.by)]


def _known(kind: str) -> None:
    if kind not in KINDS:
        message = f"Calls are not forwarded '{kind}'; one of {', '.join(KINDS)}"
        raise CommandError(message, status=422, error_id="unknown-kind", field="kind")
