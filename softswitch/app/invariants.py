"""What must hold at every moment between two turns: everything that lives has an owner that lives.

Looking changes nothing. :class:`softswitch.app.invariant_keeper.InvariantKeeper` keeps each breach as a fact with a
dump of the thing, and cleans it up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from softswitch.calls.perform import Session
from softswitch.calls.state import CallsState, Leg
from softswitch.calls.tables import LegState, PortState
from softswitch.core.immutable import immutable

_WITH_DIALOG = frozenset(LegState) - {LegState.NEW, LegState.ENDED}


@immutable
class Breach:
    """A thing without an owner."""

    kind: str
    """``leg``: without conversation. ``port``: without leg. ``dialog``: without leg. ``silent-leg``: without dialog.
    ``deadline``: of a conversation that is gone. ``conversation``: in a transient state without a deadline. ``timer``:
    of a session that is over. ``worker-leg`` and ``lost-leg``: brain and worker differed. ``agent``: reserved, or
    serving, without a call. ``entry``: of a queue, whose conversation is gone."""
    subject: str
    """Leg, conversation or the like."""
    dump: str
    """What is known of it."""

    @property
    def about(self) -> dict[str, str]:
        """Return whom a log line of it concerns."""
        if self.kind == "timer":
            return {}
        if self.kind in ("agent", "entry"):
            return {self.kind: self.subject}
        return {"conversation_id" if self.kind in ("conversation", "deadline") else "leg": self.subject}


def breaches(
    calls: CallsState,
    sessions: Mapping[str, Session],
    live_sessions: Collection[Session],
    ports: Collection[str],
    deadlines: Collection[str],
) -> list[Breach]:
    """Return what has lost its owner.

    Args:
        calls: the folded state.
        sessions: by leg.
        live_sessions: all that the user agent has and that are not winding down.
        ports: legs that hold a port, as the media engine knows.
        deadlines: conversations whose deadlines are armed.
    """
    return [
        *_of_legs(calls, sessions),
        *(Breach("port", leg, _told(calls.legs.get(leg))) for leg in ports if not _has_port(calls.legs.get(leg))),
        *_of_dialogs(calls, sessions, live_sessions),
        *(Breach("deadline", name, "") for name in deadlines if name not in calls.conversations),
        *(
            Breach("conversation", each.conversation_id, f"state {each.state.value}, legs {list(each.legs)}")
            for each in calls.conversations.values()
            if each.deadline_s is None and not (each.talking or each.conference or each.supervision or each.has_held)
        ),
    ]


def _of_legs(calls: CallsState, sessions: Mapping[str, Session]) -> Iterator[Breach]:
    for name, leg in calls.legs.items():
        conversation = calls.conversations.get(leg.conversation_id)
        if conversation is None or name not in conversation.legs:
            yield Breach("leg", name, _told(leg))
        elif leg.state in _WITH_DIALOG and name not in sessions:
            yield Breach("silent-leg", name, _told(leg))


def _of_dialogs(
    calls: CallsState, sessions: Mapping[str, Session], live_sessions: Collection[Session]
) -> Iterator[Breach]:
    for name, session in sessions.items():
        leg = calls.legs.get(name)
        if leg is None or not (leg.is_live or leg.cancelling):
            yield Breach("dialog", name, f"{session.sip_call_id}; {_told(leg)}")
    for session in live_sessions:
        if sessions.get(session.owner) is not session:
            yield Breach("dialog", session.owner, f"{session.sip_call_id}, state {session.state.value}")


def _has_port(leg: Leg | None) -> bool:
    return leg is not None and leg.port_state is not PortState.NONE


def _told(leg: Leg | None) -> str:
    if leg is None:
        return "no such leg"
    return f"{leg.side} of {leg.conversation_id}, state {leg.state.value}, port {leg.port_state.value} {leg.port}"
