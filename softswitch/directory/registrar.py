"""The registrar: what a REGISTER changes, and its answer (RFC 3261 §10.3).

Pure: it reads the location state, decides facts, and changes nothing. Who sent the request was checked before.
"""

from __future__ import annotations

import re
from email.utils import formatdate
from functools import lru_cache
from typing import Final, NamedTuple

from softswitch.core.errors import SipError
from softswitch.core.immutable import immutable
from softswitch.directory.location import (
    Binding,
    LocationState,
    RegistrationBound,
    RegistrationRemoved,
    flow_values,
    removal,
)
from softswitch.directory.site import User, shortest_address
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address, parse_address
from softswitch.sip.headers.values import quote
from softswitch.sip.message import Header, Request
from softswitch.sip.uri import Uri, parse_uri

RegistrationFact = RegistrationBound | RegistrationRemoved

MOST_CONTACT_OCTETS: Final = 2048
"""A Contact longer than this is no phone's."""

_UNDERSTOOD: Final = frozenset({"path", "outbound"})
_LONGEST_EXPIRES_S: Final = 2**32 - 1
_Q: Final = re.compile(r"[01](\.[0-9]{0,3})?")


@immutable
class RegistrationLimits:
    """What a phone may ask for."""

    contacts: int = 10
    """Phones a user may have at once; at the limit the one that registered longest ago goes."""
    min_expires_s: int = 60
    max_expires_s: int = 3600


@immutable
class RegisterAnswer:
    """The final response to a REGISTER, and the facts to keep before it is sent."""

    status: int
    headers: tuple[Header, ...]
    facts: tuple[RegistrationFact, ...]


class _RefusedError(Exception):
    """The request fails as a whole: nothing of it is kept (RFC 3261 §10.3, all or nothing)."""

    def __init__(self, status: int, *headers: Header) -> None:
        super().__init__(status)
        self.answer = RegisterAnswer(status, headers, ())


def decide_register(
    state: LocationState, request: Request, flow: Flow, user: User, *, wall_s: float, limits: RegistrationLimits
) -> RegisterAnswer:
    """Decide a REGISTER of a user who has proved to be this user.

    Args:
        state: who is registered now.
        request: the REGISTER.
        flow: where it came from.
        user: whose address of record its To names.
        wall_s: the time now; bindings end by it.
        limits: what may be asked for.

    Returns:
        200 with every live binding of the user, or 423, 400, 403, 416, 420, 439 or 500 and no fact.
    """
    try:
        _refuse_unknown_extensions(request)
        _refuse_lost_flows(request)
        kept = list(state.contacts_of(user.name, wall_s=wall_s))
        facts = _changes(kept, request, flow, user, wall_s, limits)
    except _RefusedError as refused:
        return refused.answer
    except SipError as error:
        return RegisterAnswer(error.status_hint, (), ())
    return RegisterAnswer(200, _headers(kept, request, wall_s), tuple(facts))


def _refuse_unknown_extensions(request: Request) -> None:
    if request.get("Require") is None:
        return
    unknown = [tag for tag in request.get_list("Require") if tag.lower() not in _UNDERSTOOD]
    if unknown:
        raise _RefusedError(420, ("Unsupported", ", ".join(unknown)))


def _asks_for_flows(request: Request) -> bool:
    """Tell whether a phone registers a flow: it knows outbound and numbers its registration (RFC 5626 §4.2.1)."""
    tags = (*request.get_list("Supported"), *request.get_list("Require"))
    return "outbound" in {tag.lower() for tag in tags} and any(
        "reg-id" in contact.parameters and "+sip.instance" in contact.parameters for contact in request.contacts
    )


def _refuse_lost_flows(request: Request) -> None:
    """Refuse a flow that ends at an edge proxy which cannot keep it (RFC 5626 §6): the phone registers without."""
    values = request.get_all("Via")
    if (len(values) < 2 and "," not in values[0]) or len(request.vias) < 2 or not _asks_for_flows(request):
        return
    path = list(request.get_list("Path"))
    if not path or "ob" not in parse_address(path[-1]).uri.parameters:
        raise _RefusedError(439)


