"""What messages are matched to transactions by, and where answers go (RFC 3261 §17.1.3, §17.2.3, §18.2; RFC 3581)."""

from __future__ import annotations

from typing import Final

from softswitch.sip.flow import Flow
from softswitch.sip.headers.values import split_commas
from softswitch.sip.headers.via import Via
from softswitch.sip.message import Request, Response
from softswitch.sip.transaction.base import Key

MAGIC_COOKIE: Final = "z9hG4bK"
"""What the branches of RFC 3261 start with."""


def server_branch(request: Request) -> str:
    """Return what a request, its ACK and its CANCEL have in common.

    That is the topmost branch with the sent-by, and the From tag: there are phones that count their branches from one
    after every start, and a call of theirs must not be taken for a retransmission of one before the restart. A branch
    without the magic cookie need not be unique, so for it stand the fields that RFC 3261 §17.2.3 names for clients of
    RFC 2543.

    Raises:
        SipError: a field that is needed is missing or malformed.
    """
    via = request.via
    branch = via.parameters.get("branch") or ""
    if branch.startswith(MAGIC_COOKIE):
        return f"{branch} {via.host} {via.port} {request.from_.tag}"
    return f"{request.uri} {request.from_.tag} {request.call_id} {request.cseq.number} {via}"


def server_key(request: Request) -> Key:
    """Return what a request is matched to its server transaction by; an ACK belongs to the INVITE."""
    method = request.method
    return server_branch(request), "INVITE" if method == "ACK" else method


def client_key(response: Response) -> Key:
    """Return what a response is matched to its client transaction by (RFC 3261 §17.1.3)."""
    return response.via.parameters.get("branch") or "", response.cseq.method


def note_source(request: Request, flow: Flow) -> None:
    """Write into the topmost Via where the request came from: ``received``, and ``rport`` where it is asked for."""
    via = request.via
    host, port = flow.remote
    asked = "rport" in via.parameters
    if not asked and via.host.strip("[]") == host:
        return
    raw = request.get("Via") or ""
    plain = "," not in raw and "received" not in via.parameters
    if plain and not asked:
        value = f"{raw};received={host}"
    elif plain and raw.endswith(";rport"):
        value = f"{raw}={port};received={host}"
    elif plain and ";rport;" in raw:
        value = f"{raw.replace(';rport;', f';rport={port};', 1)};received={host}"
    else:
        value = _rewritten(raw, via, flow, asked=asked)
    request.complete_via(value)


def _rewritten(raw: str, via: Via, flow: Flow, *, asked: bool) -> str:
    parameters = {**via.parameters, "received": flow.remote[0]}
    if asked:
        parameters["rport"] = str(flow.remote[1])
    own = str(Via(via.transport, via.host, via.port, parameters))
    return ", ".join([own, *list(split_commas(raw))[1:]])


def reply_flow(request: Request, flow: Flow) -> Flow:
    """Return where the responses to a request go.

    That is back to its source. Only a datagram whose sender did not ask for this (``rport``), sits behind no NAT (its
    sent-by is its source address) and names another port gets its answer there, as RFC 3261 §18.2.2 says.
    """
    if flow.transport != "udp":
        return flow
    via = request.via
    host, port = flow.remote
    named = via.port or 5060
    if "rport" in via.parameters or named == port or via.host.strip("[]") != host:
        return flow
    return flow._replace(remote=(host, named))
