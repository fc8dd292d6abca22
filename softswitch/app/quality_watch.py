"""Phones whose calls go bad: an alarm when two of a user's last three calls sounded bad, gone after three good ones.

A call counts by the worse of its directions, where one was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from softswitch.core.facts import Record, fact

BAD_MOS: Final = 3.1
"""Below this nearly all hearers are dissatisfied (ITU-T G.107, annex B: R = 60)."""
_CALLS: Final = 3
_BAD_OF_THEM: Final = 2


@fact("phone.judged")
class PhoneJudged:
    """A leg of a user's has ended whose sound was measured."""

    user: str
    mos: float
    """Of the worse direction."""


@dataclass(slots=True)
class _Judged:
    last: tuple[float, ...] = ()
    bad: bool = False


class PhoneQuality:
    """How the last calls of each user sounded: the fold of the fact above."""

    def __init__(self) -> None:
        self._users: dict[str, _Judged] = {}

    def bad(self) -> dict[str, float]:
        """Return the users whose calls are bad, with the score of the worst of the last ones."""
        return {user: min(judged.last) for user, judged in self._users.items() if judged.bad}

    def apply(self, record: Record) -> None:
        """Fold a fact."""
        if not isinstance(record.fact, PhoneJudged):
            return
        judged = self._users.setdefault(record.fact.user, _Judged())
        judged.last = (*judged.last, record.fact.mos)[-_CALLS:]
        bad = sum(mos < BAD_MOS for mos in judged.last)
        judged.bad = bad >= _BAD_OF_THEM or (judged.bad and (bad > 0 or len(judged.last) < _CALLS))

    def values(self) -> tuple[tuple[str, tuple[float, ...], bool], ...]:
        """Return the state as msgpack can hold it."""
        return tuple((user, judged.last, judged.bad) for user, judged in self._users.items())

    def restore(self, values: tuple[tuple[str, tuple[float, ...], bool], ...]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        for user, last, bad in values:
            self._users[user] = _Judged(tuple(last), bad)


class QualityWatch:
    """Judges each call's end.

    Args:
        state: how users' calls sounded.
        record: keeps a fact and applies it to the state.
        log: tells an event for people.
    """

    def __init__(self, state: PhoneQuality, record: Callable[[Any], None], log: Callable[..., None]) -> None:
        self._state = state
        self._record = record
        self._log = log

    def note(self, user: str, mos_in: float, mos_out: float) -> None:
        """Take a leg that has ended: 0 stands for what was not measured."""
        measured = [mos for mos in (mos_in, mos_out) if mos]
        if not user or not measured:
            return
        before: Mapping[str, float] = self._state.bad()
        self._record(PhoneJudged(user, min(measured)))
        after = self._state.bad()
        if (user in before) != (user in after):
            self._log("phone.sounds_bad" if user in after else "phone.sounds_good", user=user, mos=min(measured))
