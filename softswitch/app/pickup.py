"""Pickup by a dialled code: which of the calls that ring now a user takes with ``*8`` and a number, or with ``*8``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from softswitch.calls.destinations import Refuse
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.directory.site import Group, Site, User

_RINGING = frozenset({LegState.INVITED, LegState.RINGING})


def nothing_rings(number: str) -> Refuse:
    """Say that there is no call to be picked up; ``number`` is empty where any of the user's groups was meant."""
    where = f"at {number}" if number else "at a group of yours"
    return Refuse(404, 1, f"No call rings {where}", "nothing-rings")


def ringing_leg(
    calls: CallsState,
    site: Site,
    user: User,
    number: str,
    group_rung: Callable[[str], str] = lambda conversation_id: "",
) -> str:
    """Return the leg whose place a user takes: of the call that has waited longest; empty where none rings.

    Args:
        calls: the calls.
        site: whose extensions and groups these are.
        user: who picks up; no call of their own is taken.
        number: the extension of a user or of a group; empty: any group that lists the user.
        group_rung: tells which group a scenario or a forward rings for a conversation.
    """
    called = site.user_by_extension(number) if number else None
    meant = {group.name for group in site.groups.values() if _is_meant(group, user, number)}
    guides = {f"group:{name}" for name in meant}
    for conversation in sorted(calls.conversations.values(), key=lambda one: one.started_at_s):
        if conversation.from_user == user.name:
            continue
        in_group = conversation.guide in guides or group_rung(conversation.conversation_id) in meant
        for leg in _ringing(conversation):
            if (called is not None and leg.user == called.name) or in_group:
                return leg.leg
    return ""


def _is_meant(group: Group, user: User, number: str) -> bool:
    return group.extension == number if number else any(member == user.name for member, _ in group.members)


def _ringing(conversation: Conversation) -> Iterator[Leg]:
    if conversation.talking is None:
        yield from (leg for leg in conversation.callees if leg.side == "callee" and leg.state in _RINGING)
