"""Commands about calls that come from outside of them: from the API, the command line, a page.

Each names the leg that it acts on: that of whoever gives the command.
"""

from __future__ import annotations

from softswitch.calls.destinations import Destination, Phone
from softswitch.core.immutable import immutable


@immutable
class DialOrdered:
    """A user lets the switch dial."""

    conversation_id: str
    """The new one's."""
    from_user: str
    from_number: str
    from_name: str
    to_number: str
    own_phones: tuple[Phone, ...]
    """The user's own, which ring first."""
    destination: Destination


@immutable
class AnswerOrdered:
    """A user's phone that rings shall answer."""

    leg: str
    phone: Phone
    """The same phone as it is called anew where it does not let itself be told: with headers that make it answer."""
    told: bool
    """Whether the phone lets itself be told to answer (``Event: talk``)."""


@immutable
class HoldOrdered:
    """The other party shall wait."""

    leg: str
    told: bool = False
    """Whether the leg's phone lets itself be told to hold, and to take the call back."""


@immutable
class ConnectOrdered:
    """Whoever waits shall be talked with again."""

    leg: str


@immutable
class HangUpOrdered:
    """The call of a leg shall end."""

    leg: str


@immutable
class TransferOrdered:
    """Whom a leg talks with, or has on hold, shall talk with somebody else, and the leg is let go at once."""

    leg: str
    to_number: str
    destination: Destination


@immutable
class ConsultOrdered:
    """The other party shall wait while somebody is asked."""

    leg: str
    to_number: str
    destination: Destination
    purpose: str = "transfer"


@immutable
class ConfirmOrdered:
    """The two whom a leg talks with in turn shall talk with each other, and the leg is let go."""

    leg: str
    other_leg: str = ""
    """A leg of the same user in another call, which is the target in the place of a consultation's."""


@immutable
class CancelOrdered:
    """A consultation shall end, and the other party be talked with again."""

    leg: str


@immutable
class ToggleOrdered:
    """The other one of two shall be talked with, and the one wait."""

    leg: str


@immutable
class TagsChosen:
    """Somebody says what their call is about."""

    leg: str
    tags: tuple[str, ...]


@immutable
class NoteWritten:
    """Somebody writes a note about their call."""

    leg: str
    text: str


@immutable
class ParkOrdered:
    """The other party shall wait in a slot, and the leg is let go."""

    leg: str
    slot: str = ""
    """Empty: the first that is free."""


@immutable
class RetrieveOrdered:
    """A user's phones shall ring for whoever waits in a slot."""

    leg: str
    """That waits there."""
    own_phones: tuple[Phone, ...]


@immutable
class PickUpOrdered:
    """A user's phones shall ring too for a call that rings elsewhere."""

    leg: str
    """A leg that rings."""
    own_phones: tuple[Phone, ...]
