"""What a message must hold to be acted upon (RFC 3261 §8.1.1, §8.2, §16.3; RFC 4475 tells the tricky cases)."""

from __future__ import annotations

from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.headers.address import parse_address_list
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.uri import parse_uri

_MANDATORY: Final = frozenset({"Via", "From", "To", "Call-ID", "CSeq"})
_ONLY_ONCE: Final = frozenset(
    {"From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Type", "Content-Length", "Expires"}
)
_ADDRESS_LISTS: Final = frozenset({"Route", "Record-Route", "Path"})
_KNOWN_SCHEMES: Final = frozenset({"sip", "sips", "tel"})


def check_request(request: Request) -> None:
    """Check a request as far as every element has to, whatever its method.

    A missing Max-Forwards is tolerated, and so is a From without a tag: RFC 2543 had neither.

    Raises:
        SipError: ``status_hint`` 400 for what is malformed, missing or there too often, 416 for a Request-URI of
            another scheme than sip, sips and tel.
    """
    _check_headers(request)
    if request.cseq.method != request.method:
        raise SipError(f"CSeq is of {request.cseq.method[:20]}, the request is {request.method[:20]}")
    _ = request.max_forwards  # zero is for the one who would forward it (483)
    uri = parse_uri(request.uri)
    if uri.scheme not in _KNOWN_SCHEMES:
        raise SipError(f"a Request-URI of scheme {uri.scheme[:20]}", 416)
    if uri.headers:
        raise SipError("a Request-URI with headers")


def check_response(response: Response) -> None:
    """Check a response as far as every element has to.

    Raises:
        SipError: it is to be dropped.
    """
    _check_headers(response)


def _check_headers(message: Message) -> None:
    first = message.first_values()
    if not all(map(first.get, _MANDATORY)):
        raise SipError(f"no {min(name for name in _MANDATORY if not first.get(name))} header")
    alone = len(first) == len(message.headers)  # no name comes twice
    if not alone:
        _check_counts(message)
    if not _ADDRESS_LISTS.isdisjoint(first):
        for name, value in message.headers:
            if name in _ADDRESS_LISTS:
                parse_address_list(value)
    via = message.via if alone and "," not in first["Via"] else message.vias
    if not (via and message.cseq):
        raise SipError("Via is empty")
    _check_tags(message)
    if " " in first["Call-ID"]:
        raise SipError("a Call-ID with blanks")
    if "Contact" in first and not message.contacts:
        raise SipError("Contact is empty")


def _check_tags(message: Message) -> None:
    for end in (message.from_, message.to):
        if "tag" in end.parameters and not end.parameters["tag"]:
            raise SipError("an empty tag")


def _check_counts(message: Message) -> None:
    seen: set[str] = set()
    for name, _ in message.headers:
        if name in _ONLY_ONCE:
            if name in seen:
                raise SipError(f"more than one {name}")
            seen.add(name)
