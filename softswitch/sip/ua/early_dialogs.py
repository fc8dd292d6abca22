"""The early dialogs that the provisional responses to our INVITE make: one a branch that rings (RFC 3261 §13.2.2.4)."""

from __future__ import annotations

from typing import NamedTuple

from softswitch.sip.dialog.dialog import Dialog, answered_target
from softswitch.sip.dialog.route import caller_routes
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Response
from softswitch.sip.ua.core import UaCore


class Branch(NamedTuple):
    """The other end of an early dialog, as plain values."""

    tag: str
    remote: str
    """As header text, with its tag."""
    target: str
    routes: tuple[str, ...]


class EarlyDialogs:
    """Sends what goes to phones that have not taken the call yet.

    Args:
        core: the user agent's common ground.
        dialog: the dialog to be; its CSeq numbers are used up.
        flow: where the peer is.
    """

    __slots__ = ("_core", "_dialog", "_flow", "_latest", "_rseqs")

    def __init__(self, core: UaCore, dialog: Dialog, flow: Flow) -> None:
        self._core = core
        self._dialog = dialog
        self._flow = flow
        self._rseqs: dict[str, int] = {}
        """By the branch's tag, the RSeq of its last response that we acknowledged."""
        self._latest: Response | Branch | None = None
        """The phone that rang last: what it said, which is read when it is asked for, or what a snapshot said."""

    @property
    def latest(self) -> Branch | None:
        """The phone that rang last."""
        said = self._latest
        if isinstance(said, Response):
            own, target = self._dialog, answered_target(said)
            said = Branch(said.to.tag or "", said.get("To") or own.remote, target or own.target, caller_routes(said))
        return said

    def restore(self, branch: Branch) -> None:
        """Go on with the phone that rang last towards a former process."""
        self._latest, self._dialog.early_tag = branch, branch.tag

    def forget(self) -> None:
        """Forget it: somebody has answered."""
        self._latest = None

    def begin_anew(self) -> None:
        """The INVITE is sent again: its responses count from the start."""
        self._rseqs.clear()

    def note(self, response: Response) -> None:
        """Note a provisional response; one without a tag makes no dialog."""
        tag = response.to.tag
        if tag:
            self._latest, self._dialog.early_tag = response, tag

    def fork(self, response: Response) -> Dialog:
        """Return the dialog that a response of one branch makes, with the next numbers of ours."""
        other = self._another()
        confirm(other, response)
        return other

    def _another(self) -> Dialog:
        own = self._dialog
        other = Dialog(own.sip_call_id, own.local_tag, own.local, own.remote, own.target)
        other.local_cseq = own.local_cseq
        return other

    def acknowledge(self, response: Response, invite_cseq: int, now: float) -> bool:
        """Send PRACK for a reliable provisional response, within the early dialog of its branch (RFC 3262 §4).

        Returns:
            Whether the response is to be looked at: it is new, and in order where the callee counts.
        """
        number = response.get("RSeq") or ""
        required = ",".join(response.get_all("Require")).lower()
        if "100rel" not in required or not (number.isdecimal() and 0 < len(number) < 11):
            return True
        tag, rseq = response.to.tag or "", int(number)
        last = self._rseqs.get(tag)
        if last is not None and rseq != last + 1:
            return False
        self._rseqs[tag] = rseq
        self._request(self.fork(response), "PRACK", [("RAck", f"{rseq} {invite_cseq} INVITE")], now)
        return True

    def notify(self, headers: tuple[Header, ...], now: float) -> None:
        """Send a NOTIFY within the last early dialog, if there is one."""
        latest = self.latest
        if latest is None:
            return
        dialog = self._another()
        dialog.remote_tag, dialog.remote, dialog.target, dialog.routes = latest
        self._request(dialog, "NOTIFY", [self._core.contact(self._flow), *headers], now)

    def _request(self, dialog: Dialog, method: str, headers: list[Header], now: float) -> None:
        core, branch = self._core, self._core.new_branch()
        via = core.via(self._flow, branch)
        request = dialog.request(method, self._dialog.next_cseq(), via, [*headers, core.user_agent])
        core.layer.request((branch, method), request.to_bytes(), self._flow, None, now)


def confirm(dialog: Dialog, response: Response) -> None:
    """Take over what a response says of the other end (RFC 3261 §12.1.2)."""
    dialog.remote = response.get("To") or dialog.remote
    dialog.remote_tag = response.to.tag or ""
    dialog.target = answered_target(response) or dialog.target
    dialog.routes = caller_routes(response)
