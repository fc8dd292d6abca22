"""The facts of calls that are forwarded. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("forward.tried")
class ForwardTried:
    """Somebody is rung: the user who was called, or whoever calls are forwarded to."""

    user: str
    """Name of the user; empty for a group or a number outside."""
    number: str
    """The number outside; empty for users and groups."""
    group: tuple[str, ...]
    """How far the search in a group has come; empty for users and numbers outside."""
    hops: tuple[str, ...]
    """Names of the users who forwarded, the first first."""
    reason: str
    """Why the last of them did: ``always``, ``busy``, ``no_answer``, ``offline``; empty where nobody has yet."""
    ring_s: float


@fact("forward.given_up")
class ForwardGivenUp:
    """Nobody takes the call: what the caller is told."""

    status: int
    cause: int
    reason: str
    word: str


@fact("forward.to_mailbox")
class ForwardToMailbox:
    """The caller may leave a message: whoever leads callers to mailboxes has them from now on."""

    user: str
    """Whose mailbox."""
    why: str
    """How the last try ended, or why there was none: ``no-answer``, ``busy``, ``offline`` ..."""


@fact("forward.done")
class ForwardDone:
    """Somebody answered, or the caller is gone."""
