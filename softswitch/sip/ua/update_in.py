"""An UPDATE of the peer that carries an offer (RFC 3311 §5.2): taken or refused by the session's owner, at once."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.sip.dialog.dialog import target_of
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.transaction.base import Key
from softswitch.sip.ua.core import ALLOW_HEADER, SDP_HEADER, UaCore
from softswitch.sip.ua.party import Party
from softswitch.sip.ua.reoffer_in import State


class UpdateIn:
    """One UPDATE with an offer; like :class:`~softswitch.sip.ua.reoffer_in.ReofferIn`, but without an ACK.

    Args:
        core: the user agent's common ground.
        party: the session.
        request: the UPDATE.
        key: what it is matched by.
        flow: where it came from.
        extra: headers that our 2xx carries besides, e.g. those of the session timer.
    """

    cseq = -1
    """No ACK belongs to it."""

    def __init__(
        self, core: UaCore, party: Party, request: Request, key: Key, flow: Flow, extra: tuple[Header, ...] = ()
    ) -> None:
        self.state = State.OFFERED
        self._core = core
        self._party = party
        self._request = request
        self._target = target_of(request)
        self._key = key
        self._flow = flow
        self._extra = extra

    def accept(self, sdp: str, now: float) -> None:
        """Take it: 200 with ``sdp``; the peer's Contact is its new target."""
        if self._target is not None:
            self._party.dialog.target = self._target
        headers = (self._core.contact(self._party.flow, self._party.focus), ALLOW_HEADER, *self._extra, SDP_HEADER)
        self._answer(200, headers, now, sdp.encode())
        self._party.changed = True

    def refuse(self, status: int, headers: Iterable[Header], now: float) -> None:
        """Refuse it; the session stays as it was."""
        self._answer(status, headers, now)

    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        """Take an ACK, which there is none of."""

    def stop(self, now: float) -> None:
        """The session is over: answer 487 where nothing was answered."""
        if self.state is State.OFFERED:
            self.refuse(487, (), now)

    def _answer(self, status: int, headers: Iterable[Header], now: float, body: bytes = b"") -> None:
        self.state = State.CLOSED
        self._core.answer(self._request, self._key, self._flow, status, now, headers, body)
