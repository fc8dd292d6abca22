"""The facts of transfers: who asked for one, how it goes, which legs change their conversation thereby."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("transfer.started")
class TransferStarted:
    """A party asked for a transfer by REFER, and leaves."""

    leg: str
    """The transferor's."""
    remaining: str
    """The leg of whoever is transferred."""
    kind: str
    """``blind``, ``attended``, or ``early``: attended before the target has answered."""
    to_number: str
    subscription: str = ""
    """The Event header of NOTIFYs to the transferor; empty where it wants none."""


@fact("transfer.progressed")
class TransferProgressed:
    """The target rings; the transferor is told so."""

    leg: str
    status: int
    subscription: str = ""


@fact("transfer.ended")
class TransferEnded:
    """The transfer is done (200), or came to nothing; the transferor is told so."""

    leg: str
    status: int
    reason: str
    subscription: str = ""


@fact("transfer.refused")
class TransferRefused:
    """A transfer that cannot be: nothing changes."""

    leg: str
    status: int
    reason: str
    subscription: str = ""


@fact("leg.moved")
class LegMoved:
    """A leg left another conversation and belongs to this one."""

    leg: str
    from_conversation: str
