"""Requests that ask for what is not understood: refused before their owner hears of them (RFC 3261 §8.2)."""

from __future__ import annotations

from typing import Final

from softswitch.sip.dialog.dialog import target_of
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.transaction.base import Key
from softswitch.sip.ua.core import ACCEPT_HEADER, ALLOW_HEADER, SUPPORTED, UaCore
from softswitch.sip.ua.session_timer import MIN_SE_HEADER, is_too_brief

_KNOWN_METHODS: Final = frozenset(
    {"MESSAGE", "NOTIFY", "PUBLISH", "REGISTER", "SUBSCRIBE"},
)
"""Methods that exist, though not for us: 405; any other one gets 501 (RFC 3261 §8.2.1, §21.5.2)."""


def unfit(request: Request) -> tuple[int, tuple[Header, ...]]:
    """Return status and headers for a request that asks for what is not understood (RFC 3261 §8.2.2.3, §8.2.3).

    Only BYE is exempt: a call that is hung up is over.
    """
    if request.method == "BYE":
        return 0, ()
    if request.get("Require") is not None and (
        unknown := [tag for tag in request.get_list("Require") if tag.lower() not in SUPPORTED]
    ):
        return 420, (("Unsupported", ", ".join(unknown)),)
    if request.method not in {"INVITE", "UPDATE"}:
        return 0, ()
    if request.get("Session-Expires") is not None and is_too_brief(request):
        return 422, (MIN_SE_HEADER,)
    if request.body and not request.sdp:
        return 415, (ACCEPT_HEADER,)
    if request.get("Content-Encoding") not in {None, "identity"}:
        return 415, (("Accept-Encoding", "identity"),)
    target_of(request)
    return 0, ()


def refuse_method(core: UaCore, request: Request, key: Key, flow: Flow, now: float) -> None:
    """Refuse a method that is not known within a dialog."""
    status = 405 if request.method in _KNOWN_METHODS else 501
    core.answer(request, key, flow, status, now, (ALLOW_HEADER,))
