"""The facts of whoever leads a caller whom nobody has taken yet: attempts, keys, and what a leg is let hear."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("attempt.started")
class AttemptStarted:
    """A guide tries to reach somebody: the legs that follow are its phones."""

    attempt: int
    """Counted from 1 within the conversation."""
    ring_s: float
    """How long they may ring."""


@fact("attempt.ended")
class AttemptEnded:
    """Nobody was reached; the caller is its guide's again."""

    attempt: int
    status: int
    """The SIP status that a plain call would have failed with."""
    word: str
    """For programs: ``no-answer``, ``busy``, ``declined`` ..."""


@fact("conversation.guided", version=2)
class ConversationGuided:
    """Another guide leads the caller from now on, e.g. a queue that a scenario has sent the caller to."""

    guide: str
    """As in ``conversation.started``."""
    why: str
    """For the guide: what sent the caller, e.g. how the queue gave up."""
    caller: tuple[str, ...] = ()
    """For a guide that has not seen how the call began: the caller's number and name, what was dialled, and the user
    who calls."""
    priority: int = 0
    """For a queue: what the caller has of it; 0: what number and contact say."""
    skills: tuple[str, ...] = ()
    """For a queue: what an agent needs to have for this caller, beside what the queue wants."""


@fact("leg.key_pressed", version=2)
class LegKeyPressed:
    """A caller whom a guide has pressed a key."""

    leg: str
    key: str
    number: int = 0
    """Of this key among those of the leg's port; 0: not counted."""


@fact("leg.playing")
class LegPlaying:
    """A leg hears something that the switch plays."""

    leg: str
    number: int
    """Of the order, counted for each leg."""
    sounds: tuple[str, ...]
    """As :class:`softswitch.media.engine.Playing` names them."""
    repeat: bool = False


@fact("leg.play_steered")
class LegPlaySteered:
    """What a leg hears stands still or goes on, perhaps from another place."""

    leg: str
    number: int
    """Of the order."""
    paused: bool
    moves: int
    """How many times it was moved."""
    sound: int
    """Where it was moved last: to which sound, from 0, and how far into it."""
    at_ms: int


@fact("leg.play_ended")
class LegPlayEnded:
    """It is over."""

    leg: str
    number: int
    stopped: bool
    """Whether we stopped it."""
    problem: str = ""
    """Why it could not be played."""
