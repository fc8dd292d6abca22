"""Session description to text, strictly as RFC 8866 §9 orders the lines, each ended by CRLF."""

from __future__ import annotations

from softswitch.sdp.model import Media, SessionDescription


def write_sdp(description: SessionDescription) -> str:
    """Write a description; what was not kept in parsing is written by its neutral form (``s=-``, ``t=0 0``)."""
    origin = description.origin
    lines = ["v=0", f"o=- {origin.session_id} {origin.version} {_network_address(origin.address)}", "s=-"]
    if description.address:
        lines.append(f"c={_network_address(description.address)}")
    lines.append("t=0 0")
    lines.extend(["a=" + attribute for attribute in description.attributes])
    for media in description.media:
        lines.append(_media_line(media))
        if media.address:
            lines.append(f"c={_network_address(media.address)}")
        lines.extend(["a=" + attribute for attribute in media.attributes])
    lines.append("")
    return "\r\n".join(lines)


def _network_address(address: str) -> str:
    return f"IN IP6 {address}" if ":" in address else f"IN IP4 {address}"


def _media_line(media: Media) -> str:
    port = f"{media.port}" if media.port_count == 1 else f"{media.port}/{media.port_count}"
    return f"m={media.kind} {port} {media.protocol} {' '.join(media.formats)}"
