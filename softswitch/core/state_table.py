"""State machines as tables: ``(state, input) -> state``, and an unlisted pair is an error.

A machine's file holds one table, headed by the figure of the RFC it is taken from. Only :meth:`StateTable.step` looks
it up; side effects stand where the input is handled, never in the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Generic, TypeVar

from softswitch.core.errors import LocalProtocolError


class Word(Enum):
    """A state or an input of a table, hashed by identity: tables are looked up for every message and timer."""

    __hash__ = object.__hash__


StateT = TypeVar("StateT", bound=Enum)
InputT = TypeVar("InputT", bound=Enum)


class StateTable(Generic[StateT, InputT]):
    """A named table of transitions.

    Args:
        name: what the machine is, for errors and drawings.
        transitions: every pair that may happen, with the state it leads to.
    """

    __slots__ = ("_transitions", "name")

    def __init__(self, name: str, transitions: Mapping[tuple[StateT, InputT], StateT]) -> None:
        self.name = name
        self._transitions = dict(transitions)

    def step(self, state: StateT, given: InputT) -> StateT:
        """Return the state after ``given``.

        Raises:
            LocalProtocolError: the table does not list the pair.
        """
        try:
            return self._transitions[state, given]
        except KeyError:
            raise LocalProtocolError(f"{self.name}: {given.name} is not possible in {state.name}") from None

    def allows(self, state: StateT, given: InputT) -> bool:
        """Tell whether the table lists the pair."""
        return (state, given) in self._transitions

    def __iter__(self) -> Iterator[tuple[StateT, InputT, StateT]]:
        return iter((state, given, after) for (state, given), after in self._transitions.items())

    def mermaid(self) -> str:
        """Draw the machine as a Mermaid state diagram."""
        lines = ["stateDiagram-v2"]
        lines += [f"    {a.name} --> {b.name}: {given.name}" for a, given, b in self]
        return "\n".join(lines) + "\n"
