"""The facts of supervision: somebody hears others talk. They are facts of the supervisor's own conversation."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("supervision.started", version=2)
class SupervisionStarted:
    """A supervisor is called, or has called, to hear somebody's talks."""

    user: str
    """Name of the user who is supervised."""
    watched: str
    """The conversation that is heard."""
    target: str
    """That user's leg in it."""
    mode: str
    """``listen``: nobody hears the supervisor; ``whisper``: the supervised one does; ``barge``: all do."""
    follow: str
    """``agent``: on to that user's next conversation; ``conversation``: this one, whoever talks in it."""
    told: bool
    """Whether the supervised one hears a tone."""
    modes: tuple[str, ...] = ("listen", "whisper", "barge")
    """What the supervisor may change over to."""
    barred: tuple[str, ...] = ()
    """Guides whose calls are not heard when the user comes to them."""


@fact("supervision.connected")
class SupervisionConnected:
    """The supervisor is there, and hears."""

    leg: str


@fact("supervision.mode_chosen", version=2)
class SupervisionModeChosen:
    """Who hears the supervisor from now on."""

    mode: str
    modes: tuple[str, ...] = ()
    """What the supervisor may change over to from now on; empty: what it was."""


@fact("supervision.moved")
class SupervisionMoved:
    """Another conversation is heard, or somebody else in it is the supervised one."""

    user: str
    watched: str
    """Empty: none, until there is one."""
    target: str
    """Empty: nobody, as long as nobody of the conversation is a user."""
    left: str = ""
    """The conversation that was heard before."""


@fact("supervision.ended")
class SupervisionEnded:
    """Nothing is heard any more."""

    left: str
    """The conversation that was heard last."""
