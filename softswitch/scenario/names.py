"""The files in which callers have said who they are: a fold of facts, for whoever deletes them when a call is over."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.calls.facts import ConversationEnded
from softswitch.core.facts import Record
from softswitch.scenario.facts import NameBegun


class Names:
    """Paths within the storage directory, by conversation."""

    def __init__(self) -> None:
        self._paths: dict[str, tuple[str, ...]] = {}

    def of(self, conversation_id: str) -> tuple[str, ...]:
        """Return the files of a conversation that goes on."""
        return self._paths.get(conversation_id, ())

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        if type(record.fact) is NameBegun:
            self._paths[record.conversation_id] = (*self.of(record.conversation_id), record.fact.path)
        elif type(record.fact) is ConversationEnded:
            self._paths.pop(record.conversation_id, None)

    def values(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return everything, for a snapshot."""
        return tuple(self._paths.items())

    def restore(self, values: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        self._paths.update(values)
