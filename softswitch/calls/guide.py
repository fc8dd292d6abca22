"""Who leads a caller while nobody talks with them: the interface of scenarios, groups and queues.

A guide's state is a fold of facts like everything else. It is told what happened to a conversation of its own and
answers with facts; what follows from a fact of its own is said to the calls as inputs, in the same turn. So a turn's
facts are kept together, the guide's and the calls', and a brain that dies loses neither half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from softswitch.calls.inputs import Input
from softswitch.calls.recording.inputs import RecordingInput
from softswitch.core.facts import Record
from softswitch.core.immutable import immutable


@immutable
class GuideDue:
    """Told to a guide: the deadline that it set for a conversation has come."""


class Guide(Protocol):
    """Leads callers of one kind of guide, named before the colon of ``Conversation.guide``."""

    @property
    def sees(self) -> frozenset[type]:
        """The types of the facts that may change its state: :meth:`apply` is given no others."""
        ...

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Return the facts that follow for the guide from a fact of the conversation or of its own.

        ``happened`` may be :class:`GuideDue` too. All facts that it returns are applied before the next call.
        """
        ...

    def apply(self, record: Record) -> None:
        """Change the guide's state by a fact of a type in :attr:`sees`."""
        ...

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input | RecordingInput]:
        """Return what a fact of the guide's own, already applied, asks of the calls, or of recordings.

        How a guide records what its caller says: :class:`softswitch.calls.recording.inputs.RecordCaller`.
        """
        ...

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return the wall time at which the guide wants to be told :class:`GuideDue`, or None."""
        ...
