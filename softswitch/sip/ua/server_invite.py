"""The INVITE of a call that came in, as long as it waits for its answer: what is told of it meanwhile (§13.3.1.1)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from enum import Enum
from typing import Final

from softswitch.core.state_table import Word
from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.invite_server import InviteServer
from softswitch.sip.ua.compose import copied_text, response_octets
from softswitch.sip.ua.core import ALLOW_HEADER, SDP_HEADER, SUPPORTED_HEADER, UaCore
from softswitch.sip.ua.pending_answer import PendingAnswer
from softswitch.sip.ua.reliable import Reliable
from softswitch.sip.ua.server_states import TABLE, ServerInput, ServerState
from softswitch.sip.ua.session import Session


class Kind(Word):
    """Its timers."""

    REFRESH = "a minute since the last provisional response"
    LIMIT = "unanswered for too long"


_REFRESH_S: Final = 60.0
"""Proxies give up on a transaction of which they hear nothing for three minutes (RFC 3261 §13.3.1.1)."""


class ServerInvite(Session):
    """What a call that came in does with its INVITE until that is answered.

    Args:
        core: the user agent's common ground.
        owner: the name that its owner gave it.
        flow: where the peer is.
        dialog: the dialog to be.
        transaction: the INVITE's transaction; None for a session that is restored without one.
        copied: the header lines that its responses copy from the INVITE.

    Attributes:
        state: where it stands.
    """

    owns_call_id = False

    def __init__(
        self,
        core: UaCore,
        owner: str,
        flow: Flow,
        dialog: Dialog,
        transaction: InviteServer | None,
        copied: str,
    ) -> None:
        super().__init__(core, owner, flow, dialog)
        self.state = ServerState.RECEIVED
        self.invite_cseq = dialog.remote_cseq
        self.offered = False
        self._transaction = transaction
        self._copied = copied
        self._provisional = 0
        self._provisional_data = b""
        self._refresh: Timer | None = None
        self._answer: PendingAnswer | None = None
        self._farewell: tuple[Header, ...] = ()
        self._rseq = -1
        self._reliable: Reliable | None = None
        self._unsent: list[tuple[int, str, tuple[Header, ...]]] = []
        self._held = b""
        self._timer_headers: tuple[Header, ...] = ()

    def _begin(self, request: Request, now: float) -> None:
        stamp = request.get("Timestamp")
        headers = (self._core.server,) if stamp is None else (("Timestamp", stamp), self._core.server)
        self._invite.respond(100, response_octets(100, copied_text(request, ""), headers), now)
        self.watch(now)

    def watch(self, now: float) -> None:
        """Start the limit of a call that waits for its owner's answer."""
        self._limit = self._core.queue.start(self, Kind.LIMIT, self._core.timers.unanswered_s, now)

    @abstractmethod
    def prack_missing(self, now: float) -> None:
        """No PRACK came: the call is refused (RFC 3262 §3)."""

    @abstractmethod
    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""

    def progress(self, status: int, *, sdp: str = "", headers: Iterable[Header] = (), now: float) -> None:
        """Tell the caller how it goes: 180, or 183 with early media.

        Raises:
            LocalProtocolError: the call is answered.
        """
        if self._is_closed():
            return
        self._step(ServerInput.PROVISIONAL)
        self._provisional = status
        if self._rseq >= 0:
            self._unsent.append((status, sdp, tuple(headers)))
            self._progress_reliably(now)
        else:
            self._provisional_data = self._response(status, headers, sdp)
            self._invite.respond(status, self._provisional_data, now)
        self._core.queue.stop(self._refresh)
        self._refresh = self._core.queue.start(self, Kind.REFRESH, _REFRESH_S, now)

    def _progress_reliably(self, now: float) -> None:
        """Send the next provisional response that the caller requires to be reliable, once the last has its PRACK.

        A caller that offered nothing would have to be offered something in the first of them; it gets none.
        """
        if self._reliable is not None or not self._unsent or not self.offered:
            return
        status, sdp, headers = self._unsent.pop(0)
        self._rseq += 1
        self.changed = True
        numbered = (("Require", "100rel"), ("RSeq", str(self._rseq)), *headers)
        data = self._response(status, numbered, sdp)
        self._reliable = Reliable(self._core, self._invite, status, data, self, described=bool(sdp), now=now)

    def _repeat_ringing(self, now: float) -> None:
        """Say again how it goes, so that proxies do not give up."""
        if self._rseq >= 0:
            self._unsent.append((self._provisional, "", ()))
            self._progress_reliably(now)
        else:
            self._invite.respond(self._provisional, self._provisional_data, now)
        self._refresh = self._core.queue.start(self, Kind.REFRESH, _REFRESH_S, now)

    def _stop_reliable(self) -> None:
        if self._reliable is not None:
            self._reliable.stop()
            self._reliable = None

    # Pieces

    @property
    def _invite(self) -> InviteServer:
        assert self._transaction is not None  # noqa: S101 - there is one until the call is settled
        return self._transaction

    def _is_closed(self) -> bool:
        return self.state is ServerState.ENDED or self.state is ServerState.ENDING

    def _stop_waiting(self) -> None:
        self._core.queue.stop(self._limit)
        self._core.queue.stop(self._refresh)
        self._provisional_data = b""

    def _forget_invite(self) -> None:
        if self._transaction is not None:
            self._transaction.user = None
        self._transaction = None
        self._copied = ""

    def _response(self, status: int, headers: Iterable[Header], sdp: str) -> bytes:
        fields = [self._core.server]
        if status < 300:
            fields += (self._core.contact(self.flow, self.focus), ALLOW_HEADER, SUPPORTED_HEADER)
        fields += headers
        if sdp:
            fields.append(SDP_HEADER)
        return response_octets(status, self._copied, fields, sdp.encode())

    def _step(self, given: ServerInput) -> ServerState:
        self.state = TABLE.step(self.state, given)
        return self.state
