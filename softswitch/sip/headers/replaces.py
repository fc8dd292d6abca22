"""The Replaces header (RFC 3891 §6.1): the dialog that a call takes the place of."""

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
    sip_call_id, *parameters = [part.strip() for part in text.split(";")]
    found: dict[str, str] = {}
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        name = name.strip().lower()
        if name in found:
            raise SipError(f"Replaces with {name[:20]} twice")
        found[name] = value.strip()
    if not (sip_call_id and found.get("to-tag") and found.get("from-tag")):
        raise SipError("Replaces without a Call-ID, to-tag or from-tag")
    return Replaces(sip_call_id, found["to-tag"], found["from-tag"], "early-only" in found)
