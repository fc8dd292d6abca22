"""What a restarted switch must know of a subscription to go on with it, as plain values."""

from __future__ import annotations

from typing import Any, NamedTuple

from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.ua.dialog_snapshot import FlowValues, dialog_values, read_values


class SubscriptionSnapshot(NamedTuple):
    """A subscription at one moment; a newer version may only append fields with defaults."""

    flow: FlowValues
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
        return cls(*dialog_values(flow, dialog), event)

    @classmethod
    def from_values(cls, values: tuple[Any, ...]) -> SubscriptionSnapshot:
        """Build a snapshot from its values; fields of a newer version are left out.

        Raises:
            JournalError: these are not the values of a snapshot.
        """
        return read_values(cls, values)

    @property
    def ends(self) -> tuple[str, str]:
        """What a SUBSCRIBE that comes again has in common with the first: Call-ID and the peer's tag."""
        return self.sip_call_id, self.remote_tag
