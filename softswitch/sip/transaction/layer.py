"""The transaction layer: it keeps the machines and finds the one that a message belongs to (RFC 3261 §17, §18)."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.timers import TimerQueue, Timers
from softswitch.sip.transaction.base import ClientUser, Key, Machine, MergeKey, ServerUser
from softswitch.sip.transaction.invite_client import InviteClient
from softswitch.sip.transaction.invite_server import InviteServer
from softswitch.sip.transaction.matching import client_key
from softswitch.sip.transaction.non_invite_client import NonInviteClient
from softswitch.sip.transaction.non_invite_server import AnsweredRequest, Input, NonInviteServer
from softswitch.sip.transaction.oversize import Oversize, over, via_over

ServerTransaction = InviteServer | NonInviteServer
"""What an owner answers a request by."""
ClientTransaction = InviteClient | NonInviteClient
"""What waits for responses."""


class TransactionLayer:
    """All transactions of one user agent.

    Args:
        timers: the base values.
        queue: where the machines' timers wait.
        send: takes what is to be sent.
        datagram_octets: larger requests go by streams where the peer takes them; 0: none do.

    Attributes:
        live: transactions that can still change a call.
    """

    def __init__(
        self, timers: Timers, queue: TimerQueue, send: Callable[[Flow, bytes], None], *, datagram_octets: int = 0
    ) -> None:
        self.timers = timers
        self.give_up_s = timers.give_up_s
        self.queue = queue
        self.send = send
        self.live = 0
        self._servers: dict[Key, ServerTransaction | AnsweredRequest] = {}
        self._clients: dict[Key, ClientTransaction] = {}
        self._waiting: dict[tuple[str, int], set[Machine]] = {}
        self._merged: dict[MergeKey, InviteServer] = {}
        self._oversize = Oversize(datagram_octets)

    def absorb(self, request: Request, key: Key, flow: Flow, now: float) -> bool:
        """Hand a request to the transaction that it belongs to, if there is one; tell whether there was."""
        found = self._servers.get(key)
        if found is None:
            return False
        if request.method != "ACK":
            found.receive_again()
        elif isinstance(found, InviteServer):
            found.receive_ack(request, flow, now)
        return True

    def invite_of(self, branch: str) -> InviteServer | None:
        """Return the INVITE server transaction of that branch: the one a CANCEL means (RFC 3261 §9.2)."""
        found = self._servers.get((branch, "INVITE"))
        return found if isinstance(found, InviteServer) else None

    def is_merged(self, merge_key: MergeKey) -> bool:
        """Tell whether an INVITE that is known has come on another way (RFC 3261 §8.2.2.2)."""
        return merge_key in self._merged

    def serve_invite(
        self, key: Key, flow: Flow, user: ServerUser | None, merge_key: MergeKey | None = None
    ) -> InviteServer:
        """Begin an INVITE server transaction.

        Args:
            key: what the INVITE is matched by.
            flow: where its responses go.
            user: who gets ACKs in the Accepted state.
            merge_key: what its twins on other ways are known by; None within a dialog.
        """
        made = InviteServer(self, key, flow, user)
        self._servers[key] = made
        if merge_key is not None:
            made.merge_key = merge_key
            self._merged[merge_key] = made
        return made

    def serve(self, key: Key, flow: Flow, now: float) -> NonInviteServer:
        """Begin a non-INVITE server transaction."""
        made = NonInviteServer(self, key, flow, now)
        self._servers[key] = made
        return made

    def answer(self, key: Key, flow: Flow, data: bytes, now: float) -> None:
        """Answer a non-INVITE request at once: send the final response and absorb retransmissions."""
        self.send(flow, data)
        if not flow.reliable:
            made = AnsweredRequest(self, key, flow, data)
            self._servers[key] = made
            self.queue.lapse(made, Input.TIMER_J, self.give_up_s, now)

    def invite(self, key: Key, request: Request, data: bytes, flow: Flow, user: ClientUser, now: float) -> InviteClient:
        """Make an INVITE client transaction; its :meth:`InviteClient.start` sends."""
        if len(data) > self._oversize.most_octets:
            flow = self._oversize.way(key, flow, now)
            request.set("Via", via_over(request.get("Via") or "", flow))
            data = over(data, flow)
        made = InviteClient(self, key, request, data, flow, user)
        self._index(made)
        return made

    def request(
        self, key: Key, data: bytes, flow: Flow, user: ClientUser | None, now: float, *, counted: bool = True
    ) -> NonInviteClient:
        """Begin a non-INVITE client transaction, which sends; ``counted`` where it can change a call."""
        if len(data) > self._oversize.most_octets:
            flow = self._oversize.way(key, flow, now)
            data = over(data, flow)
        made = NonInviteClient(self, key, data, flow, user, counted=counted)
        self._index(made)
        made.start(now)
        return made

    def _index(self, made: ClientTransaction) -> None:
        self._clients[made.key] = made
        self._waiting.setdefault(made.flow.remote, set()).add(made)

    def receive(self, response: Response, now: float) -> bool:
        """Hand a response to the transaction that it belongs to; tell whether there was one."""
        found = self._clients.get(client_key(response))
        if found is None:
            return False
        found.receive(response, now)
        return True

    def flow_failed(self, flow: Flow, now: float) -> None:
        """Tell every transaction that waits for responses on a flow that there will be none."""
        for machine in tuple(self._waiting.get(flow.remote, ())):
            if machine.flow == flow:
                datagrams = self._oversize.refused(machine.key, now)
                if datagrams is None or not machine.go_by(datagrams, now):
                    machine.fail(now)

    def rest(self, client: Machine, flow: Flow, counted: int = 1) -> None:
        """Note that a client transaction, if it was counted, waits for nothing any more: it is not live."""
        self.live -= counted
        self._oversize.rest(client.key)
        waiting = self._waiting[flow.remote]
        waiting.discard(client)
        if not waiting:
            del self._waiting[flow.remote]

    def forget_server(self, key: Key) -> None:
        """Take a terminated server transaction out of the tables."""
        del self._servers[key]

    def forget_client(self, key: Key) -> None:
        """Take a terminated client transaction out of the tables."""
        del self._clients[key]

    def forget_merged(self, merge_key: MergeKey) -> None:
        """Forget what the twins of a terminated INVITE are known by."""
        self._merged.pop(merge_key, None)
