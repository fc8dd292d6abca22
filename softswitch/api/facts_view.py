"""What the API sees of facts as they come to be; the brain fills it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class ShownFacts(Protocol):
    """One watcher's facts."""

    async def next(self) -> Sequence[Mapping[str, object]]:
        """Wait for facts: sequence, at, conversation_id, name and fields of each, without secrets.

        Raises:
            CommandError: the watcher was too slow, and facts are missing.
        """
        ...

    def close(self) -> None:
        """Watch no longer."""
        ...


class FactsView(Protocol):
    """Facts of the running switch."""

    def facts(self) -> ShownFacts:
        """Begin to watch."""
        ...
