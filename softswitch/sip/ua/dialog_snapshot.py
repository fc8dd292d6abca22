"""A dialog and the way to its peer as plain values, and made again from them: what every snapshot has in common."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol, TypeVar

from softswitch.core.errors import JournalError
from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow

CSEQ_JUMP: Final = 1000
"""How far a dialog's local CSeq goes on above its last snapshot: some requests raise it unrecorded."""

FlowValues = tuple[str, str, int, str, int, int]
"""Transport, local address and port, remote address and port, connection."""
DialogValues = tuple[FlowValues, str, str, str, str, str, str, tuple[str, ...], int, int]
"""The fields of :class:`DialogSnapshot` in their order."""
SnapshotT = TypeVar("SnapshotT", bound=NamedTuple)


class DialogSnapshot(Protocol):
    """The fields that a snapshot has of a dialog."""

    @property
    def flow(self) -> FlowValues:
        """Where the peer is."""
        ...

    @property
    def sip_call_id(self) -> str:
        """The Call-ID."""
        ...

    @property
    def local_tag(self) -> str:
        """Our tag."""
        ...

    @property
    def remote_tag(self) -> str:
        """The peer's tag; empty as long as it has none."""
        ...

    @property
    def local(self) -> str:
        """Our end as header text, with its tag."""
        ...

    @property
    def remote(self) -> str:
        """The peer's end as header text, with its tag once it has one."""
        ...

    @property
    def target(self) -> str:
        """The remote target."""
        ...

    @property
    def routes(self) -> tuple[str, ...]:
        """The route set."""
        ...

    @property
    def local_cseq(self) -> int:
        """The CSeq number of our last request."""
        ...

    @property
    def remote_cseq(self) -> int:
        """The highest CSeq number seen from the peer."""
        ...


def dialog_values(flow: Flow, dialog: Dialog) -> DialogValues:
    """Return what a snapshot keeps of a dialog, in the order of its fields."""
    return (
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
    )


def dialog_of(snapshot: DialogSnapshot) -> Dialog:
    """Make a dialog again, its local CSeq far above the last that is known."""
    made = Dialog(snapshot.sip_call_id, snapshot.local_tag, snapshot.local, snapshot.remote, snapshot.target)
    made.remote_tag = snapshot.remote_tag
    made.routes = snapshot.routes
    made.local_cseq = snapshot.local_cseq + CSEQ_JUMP
    # The request that had this number may come again, because that process did not live to answer it.
    made.remote_cseq = max(-1, snapshot.remote_cseq - 1)
    return made


def read_values(kind: type[SnapshotT], values: tuple[Any, ...]) -> SnapshotT:
    """Build a snapshot from its values; fields of a newer version are left out.

    Raises:
        JournalError: these are not the values of a snapshot.
    """
    try:
        return kind(*values[: len(kind._fields)])
    except TypeError as error:
        raise JournalError(f"not a {kind.__name__}: {error}") from error


def flow_values(flow: Flow) -> FlowValues:
    """Return a flow as flat values."""
    return (flow.transport, *flow.local, *flow.remote, flow.connection)


def flow_of(values: FlowValues) -> Flow:
    """Build a flow from :func:`flow_values`."""
    transport, local_host, local_port, remote_host, remote_port, connection = values
    return Flow(transport, (local_host, local_port), (remote_host, remote_port), connection)