def _changes(
    kept: list[Binding], request: Request, flow: Flow, user: User, wall_s: float, limits: RegistrationLimits
) -> list[RegistrationFact]:
    """Decide the facts, and bring ``kept`` to what will be after them."""
    contacts = request.contacts
    if any(contact.uri.scheme == "*" for contact in contacts):
        return _remove_all(kept, request)
    wanted = [_Wanted.read(contact, request, flow, user, wall_s, limits) for contact in contacts]
    if len(wanted) > limits.contacts and sum(want.expires_s > 0 for want in wanted) > limits.contacts:
        raise _RefusedError(403)
    facts: list[RegistrationFact] = []
    mentioned = {want.binding.key for want in wanted}
    for want in wanted:
        facts += _bind(kept, want, mentioned)
    if len(kept) > limits.contacts:
        facts += _enforce_limit(kept, limits.contacts)
    return facts


def _remove_all(kept: list[Binding], request: Request) -> list[RegistrationFact]:
    """``Contact: *`` removes every binding, and may only do that (RFC 3261 §10.2.2)."""
    if len(request.contacts) != 1 or request.expires != 0:
        raise _RefusedError(400)
    for binding in kept:
        _refuse_old(binding, request.call_id, request.cseq.number)
    facts: list[RegistrationFact] = [removal(binding, "unregistered") for binding in kept]
    kept.clear()
    return facts


class _Wanted(NamedTuple):
    """One Contact of the request, as the binding that it asks for."""

    binding: Binding
    uri: Uri
    expires_s: int

    @classmethod
    def read(
        cls, contact: Address, request: Request, flow: Flow, user: User, wall_s: float, limits: RegistrationLimits
    ) -> _Wanted:
        text = str(contact.uri)
        if contact.uri.scheme not in {"sip", "sips"}:
            raise _RefusedError(416)
        if len(text) > MOST_CONTACT_OCTETS:
            raise _RefusedError(400)
        expires_s = _expires_of(contact, request, limits)
        path = tuple(request.get_list("Path"))
        made = Binding(
            user.name,
            text,
            flow,
            wall_s + expires_s,
            request.call_id,
            request.cseq.number,
            _instance_of(contact),
            path,
            not path and is_behind_nat(contact.uri, request, flow),
            q if _Q.fullmatch(q := contact.parameters.get("q") or "") else "",
            (request.get("User-Agent") or "")[:200],
            request.to.uri.host,
        )
        return cls(made, contact.uri, expires_s)


def _expires_of(contact: Address, request: Request, limits: RegistrationLimits) -> int:
    """Return the seconds granted: the Contact's, else the Expires header's, else the most (RFC 3261 §10.3 step 6)."""
    asked = _expires_parameter(contact)
    if asked is None:
        in_header = request.expires
        asked = limits.max_expires_s if in_header is None else in_header
    if 0 < asked < limits.min_expires_s:
        raise _RefusedError(423, ("Min-Expires", str(limits.min_expires_s)))
    return min(asked, limits.max_expires_s)


def _expires_parameter(contact: Address) -> int | None:
    """Return the Contact's own expires; one that is no number counts as 3600 (RFC 3261 §20.10)."""
    if "expires" not in contact.parameters:
        return None
    text = contact.parameters["expires"] or ""
    if not (text.isascii() and text.isdigit()):
        return 3600
    return min(int(text[:11]), _LONGEST_EXPIRES_S)


def _instance_of(contact: Address) -> str:
    """Return what names the phone for good: its instance, and its flow's number where it has several (RFC 5626 §6)."""
    instance = contact.parameters.get("+sip.instance") or ""
    number = contact.parameters.get("reg-id")
    return f"{instance};{number}" if instance and number and number.isdecimal() else instance


def _bind(kept: list[Binding], want: _Wanted, mentioned: set[str]) -> list[RegistrationFact]:
    """Add or refresh one binding, and clear away what the same phone left behind; or remove it."""
    new = want.binding
    same = [old for old in kept if old.key == new.key or (not new.instance and _same_uri(old, want.uri))]
    for old in same:
        _refuse_old(old, new.sip_call_id, new.cseq)
        kept.remove(old)
    if not want.expires_s:
        return [removal(old, "unregistered") for old in same]
    left = [old for old in kept if old.key not in mentioned and is_left_behind(old, new, want.uri)]
    for old in left:
        kept.remove(old)
    kept.append(new)
    return [*(removal(old, "replaced") for old in (*same, *left) if old.key != new.key), _bound(new)]


