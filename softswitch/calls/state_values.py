"""The calls as plain values, for a snapshot: what :mod:`softswitch.calls.apply` built, and made again from that.

Rows carry the names of their columns, so a newer program may add, drop or reorder fields that have defaults. Equal
states give equal values, in the order in which things came to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, fields
from operator import attrgetter
from typing import Any, Final

from softswitch.calls.parting import Parting
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import ConsultationState, ConversationState, LegState, PortState
from softswitch.calls.undertakings import (
    Conference,
    Consultation,
    DialledCall,
    Note,
    Origin,
    Parked,
    Supervision,
    Transfer,
)
from softswitch.sip.ua.dialog_snapshot import flow_of, flow_values

Values = tuple[Any, ...]


_Convert = Callable[[Any], Any]


class _Rows:
    """Turns objects of one dataclass into rows, and back.

    Args:
        cls: the dataclass.
        plain: for fields that msgpack cannot hold, what makes values of them, and the thing again of those values.
        without: fields that are kept elsewhere.
    """

    def __init__(
        self, cls: type[Any], plain: Mapping[str, tuple[_Convert, _Convert]], without: tuple[str, ...] = ()
    ) -> None:
        self._cls = cls
        self._names = tuple(field.name for field in fields(cls) if field.name not in without)
        self._values_of = attrgetter(*self._names)
        self._plain = plain

    def values(self, made: Iterable[object]) -> Values:
        """Return the columns' names and a row for each object."""
        at = [(self._names.index(name), convert) for name, (convert, _) in self._plain.items()]
        rows = []
        for one in made:
            row = list(self._values_of(one))
            for index, convert in at:
                row[index] = convert(row[index])
            rows.append(tuple(row))
        return (self._names, tuple(rows))

    def made(self, values: Values) -> Iterable[Any]:
        """Make the objects again; columns that nobody knows any more are left out."""
        names, rows = values
        known = [(index, name) for index, name in enumerate(names) if name in self._names]
        for row in rows:
            found = {name: row[index] for index, name in known}
            for name, (_, restore) in self._plain.items():
                if name in found:
                    found[name] = restore(found[name])
            yield self._cls(**found)


def _word(kind: type[Any]) -> tuple[_Convert, _Convert]:
    return (attrgetter("value"), kind)


def _consultation_values(found: Consultation | None) -> Values | None:
    return None if found is None else (found.leg, found.held, found.to_number, found.purpose, found.state.value)


def _consultation(values: Values | None) -> Consultation | None:
    if values is None:
        return None
    leg, held, to_number, purpose, state = values
    return Consultation(leg, held, to_number, purpose, ConsultationState(state))


def _conference_values(made: Conference | None) -> Values | None:
    if made is None:
        return None
    members, moderators = tuple(made.members.items()), tuple(made.moderators)
    return (
        *(made.room, made.tones, members, made.inviter, made.subscription),
        *(made.page, made.waits, made.ends, moderators),
    )


def _conference(values: Values | None) -> Conference | None:
    if values is None:
        return None
    room, tones, members, inviter, *more = values
    usual: list[Any] = ["", "", False, False, ()]  # of what earlier programs did not know
    subscription, page, waits, ends, moderators = [*more, *usual[len(more) :]]
    made = dict.fromkeys(moderators)
    return Conference(room, tones, dict(members), inviter, subscription, page, waits, ends, made)


_LEGS: Final = _Rows(Leg, {"flow": (flow_values, flow_of), "state": _word(LegState), "port_state": _word(PortState)})
_CONVERSATIONS: Final = _Rows(
    Conversation,
    {
        "state": _word(ConversationState),
        "transfer": (
            lambda transfer: None if transfer is None else astuple(transfer),
            lambda values: None if values is None else Transfer(*values),
        ),
        "consultation": (_consultation_values, _consultation),
        "parked": (
            lambda parked: None if parked is None else astuple(parked),
            lambda values: None if values is None else Parked(*values),
        ),
        "dialled": (
            lambda dialled: None if dialled is None else astuple(dialled),
            lambda values: None if values is None else DialledCall(*values),
        ),
        "origin": (
            lambda origin: None if origin is None else tuple(origin),
            lambda values: None if values is None else Origin(*values),
        ),
        "notes": (
            lambda notes: tuple(map(tuple, notes)),
            lambda values: tuple(Note(*note) for note in values),
        ),
        "conference": (_conference_values, _conference),
        "supervision": (
            lambda made: None if made is None else astuple(made),
            lambda values: None if values is None else Supervision(*values),
        ),
    },
    without=("legs",),
)
_PARTINGS: Final = _Rows(Parting, {})


def values_of(state: CallsState) -> Values:
    """Return the state as tuples, text, numbers and octets."""
    legs = [leg for conversation in state.conversations.values() for leg in conversation.legs.values()]
    return (
        _CONVERSATIONS.values(state.conversations.values()),
        _LEGS.values(legs),
        _PARTINGS.values(state.partings),
    )


def restore(state: CallsState, values: Values) -> None:
    """Put into an empty state what :func:`values_of` gave.

    Raises:
        LookupError, TypeError, ValueError: these are not the values of a state.
    """
    conversations, legs, partings = values
    for conversation in _CONVERSATIONS.made(conversations):
        state.conversations[conversation.conversation_id] = conversation
        if conversation.supervision is not None:
            state.supervisors[conversation.conversation_id] = None
    for leg in _LEGS.made(legs):
        state.keep(leg)
        state.conversations[leg.conversation_id].legs[leg.leg] = leg
    state.partings.extend(_PARTINGS.made(partings))
