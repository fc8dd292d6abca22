"""The facts of calls that are controlled from outside of them: by commands of whoever sits at a phone.

The conversation's id stands in the record. What such a command brings about beside these are the usual facts.
"""

from __future__ import annotations

from typing import Any

from softswitch.core.facts import fact


@fact("call.dialled")
class CallDialled:
    """A user let the switch dial: their own phones ring first, then whoever was dialled, for the one that answers."""

    phones: tuple[tuple[Any, ...], ...] = ()
    """Whom to ring then: each the fields of a ``leg.added`` from ``user`` on."""
    detours: tuple[tuple[Any, ...], ...] = ()
    """Further ways, as in ``detours.planned``."""
    guide: str = ""
    """``kind:name`` of whoever leads the caller then, in the place of phones."""


@fact("call.dialled_on")
class CallDialledOn:
    """One of their phones answered: it is the caller from now on."""

    leg: str


@fact("conversation.answered")
class ConversationAnswered:
    """Whoever was dialled by the switch has answered."""


@fact("conversation.handed")
class ConversationHanded:
    """A leg was handed to a guide, which decides from now on what becomes of it."""

    leg: str
    guide: str
    """``kind:name``."""
    number: str
    """That of the leg's end: who calls, as the guide sees it."""


@fact("leg.held")
class LegHeld:
    """A leg was put on hold by a command: it hears music, and waits for whoever put it there."""

    leg: str
    by: str
    """The leg of whoever did it."""


@fact("leg.retrieved")
class LegRetrieved:
    """A leg waits no more."""

    leg: str


@fact("hold.reminded")
class HoldReminded:
    """Whoever lets a leg wait on hold was reminded of it."""

    leg: str
    """That waits."""
    by: str
    """The leg of whoever put it there."""
    told: str
    """The leg of the same person that heard a tone; empty where none could."""


@fact("call.parked")
class CallParked:
    """A leg waits in a slot for whoever takes it there."""

    leg: str
    slot: str
    by: str
    """The leg of whoever parked it, which is rung again where nobody comes."""


@fact("call.unparked")
class CallUnparked:
    """The slot is free again."""

    leg: str
    slot: str


@fact("leg.answer_asked")
class LegAnswerAsked:
    """A phone was asked to answer, or to take a call off hold, as if its owner had pressed the key."""

    leg: str


@fact("leg.hold_asked")
class LegHoldAsked:
    """A phone was asked to put a call on hold, as if its owner had pressed the key, because a command did so here."""

    leg: str


@fact("consultation.started")
class ConsultationStarted:
    """A party asks somebody else while the other one is held."""

    leg: str
    """Of whoever asks."""
    held: str
    """The leg that waits meanwhile."""
    to_number: str
    purpose: str = "transfer"
    """``transfer`` or ``conference``."""


@fact("consultation.toggled")
class ConsultationToggled:
    """Whoever asks turned to the other one of the two."""

    leg: str


@fact("consultation.ended")
class ConsultationEnded:
    """It is over."""

    leg: str
    outcome: str
    """``confirmed``, ``confirmed-early``, ``cancelled``, ``caller-gone``, ``asker-gone``, ``target-gone``, ``joined``,
    or why the target could not be reached: ``busy``, ``no-answer`` ..."""
