"""Deletes what callers have said of themselves, when their call is over."""

from __future__ import annotations

from typing import Final

from softswitch.calls.facts import ConversationEnded
from softswitch.core.facts import Record
from softswitch.scenario.errands import DELETE, Errand, Errands
from softswitch.scenario.facts import NameBegun
from softswitch.scenario.names import Names

TICKET = "name:"
"""Before the path of the file that an errand is about; nobody waits for it."""


class NameKeeper:
    """Follows facts.

    Args:
        names: the files.
        errands: deletes them.
        storage: the storage directory.
    """

    sees: Final = frozenset({NameBegun, ConversationEnded})
    """The facts that :meth:`follow` is to be told of."""

    def __init__(self, names: Names, errands: Errands, storage: str) -> None:
        self._names = names
        self._errands = errands
        self._storage = storage

    def follow(self, record: Record) -> None:
        """Fold a fact; delete what belongs to a call that it ends."""
        if isinstance(record.fact, ConversationEnded):
            for path in self._names.of(record.conversation_id):
                self._errands.send(f"{TICKET}{path}", Errand(DELETE, {"path": f"{self._storage}/{path}"}, 10.0))
        self._names.apply(record)
