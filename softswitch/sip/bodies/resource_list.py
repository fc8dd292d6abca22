"""Lists of resources in one NOTIFY (RFC 4662 §5): ``multipart/related`` with RLMI first, then one part a resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from softswitch.sip.bodies.xml import HEAD, attribute, text

RLMI: Final = "application/rlmi+xml"
MULTIPART: Final = "multipart/related"


class ListedResource(NamedTuple):
    """One resource of a list, as it is now."""

    uri: str
    display_name: str
    content_type: str
    body: bytes


def write_list(
    uri: str, version: int, resources: Sequence[ListedResource], *, full: bool, boundary: str, host: str
) -> tuple[str, bytes]:
    """Write the body; return its Content-Type as well.

    Args:
        uri: of the list.
        version: counts up within one subscription.
        resources: all of the list, or those that have changed.
        full: which of the two.
        boundary: stands in no body.
        host: the host part of content ids.
    """
    root = f"<list@{host}>"
    cids = [f"{number}.{boundary}@{host}" for number, _ in enumerate(resources, 1)]
    listed = "".join(_resource(one, cid) for one, cid in zip(resources, cids, strict=True))
    whole = "true" if full else "false"
    rlmi = (
        f'{HEAD}<list xmlns="urn:ietf:params:xml:ns:rlmi" uri={attribute(uri)} version="{version}" '
        f'fullState="{whole}">\n{listed}</list>\n'
    ).encode()
    parts = [_part(boundary, root, f'{RLMI};charset="UTF-8"', rlmi)]
    parts += [_part(boundary, f"<{cid}>", one.content_type, one.body) for one, cid in zip(resources, cids, strict=True)]
    kind = f'{MULTIPART};type="{RLMI}";start="{root}";boundary="{boundary}"'
    return kind, b"".join(parts) + f"--{boundary}--\r\n".encode()


def _resource(one: ListedResource, cid: str) -> str:
    name = f"<name>{text(one.display_name)}</name>" if one.display_name else ""
    instance = f'<instance id="1" state="active" cid={attribute(cid)}/>'
    return f"<resource uri={attribute(one.uri)}>{name}{instance}</resource>\n"


def _part(boundary: str, content_id: str, content_type: str, body: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {content_id}\r\n"
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"
