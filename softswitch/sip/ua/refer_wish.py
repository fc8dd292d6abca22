"""What the sender of a REFER wants to hear of it."""

from __future__ import annotations

from softswitch.sip.message import Request


def wants_no_notify(request: Request) -> bool:
    """Tell whether a REFER wants no subscription (RFC 4488 §4, RFC 7614 §4.2)."""
    silent = (request.get("Refer-Sub") or "").strip().lower().startswith("false")
    return silent or (request.get("Require") is not None and "nosub" in request.get_list("Require"))
