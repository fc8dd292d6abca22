"""Tells whoever sent a request that cannot be read what is wrong with it (RFC 3261 §21.4.1, §21.5.6; RFC 4475 §3.1.2).

The answer copies the headers as they were written: its sender finds the request by the branch that it wrote itself.
"""

from __future__ import annotations

from softswitch.core.errors import SipError
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.parse import salvage
from softswitch.sip.transaction.matching import note_source, reply_flow
from softswitch.sip.ua.compose import copied_text, response_octets
from softswitch.sip.ua.core import UaCore


def refuse_malformed(core: UaCore, data: bytes, flow: Flow, status: int) -> bool:
    """Answer what came, if it is a request that has what an answer needs; tell whether it has.

    Args:
        core: sends.
        data: what came.
        flow: where from; the answer goes there where the topmost Via cannot be read.
        status: 400, 413, 416, 505 ...
    """
    request = salvage(data)
    if request is None:
        return False
    towards = flow
    try:
        note_source(request, flow)
        towards = reply_flow(request, flow)
    except SipError:
        pass  # the Via is one that cannot be read
    core.send(towards, _written(core, request, status))
    return True


def _written(core: UaCore, request: Request, status: int) -> bytes:
    try:
        return core.response_of(request, status)
    except SipError:  # a To that cannot be read cannot be given a tag
        return response_octets(status, copied_text(request, ""), (core.server,), b"")
