"""``application/conference-info+xml`` (RFC 4575): who is in a conference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from softswitch.sip.bodies.xml import HEAD, attribute, text

CONTENT_TYPE: Final = "application/conference-info+xml"


class MemberState(NamedTuple):
    """One who is in a conference, or is called into it."""

    id: str
    """Of the endpoint: a leg."""
    uri: str
    display_name: str
    status: str
    """``connected``, ``on-hold``, ``dialing-out`` or ``alerting`` (RFC 4575 §5.7.1)."""
    muted: bool = False


def write_conference_info(entity: str, subject: str, version: int, members: Iterable[MemberState]) -> bytes:
    """Write the document: always a full one.

    Args:
        entity: the conference's URI.
        subject: what people call it.
        version: counts up within one subscription.
        members: everybody in it; one user's phones stand together.
    """
    found = list(members)
    users = dict.fromkeys(member.uri for member in found)
    written = "".join(_user(uri, [member for member in found if member.uri == uri]) for uri in users)
    active = "true" if found else "false"
    return (
        f'{HEAD}<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity={attribute(entity)} '
        f'state="full" version="{version}">\n'
        f"<conference-description><subject>{text(subject)}</subject></conference-description>\n"
        f"<conference-state><user-count>{len(users)}</user-count><active>{active}</active></conference-state>\n"
        f'<users state="full">\n{written}</users>\n</conference-info>\n'
    ).encode()


def _user(uri: str, endpoints: list[MemberState]) -> str:
    name = endpoints[0].display_name
    shown = f"<display-text>{text(name)}</display-text>" if name else ""
    return f'<user entity={attribute(uri)} state="full">{shown}{"".join(map(_endpoint, endpoints))}</user>\n'


def _endpoint(member: MemberState) -> str:
    direction = "recvonly" if member.muted else "sendrecv"
    media = f'<media id="1"><type>audio</type><status>{direction}</status></media>'
    return f"<endpoint entity={attribute(member.id)}><status>{member.status}</status>{media}</endpoint>"
