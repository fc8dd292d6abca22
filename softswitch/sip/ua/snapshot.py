"""What a restarted switch must know of a session to go on with it, as plain values."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from softswitch.core.state_table import Word
from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.ua.dialog_snapshot import FlowValues, dialog_values, read_values


class SessionSnapshot(NamedTuple):
    """A session at one moment. Tuples, text, numbers and octets only, so that msgpack carries it.

    A newer version may only append fields with defaults: older snapshots stay readable. It is a named tuple because
    five are made for each call.
    """

    role: str
    """``server``: we were called; ``client``: we called."""
    state: str
    """The value of the session's state."""
    flow: FlowValues
    sip_call_id: str
    local_tag: str
    remote_tag: str
    local: str
    """Our end as header text, with its tag."""
    remote: str
    """The peer's end as header text, with its tag once it has one."""
    target: str
    """The remote target."""
    routes: tuple[str, ...]
    local_cseq: int
    remote_cseq: int
    invite_cseq: int = 0
    """The CSeq number of the INVITE that is pending or was the last."""
    branch: str = ""
    """A server's: what the INVITE's transaction is matched by."""
    reply_flow: FlowValues | None = None
    """A server's: where the responses to the INVITE go."""
    copied: str = ""
    """A server's, while its ACK is outstanding: the header lines of the INVITE that its responses copy."""
    provisional: int = 0
    """A server's: the last provisional status sent. A client's: the last received, where its owner noted one."""
    offered: bool = False
    """Whether the INVITE carried an offer."""
    accepted: bytes = b""
    """A server's: its 2xx while the ACK is outstanding."""
    invite: bytes = b""
    """A client's: the INVITE as it was sent while its final response is outstanding, without credentials."""
    cancel_reason: str = ""
    """A client's: the Reason that its CANCEL carries, or has still to carry."""
    early: bytes = b""
    """A server's: the description that the last provisional response carried, where its owner noted one."""
    allow: str = ""
    """The peer's Allow header."""
    interval_s: int = 1800
    """The session timer's interval; half of it between OPTIONS where none was agreed upon."""
    refresher: str = ""
    """Who refreshes the session: ``us``, ``peer`` or nobody."""
    rseq: int = -1
    """A server's: the RSeq of its last reliable provisional response, or -1 where it sends none of that kind."""
    focus: str = ""
    """A server's: the user part of the URI of the conference that the peer has called."""
    events: tuple[str, ...] = ()
    """What the peer's Allow-Events named."""
    early_dialog: tuple[Any, ...] = ()
    """A client's, while it rings: the values of :class:`softswitch.sip.ua.early_dialogs.Branch`."""

    def values(self) -> tuple[Any, ...]:
        """Return all fields in their order."""
        return tuple(self)

    @classmethod
    def from_values(cls, values: tuple[Any, ...]) -> SessionSnapshot:
        """Build a snapshot from what :meth:`values` gave; fields of a newer version are left out.

        Raises:
            JournalError: these are not the values of a snapshot.
        """
        return read_values(cls, values)


class _Terms(Protocol):
    @property
    def interval_s(self) -> int: ...

    @property
    def refresher(self) -> str: ...


class Snapshotted(Protocol):
    """What sessions of both kinds have."""

    flow: Flow
    dialog: Dialog
    invite_cseq: int
    offered: bool
    peer_allow: str
    peer_events: frozenset[str]

    @property
    def terms(self) -> _Terms:
        """What was agreed upon about the session's timer."""
        ...

    @property
    def state(self) -> Word:
        """Where it stands."""
        ...


def snapshot_of(
    session: Snapshotted,
    role: str,
    *,
    branch: str = "",
    reply_flow: tuple[str, str, int, str, int, int] | None = None,
    copied: str = "",
    provisional: int = 0,
    accepted: bytes = b"",
    invite: bytes = b"",
    cancel_reason: str = "",
    rseq: int = -1,
    focus: str = "",
    early_dialog: tuple[Any, ...] = (),
) -> SessionSnapshot:
    """Return a snapshot of what sessions of both kinds have in common, and of what one kind has.

    All but the session are values of the snapshot, by the names that they have there.
    """
    terms = session.terms
    values = (
        role,
        session.state.value,
        *dialog_values(session.flow, session.dialog),
        session.invite_cseq,
        branch,
        reply_flow,
        copied,
        provisional,
        session.offered,
        accepted,
        invite,
        cancel_reason,
        b"",
        session.peer_allow,
        terms.interval_s,
        terms.refresher,
        rseq,
        focus,
        tuple(sorted(session.peer_events)),
        tuple(early_dialog),
    )
    return tuple.__new__(SessionSnapshot, values)  # half the time of calling the class
