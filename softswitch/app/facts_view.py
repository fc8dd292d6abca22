"""What the API shows of facts as they come to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softswitch.app.brain import Brain
from softswitch.app.fact_feed import FactFeed
from softswitch.app.shown_facts import shown


class BrainFacts:
    """Implements :class:`softswitch.api.facts_view.FactsView`.

    Args:
        brain: whose facts they are.
    """

    _brain: Brain

    def facts(self) -> BrainFactsShown:
        """Begin to watch."""
        return BrainFactsShown(self._brain.watch_facts())


class BrainFactsShown:
    """Implements :class:`softswitch.api.facts_view.ShownFacts`.

    Args:
        feed: the facts.
    """

    def __init__(self, feed: FactFeed) -> None:
        self._feed = feed

    async def next(self) -> Sequence[Mapping[str, object]]:
        """Wait for facts."""
        return [shown(record).document() for record in await self._feed.next()]

    def close(self) -> None:
        """Watch no longer."""
        self._feed.close()
