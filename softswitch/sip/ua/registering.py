"""A REGISTER as its sender writes it, and what the registrar's answer says (RFC 3261 §10.2, §10.3 step 8)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.auth.client import authorize
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header, Request, Response
from softswitch.sip.ua.order import OurCredentials
from softswitch.sip.uri import Uri

_CHALLENGES: Final = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
_LONGEST_S: Final = 86_400


def register_request(
    registrar: str,
    us: Address,
    contact: Uri,
    sip_call_id: str,
    cseq: int,
    expires_s: int,
    more: tuple[Header, ...] = (),
) -> Request:
    """Write a REGISTER.

    Args:
        registrar: the Request-URI, without a user.
        us: the address of record, for From and To.
        contact: where calls shall go.
        sip_call_id: the same for all that one client sends to one registrar.
        cseq: higher than the one before.
        expires_s: how long it shall hold.
        more: an answer to a challenge.
    """
    headers = (
        ("Max-Forwards", "70"),
        ("From", str(us)),
        ("To", str(us)),
        ("Call-ID", sip_call_id),
        ("CSeq", f"{cseq} REGISTER"),
        ("Contact", f"<{contact}>"),
        ("Expires", str(expires_s)),
        *more,
    )
    return Request("REGISTER", registrar, headers)


def answer_to_challenge(
    response: Response, ours: OurCredentials, uri: str, new_cnonce: Callable[[], str]
) -> Header | None:
    """Return the header that answers a 401 or 407 to a REGISTER; None where it asks for what we do not have."""
    if response.status not in _CHALLENGES:
        return None
    asks, answers = _CHALLENGES[response.status]
    for challenge in response.get_all(asks):
        with suppress(SipError):
            value = authorize(challenge, ours.user, ours.password, "REGISTER", uri, cnonce=new_cnonce())
            return answers, value
    return None


def granted_s(response: Response, contact: Uri, asked_s: int) -> int:
    """Return for how long a 2xx to REGISTER took our Contact, in seconds; 0: not at all.

    Ours is looked for among all that it lists. A registrar that rewrites the only one, or lists none, is believed.

    Args:
        response: the 2xx.
        contact: ours.
        asked_s: what holds where the answer names no time.
    """
    usual = _whole(response.get("Expires"), asked_s)
    try:
        listed = response.contacts
    except SipError:
        listed = []
    place = (contact.user, contact.host, contact.port)
    own = [each for each in listed if (each.uri.user, each.uri.host, each.uri.port) == place]
    found = own or (listed if len(listed) == 1 else [])
    return min(_whole(found[0].parameters.get("expires"), usual) if found else usual, _LONGEST_S)


def whole_header(response: Response, name: str) -> int:
    """Return the number at the start of Min-Expires or Retry-After, at most a day; 0 where there is none."""
    return min(_whole(response.get(name), 0), _LONGEST_S)


def _whole(text: str | None, otherwise: int) -> int:
    digits = (text or "").partition(";")[0].partition("(")[0].strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 11 else otherwise
