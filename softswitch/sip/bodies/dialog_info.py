"""``application/dialog-info+xml`` (RFC 4235): the calls of somebody, for the lamps of others.

What phones need beyond the RFC: a ``<dialog>`` with an id even where there is no call (Grandstream, Yealink), and for
pickup without a code the Call-ID, both tags, the direction, and both ends with their targets (Snom, Polycom).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from softswitch.sip.bodies.xml import HEAD, attribute, text

CONTENT_TYPE: Final = "application/dialog-info+xml"


class Party(NamedTuple):
    """One end of a call."""

    uri: str
    display_name: str = ""


class DialogState(NamedTuple):
    """One call of somebody, seen from their end."""

    id: str
    state: str
    """``trying``, ``early``, ``confirmed`` or ``terminated`` (RFC 4235 §3.7.1)."""
    direction: str = ""
    """``initiator`` or ``recipient``."""
    sip_call_id: str = ""
    local_tag: str = ""
    remote_tag: str = ""
    local: Party = Party("")
    remote: Party = Party("")
    held: bool = False


def write_dialog_info(entity: str, version: int, dialogs: Iterable[DialogState], *, partial: bool = False) -> bytes:
    """Write the document.

    Args:
        entity: the URI of whose calls these are.
        version: counts up within one subscription.
        dialogs: all calls, or, where ``partial``, those that have changed.
        partial: whether calls that are not named go on as they were.
    """
    state = "partial" if partial else "full"
    found = "".join(_dialog(dialog) for dialog in dialogs)
    return (
        f'{HEAD}<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="{state}" '
        f"entity={attribute(entity)}>\n{found}</dialog-info>\n"
    ).encode()


def _dialog(dialog: DialogState) -> str:
    named = {
        "id": dialog.id,
        "call-id": dialog.sip_call_id,
        "local-tag": dialog.local_tag,
        "remote-tag": dialog.remote_tag,
        "direction": dialog.direction,
    }
    attributes = " ".join(f"{name}={attribute(value)}" for name, value in named.items() if value)
    ends = "".join(_end(name, end, held=held) for name, end, held in _ends(dialog) if end.uri)
    return f"<dialog {attributes}><state>{dialog.state}</state>{ends}</dialog>\n"


def _ends(dialog: DialogState) -> tuple[tuple[str, Party, bool], ...]:
    return ("local", dialog.local, dialog.held), ("remote", dialog.remote, False)


def _end(name: str, end: Party, *, held: bool) -> str:
    shown = f" display={attribute(end.display_name)}" if end.display_name else ""
    target = f"<target uri={attribute(end.uri)}/>"
    if held:
        target = f'<target uri={attribute(end.uri)}><param pname="+sip.rendering" pvalue="no"/></target>'
    return f"<{name}><identity{shown}>{text(end.uri)}</identity>{target}</{name}>"
