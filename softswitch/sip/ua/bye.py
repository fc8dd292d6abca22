"""BYE, as its sender (RFC 3261 §15.1.1): the session is over once it is sent, whatever the answer."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Response
from softswitch.sip.ua.core import UaCore


class SentBye:
    """A BYE of ours. Until it is answered the dialog stays known, so that a BYE that crosses it gets its 200."""

    __slots__ = ("_core", "_dialog", "_flow", "_headers")

    def __init__(self, core: UaCore, dialog: Dialog, flow: Flow, headers: tuple[Header, ...]) -> None:
        self._core = core
        self._dialog = dialog
        self._flow = flow
        self._headers = headers

    def responded(self, response: Response, now: float) -> None:
        """The peer answered."""
        if response.status >= 200:
            self._forget()

    def timed_out(self, now: float) -> None:
        """The peer does not answer."""
        self._forget()

    def unreachable(self, now: float) -> None:
        """The transport failed; a phone whose connection is gone is told when it has another one."""
        if self._flow.reliable:
            self._core.stranded.add(self._flow, self._say_again, self._forget, now)
        else:
            self._forget()

    def _say_again(self, flow: Flow, now: float) -> None:
        send_bye(self._core, self._dialog, flow, self._headers, now)

    def _forget(self) -> None:
        self._core.sessions.pop((self._dialog.sip_call_id, self._dialog.local_tag), None)


def send_bye(core: UaCore, dialog: Dialog, flow: Flow, headers: Iterable[Header], now: float) -> None:
    """Send BYE; afterwards the core forgets the session of that dialog, if it still knows one."""
    branch, more = core.new_branch(), tuple(headers)
    request = dialog.request("BYE", dialog.next_cseq(), core.via(flow, branch), [core.user_agent, *more])
    core.layer.request((branch, "BYE"), request.to_bytes(), flow, SentBye(core, dialog, flow, more), now)
