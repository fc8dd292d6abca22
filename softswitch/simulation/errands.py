"""Errands in the simulation: answers that were told before, after the time that they take."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from softswitch.app.errand_work import over_from_answer
from softswitch.scenario.errands import DELETE, HTTP, MAIL, SPEAK, Errand, ErrandOver
from softswitch.speech.speaker import CURE

_UNKNOWN: Final = ErrandOver(False, "nobody answers that in this test", {})
_DONE: Final = ErrandOver(True, "done", {})
_NO_SPEAKER: Final = ErrandOver(False, f"no speech program is installed: {CURE}", {})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program elsewhere answers."""

    url: str
    """How the URL begins."""
    status: int = 200
    body: object = None
    """A JSON document."""
    after_s: float = 0.1


class SimulatedErrands:
    """Implements :class:`softswitch.scenario.errands.Errands`; outlives the brain, as the program for errands may.

    Args:
        loop: a loop in virtual time.

    Attributes:
        answers: to requests; the first that fits counts.
        hosts: IP addresses of hosts that may be looked up.
        asked: the URL of each request, in order; the same ticket counts once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answers: Sequence[Answer] = ()
        self.hosts: Mapping[str, str] = {}
        self.asked: dict[str, str] = {}
        self.mails: dict[str, Mapping[str, Any]] = {}
        """What was sent by mail, by ticket."""
        self.mail_over = _DONE
        """What becomes of mail."""
        self.deleted: dict[str, Mapping[str, Any]] = {}
        """The files that were deleted, by ticket."""
        self.speaks: dict[str, str] = {}
        """What a speech program makes of texts: the sound of each."""
        self.no_speaker = _NO_SPEAKER
        self.deliver: Callable[[str, ErrandOver], None] = lambda ticket, over: None
        """Who is told of an errand's end."""
        self.cut_off = False
        """Whether the brain died before its last errands got out."""
        self._loop = loop
        self._noted: dict[str, Errand] = {}

    def send(self, ticket: str, errand: Errand) -> None:
        """Note an errand."""
        self._noted[ticket] = errand

    def flush(self) -> None:
        """Let what was noted begin."""
        noted, self._noted = self._noted, {}
        for ticket, errand in () if self.cut_off else noted.items():
            after_s, over = self._answer(ticket, errand)
            if after_s < errand.limit_s:
                self._loop.call_later(after_s, self.deliver, ticket, over)
            else:
                self._loop.call_later(errand.limit_s, self.deliver, ticket, ErrandOver(False, "time-out", {}))

    def brain_died(self) -> None:
        """Drop what was noted and not begun."""
        self._noted.clear()
        self.cut_off = False

    def _answer(self, ticket: str, errand: Errand) -> tuple[float, ErrandOver]:
        values: Mapping[str, Any] = errand.values
        if errand.kind in {MAIL, DELETE}:
            done = self.mails if errand.kind == MAIL else self.deleted
            done[ticket] = values
            return 0.01, self.mail_over if errand.kind == MAIL else ErrandOver(True, "done", {})
        if errand.kind == SPEAK:
            sound = self.speaks.get(values["text"])
            return 0.5, self.no_speaker if sound is None else ErrandOver(True, "done", {"0": sound})
        if errand.kind != HTTP:
            host = self.hosts.get(values["host"])
            return 0.01, _UNKNOWN if host is None else ErrandOver(
                True, "done", {"host": host, "port": str(values["port"] or 5060)}
            )
        self.asked[ticket] = values["url"]
        found = next((answer for answer in self.answers if values["url"].startswith(answer.url)), None)
        if found is None:
            return 0.0, _UNKNOWN
        body = json.dumps(found.body).encode()
        return found.after_s, over_from_answer(found.status, body, values["into"])
