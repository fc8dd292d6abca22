"""What everybody within the user agent may ask of a session, whichever side it is on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request, Response
from softswitch.sip.transaction.base import Key
from softswitch.sip.ua.snapshot import SessionSnapshot


class InDialog(Protocol):
    """Whoever takes the requests of a peer within a dialog: a session, or a subscription."""

    dialog: Dialog

    def receive(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take a request of the peer within the dialog."""
        ...


class Party(Protocol):
    """A session: see :mod:`softswitch.sip.ua.session`."""

    owner: str
    flow: Flow
    dialog: Dialog
    changed: bool
    focus: str

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        ...

    def snapshot(self) -> SessionSnapshot:
        """Return what a restarted switch must know, and clear ``changed``."""
        ...

    def receive(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take a request of the peer within the dialog."""
        ...

    def receive_stray(self, response: Response, now: float) -> None:
        """Take a 2xx to an INVITE whose transaction is gone."""
        ...

    def update(self, *, headers: Iterable[Header] = (), now: float) -> bool:
        """Send an UPDATE without a description; tell whether the peer knows it."""
        ...

    def lost(self, status: int, reason: str, now: float) -> None:
        """The dialog died: end the session and say so."""
        ...

    def ack_missing(self, now: float) -> None:
        """No ACK came for a 2xx of ours."""
        ...
