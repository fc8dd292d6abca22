"""Errands: what a step has done outside of the switch's turn, and what comes back.

A turn never waits for a network or a disk. So a step that wants to know something from elsewhere waits in a phase of
its own, and what it asked for is done by somebody else; the answer is a fact. A switch that is restarted meanwhile asks
again, with the same number, so that whoever is asked can tell that it is the same question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from softswitch.core.immutable import immutable

HTTP: Final = "http"
RESOLVE: Final = "resolve"
MAIL: Final = "mail"
DELETE: Final = "delete"
SPEAK: Final = "speak"


@immutable
class Errand:
    """What is to be done."""

    kind: str
    """``http``: a request; ``resolve``: the address of a host's name; ``mail``: a mail; ``delete``: of a file;
    ``speak``: of a text."""
    values: Mapping[str, object]
    """What it needs, of types that msgpack knows."""
    limit_s: float
    """How long it may take."""


class ErrandOver(NamedTuple):
    """An errand is done, or came to nothing."""

    ok: bool
    word: str
    """``done``, or why not: ``time-out``, ``status 500`` ..."""
    values: Mapping[str, str]
    """What was learnt."""


class Errands(Protocol):
    """Whoever does errands."""

    def send(self, ticket: str, errand: Errand) -> None:
        """Note an errand; it begins when the turn's facts are kept.

        Args:
            ticket: comes back with what became of it. One that is known already is not begun again.
            errand: what is to be done.
        """
        ...

    def flush(self) -> None:
        """Begin what was noted."""
        ...


class NoErrands:
    """Does none: what is asked for comes to nothing when its time is over."""

    def send(self, ticket: str, errand: Errand) -> None:
        """Forget it."""

    def flush(self) -> None:
        """Do nothing."""


def ticket_of(conversation_id: str, number: int) -> str:
    """Name an errand: of which call it is, and the how-manieth move of a step in it has asked for it."""
    return f"{conversation_id}/{number}"


def conversation_of_ticket(ticket: str) -> tuple[str, int]:
    """Return what :func:`ticket_of` was given."""
    conversation_id, _, number = ticket.rpartition("/")
    return conversation_id, int(number)
