"""A peer's REFER within a dialog, until its owner answers it (RFC 3515 §2.4.2)."""

from __future__ import annotations

from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.transaction.base import Key
from softswitch.sip.ua.actions import Referred
from softswitch.sip.ua.core import UaCore
from softswitch.sip.ua.party import Party
from softswitch.sip.ua.refer_wish import wants_no_notify


class ReferIn:
    """Takes the REFERs of one dialog, one after another.

    Args:
        core: the user agent's common ground.
    """

    def __init__(self, core: UaCore) -> None:
        self._core = core
        self._waiting: tuple[Request, Key, Flow] | None = None
        self._taken = 0

    def take(self, session: Party, request: Request, key: Key, flow: Flow, now: float, *, fits: bool) -> None:
        """Tell the owner of a REFER, unless it has no one target or comes while the dialog does not fit."""
        targets = request.get_all("Refer-To")
        status = 400 if len(targets) != 1 else 0 if fits else 491
        if status:
            self._core.answer(request, key, flow, status, now)
            return
        self._taken += 1
        event = "refer" if self._taken == 1 else f"refer;id={request.cseq.number}"
        self._waiting = (request, key, flow)
        self._core.tell(Referred(session, targets[0], "" if wants_no_notify(request) else event))

    def answer(self, status: int, focus: str, headers: tuple[Header, ...], now: float) -> None:
        """Answer the REFER; nothing happens where none waits."""
        if self._waiting is not None:
            (request, key, flow), self._waiting = self._waiting, None
            self._core.answer(request, key, flow, status, now, (self._core.contact(flow, focus), *headers))