def _same_uri(old: Binding, uri: Uri) -> bool:
    """Compare Contacts as far as they say where a phone is (RFC 3261 §19.1.4)."""
    return old.contact == str(uri) or _place(parse_uri(old.contact)) == _place(uri)


def _place(uri: Uri) -> tuple[str, str, str, int, str]:
    return uri.scheme, uri.user, uri.host, uri.port or (5061 if uri.scheme == "sips" else 5060), uri.transport


def _refuse_old(binding: Binding, sip_call_id: str, cseq: int) -> None:
    """Fail a request that was overtaken by a later one of the same phone (RFC 3261 §10.3 step 7)."""
    if binding.sip_call_id == sip_call_id and cseq < binding.cseq:
        raise _RefusedError(500, ("Retry-After", "1"))


def is_left_behind(old: Binding, new: Binding, new_uri: Uri) -> bool:
    """Tell whether ``old`` is the same phone as ``new`` under an address that it no longer has.

    Two phones that both name their instance are told apart by it; otherwise the same Call-ID, or the same user and
    host in the Contact, is the same phone. Behind NAT private addresses repeat, so there the packets must also come
    from the same host. The User-Agent alone says nothing: a company buys one model.
    """
    if old.instance and new.instance:
        return old.contact == new.contact and old.flow.remote == new.flow.remote
    if old.sip_call_id == new.sip_call_id:
        return True
    old_uri = parse_uri(old.contact)
    if (old_uri.user, old_uri.host) != (new_uri.user, new_uri.host):
        return False
    return not (old.behind_nat and new.behind_nat) or old.flow.remote[0] == new.flow.remote[0]


def _enforce_limit(kept: list[Binding], most: int) -> list[RegistrationFact]:
    surplus = kept[: len(kept) - most]
    del kept[: len(surplus)]
    return [removal(binding, "limit") for binding in surplus]


def _bound(binding: Binding) -> RegistrationBound:
    return RegistrationBound(
        binding.user,
        binding.contact,
        flow_values(binding.flow),
        binding.expires_at_s,
        binding.sip_call_id,
        binding.cseq,
        binding.instance,
        binding.path,
        binding.behind_nat,
        binding.q,
        binding.user_agent,
        binding.domain,
    )


def is_behind_nat(contact: Uri, request: Request, flow: Flow) -> bool:
    """Tell whether the phone does not know the address that its packets come from (RFC 3581).

    Its Contact names another host than the packets' source, over UDP also another port; or its Via names another host.
    """
    host, port = flow.remote
    if shortest_address(contact.host) != host or shortest_address(request.via.host) != host:
        return True
    return not flow.reliable and (contact.port or 5060) != port


def _headers(kept: list[Binding], request: Request, wall_s: float) -> tuple[Header, ...]:
    """List every live binding with the time that is left to it (RFC 3261 §10.3 step 8)."""
    headers: list[Header] = [("Contact", _contact_value(binding, wall_s)) for binding in kept]
    path = request.get_list("Path")
    if path and "path" in {tag.lower() for tag in request.get_list("Supported")}:
        headers += [("Path", value) for value in path]
    if request.contacts and _asks_for_flows(request):
        headers.append(("Require", "outbound"))
    headers.append(("Date", _date(int(wall_s))))
    return tuple(headers)


@lru_cache(maxsize=2)
def _date(wall_s: int) -> str:
    return formatdate(wall_s, usegmt=True)


def _contact_value(binding: Binding, wall_s: float) -> str:
    left_s = max(0, round(binding.expires_at_s - wall_s))
    q = f";q={binding.q}" if binding.q else ""
    instance, _, number = binding.instance.partition(";")
    named = f";+sip.instance={quote(instance)}" if instance else ""
    numbered = f";reg-id={number}" if number else ""
    return f"<{binding.contact}>;expires={left_s}{q}{named}{numbered}"
