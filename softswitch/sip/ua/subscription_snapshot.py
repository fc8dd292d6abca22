"""What a restarted switch must know of a subscription to go on with it, as plain values."""

from __future__ import annotations

from typing import Any, NamedTuple

from softswitch.core.errors import JournalError
from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.ua.snapshot import flow_of, flow_values

CSEQ_JUMP = 1000
"""How far the local CSeq goes on above the snapshot: NOTIFYs raise it unrecorded."""


class SubscriptionSnapshot(NamedTuple):
    """A subscription at one moment; a newer version may only append fields with defaults."""

    flow: tuple[str, str, int, str, int, int]
    sip_call_id: str
    local_tag: str
    remote_tag: str
    local: str
    """Our end as header text, with its tag."""
    remote: str
    target: str
    routes: tuple[str, ...]
    local_cseq: int
    remote_cseq: int
    event: str
    """The value of the Event header."""

    @classmethod
    def of(cls, flow: Flow, dialog: Dialog, event: str) -> SubscriptionSnapshot:
        """Take a snapshot."""
        return cls(
            flow_values(flow),
            dialog.sip_call_id,
            dialog.local_tag,
            dialog.remote_tag,
            dialog.local,
            dialog.remote,
            dialog.target,
            dialog.routes,
            dialog.local_cseq,
            dialog.remote_cseq,
            event,
        )

    @classmethod
    def from_values(cls, values: tuple[Any, ...]) -> SubscriptionSnapshot:
        """Build a snapshot from its values; fields of a newer version are left out.

        Raises:
            JournalError: these are not the values of a snapshot.
        """
        try:
            return cls(*values[: len(cls._fields)])
        except TypeError as error:
            raise JournalError(f"not a subscription's snapshot: {error}") from error

    @property
    def ends(self) -> tuple[str, str]:
        """What a SUBSCRIBE that comes again has in common with the first: Call-ID and the peer's tag."""
        return self.sip_call_id, self.remote_tag

    def peer(self) -> Flow:
        """Return where the peer was."""
        return flow_of(self.flow)

    def dialog(self) -> Dialog:
        """Make the dialog again, its local CSeq far above the last that is known."""
        made = Dialog(self.sip_call_id, self.local_tag, self.local, self.remote, self.target)
        made.remote_tag = self.remote_tag
        made.routes = self.routes
        made.local_cseq = self.local_cseq + CSEQ_JUMP
        # The request that had this number may come again, because that process did not live to answer it.
        made.remote_cseq = max(-1, self.remote_cseq - 1)
        return made
