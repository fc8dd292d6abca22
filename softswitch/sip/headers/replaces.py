"""Headers that name a dialog: Replaces (RFC 3891 §6.1), whose place a call takes, and Target-Dialog (RFC 4538 §7)."""

from __future__ import annotations

from typing import NamedTuple

from softswitch.core.errors import SipError


class Replaces(NamedTuple):
    """A dialog as its other end names it."""

    sip_call_id: str
    to_tag: str
    """The tag of whoever is asked."""
    from_tag: str
    """The tag of the other end."""
    early_only: bool = False
    """Whether the dialog must not be answered yet."""


def parse_replaces(text: str) -> Replaces:
    """Read a Replaces header.

    Raises:
        SipError: a tag or the Call-ID is missing, or stands there twice.
    """
    sip_call_id, found = _read(text, "Replaces")
    if not (sip_call_id and found.get("to-tag") and found.get("from-tag")):
        raise SipError("Replaces without a Call-ID, to-tag or from-tag")
    return Replaces(sip_call_id, found["to-tag"], found["from-tag"], "early-only" in found)


def parse_target_dialog(text: str) -> Replaces:
    """Read a Target-Dialog header (RFC 4538 §7): its tags are named from the sender's end.

    Raises:
        SipError: a tag or the Call-ID is missing, or stands there twice.
    """
    sip_call_id, found = _read(text, "Target-Dialog")
    if not (sip_call_id and found.get("local-tag") and found.get("remote-tag")):
        raise SipError("Target-Dialog without a Call-ID, local-tag or remote-tag")
    return Replaces(sip_call_id, found["remote-tag"], found["local-tag"])


def _read(text: str, header: str) -> tuple[str, dict[str, str]]:
    """Return the Call-ID and the parameters, by their names in lower case."""
    sip_call_id, *parameters = [part.strip() for part in text.split(";")]
    found: dict[str, str] = {}
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        name = name.strip().lower()
        if name in found:
            raise SipError(f"{header} with {name[:20]} twice")
        found[name] = value.strip()
    return sip_call_id, found
