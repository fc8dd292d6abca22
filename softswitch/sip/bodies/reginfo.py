"""``application/reginfo+xml`` (RFC 3680): which phones of somebody are registered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from softswitch.sip.bodies.xml import HEAD, attribute, text

CONTENT_TYPE: Final = "application/reginfo+xml"


class ContactState(NamedTuple):
    """One registered phone."""

    id: str
    uri: str
    sip_call_id: str
    cseq: int
    user_agent: str
    expires_at_s: float
    """Wall time."""


def write_reginfo(aor: str, version: int, contacts: Iterable[ContactState], *, wall_s: float) -> bytes:
    """Write the document: always a full one.

    Args:
        aor: the URI that the phones are registered for.
        version: counts up within one subscription.
        contacts: the phones that are registered.
        wall_s: the time now.
    """
    found = [_contact(one, wall_s) for one in contacts]
    state = "active" if found else "terminated"
    return (
        f'{HEAD}<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="{version}" state="full">\n'
        f'<registration aor={attribute(aor)} id="aor" state="{state}">\n{"".join(found)}</registration>\n</reginfo>\n'
    ).encode()


def _contact(one: ContactState, wall_s: float) -> str:
    left_s = max(0, round(one.expires_at_s - wall_s))
    return (
        f'<contact id={attribute(one.id)} state="active" event="registered" expires="{left_s}" '
        f'callid={attribute(one.sip_call_id)} cseq="{one.cseq}"><uri>{text(one.uri)}</uri>'
        f'<unknown-param name="user-agent">{text(one.user_agent)}</unknown-param></contact>\n'
    )
