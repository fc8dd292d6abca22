"""Calls follow a phone that registers from elsewhere: over another connection, or through another hole in its router.

Connections end with the brain, and phones connect anew. What the switch has to say in their calls goes the new way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from softswitch.calls.perform import Session
from softswitch.calls.state import CallsState
from softswitch.directory.location import LocationState, RegistrationBound, RegistrationRemoved
from softswitch.sip.flow import Flow
from softswitch.sip.ua.dialog_snapshot import flow_of
from softswitch.sip.ua.user_agent import UserAgent

MOST_REMEMBERED: Final = 20_000


class MovedPhones:
    """Moves dialogs.

    Args:
        locations: where phones were until now.
        calls: whose legs are whose.
        sessions: their dialogs, by leg.
        ua: tells phones what they have missed.
        keep_dialogs: keeps as facts what has changed in a conversation's dialogs.
    """

    def __init__(
        self,
        locations: LocationState,
        calls: CallsState,
        sessions: Mapping[str, Session],
        ua: UserAgent,
        keep_dialogs: Callable[[str], None],
    ) -> None:
        self._locations = locations
        self._calls = calls
        self._sessions = sessions
        self._ua = ua
        self._keep_dialogs = keep_dialogs
        self._lost: OrderedDict[tuple[str, str], Flow] = OrderedDict()
        """By user and phone, the connection with which its registration ended."""

    def follow(self, fact: object, *, now: float) -> None:
        """See a fact of a registration before it is applied."""
        if isinstance(fact, RegistrationRemoved):
            binding = self._locations.binding(fact.user, fact.key)
            if binding is not None and fact.reason == "disconnected":
                self._remember((fact.user, fact.key), binding.flow)
        elif isinstance(fact, RegistrationBound):
            old, new = self._earlier_flow(fact), flow_of(fact.flow)
            if old != new:
                self._move(fact, old, new, now)

    def _remember(self, phone: tuple[str, str], flow: Flow) -> None:
        self._lost[phone] = flow
        if len(self._lost) > MOST_REMEMBERED:
            self._lost.popitem(last=False)

    def _earlier_flow(self, bound: RegistrationBound) -> Flow | None:
        key = bound.instance or bound.contact
        lost = self._lost.pop((bound.user, key), None)
        binding = self._locations.binding(bound.user, key)
        return lost if binding is None else binding.flow

    def _move(self, bound: RegistrationBound, old: Flow | None, new: Flow, now: float) -> None:
        """Let the user's dialogs with this phone go another way; it is known by its flow, or by its Contact."""
        for leg in list(self._calls.of_user(bound.user)):
            session = self._sessions.get(leg.leg)
            if session is not None and (session.flow == old or session.dialog.target == bound.contact):
                session.move_to(new)
                self._keep_dialogs(leg.conversation_id)
        if old is not None:
            self._ua.phone_moved(old, new, now=now)
