"""How many calls left through each trunk today (in UTC), in all, of each user and to each number: folded from facts.

So a limit for a day is one over restarts too. A call that is tried at several hosts of a trunk is one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from softswitch.calls.facts import LegAdded
from softswitch.calls.state import CallsState
from softswitch.core.facts import Record

_DAY_S: Final = 86_400
_ALL: Final = "all"
_USER: Final = "user"
_NUMBER: Final = "number"


class TrunkDays:
    """Counts of the day; changed by :meth:`apply` alone, after the calls were.

    Args:
        calls: who calls.
    """

    def __init__(self, calls: CallsState) -> None:
        self._calls = calls
        self._day = 0
        self._counts: dict[tuple[str, str, str], int] = {}

    def apply(self, record: Record) -> None:
        """Fold one record, which the calls have folded; facts of other things change nothing."""
        made = record.fact
        if type(made) is not LegAdded or not made.trunk or made.side != "callee":
            return
        conversation = self._calls.conversations.get(record.conversation_id)
        if conversation is None:
            return
        tries = [leg for leg in conversation.legs.values() if (leg.trunk, leg.number) == (made.trunk, made.number)]
        if len(tries) > 1:
            return
        self._turn_page(record.wall_s)
        for kind, key in ((_ALL, ""), (_USER, conversation.from_user), (_NUMBER, made.number)):
            place = (made.trunk, kind, key)
            self._counts[place] = self._counts.get(place, 0) + 1

    def _turn_page(self, wall_s: float) -> None:
        day = int(wall_s // _DAY_S)
        if day != self._day:
            self._day = day
            self._counts.clear()

    def count(self, trunk: str, wall_s: float, *, user: str | None = None, number: str | None = None) -> int:
        """Return how many calls left through a trunk today: in all, of a user, or to a number."""
        if int(wall_s // _DAY_S) != self._day:
            return 0
        place = (_USER, user) if user is not None else (_NUMBER, number) if number is not None else (_ALL, "")
        return self._counts.get((trunk, *place), 0)

    def values(self) -> tuple[Any, ...]:
        """Return the day and its counts as plain values, for a snapshot."""
        return (self._day, tuple((*place, count) for place, count in self._counts.items()))

    def restore(self, values: Sequence[Any]) -> None:
        """Put into an empty state what :meth:`values` gave.

        Raises:
            ValueError, TypeError: these are not such values.
        """
        if values:
            self._day, rows = values
            for trunk, kind, key, count in rows:
                self._counts[trunk, kind, key] = count
