"""Who calls, and where a number leads."""

from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.directory.codes import Dialled
from softswitch.directory.routing import (
    Caller,
    CodeDialled,
    NotFound,
    Offline,
    Phones,
    dialled_number,
    registering_user,
    route,
    who_calls,
)
from softswitch.directory.site import Number, Site, Trunk, make_site
from softswitch.sip.auth import authorize
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from tests.unit.directory.builders import ANNA, BORIS, Registrar, flow_from, register

PSTN = Trunk("pstn", "192.0.2.200", 5090, "udp", any_port=False)
WIDE = Trunk("wide", "192.0.2.201", 5060, "udp", any_port=True)
OPEN = Trunk("open", "192.0.2.200", None, "udp", any_port=False)


def site(*trunks: Trunk) -> Site:
    numbers = [
        Number("+74950000001", "user", "anna"),
        Number("102", "user", "boris"),
        Number("+74950000009", "queue", "support"),
    ]
    return make_site("softswitch.local", [ANNA, BORIS], numbers, trunks or (PSTN, WIDE))


def invite(from_user: str = "101", authorization: str = "") -> Request:
    headers = [("From", f"<sip:{from_user}@softswitch.local>;tag=a"), ("To", "<sip:102@softswitch.local>")]
    if authorization:
        headers.append(("Authorization", authorization))
    return Request("INVITE", "sip:102@softswitch.local", headers)


def caller(request: Request, flow: Flow, registrar: Registrar | None = None, *trunks: Trunk) -> Caller:
    return who_calls(site(*trunks), request, flow, (registrar or Registrar()).state)


def test_a_known_user_in_from_must_prove_it() -> None:
    assert caller(invite(), flow_from()) == Caller("user", ANNA)


def test_a_stranger_is_told_apart_from_nobody() -> None:
    assert caller(invite("999"), flow_from()) == Caller("stranger")
    assert caller(Request("INVITE", "sip:102@x", [("From", "no address")]), flow_from()) == Caller("stranger")


def test_credentials_say_who_calls_where_from_hides_it() -> None:
    challenge = 'Digest realm="softswitch.local", nonce="n", algorithm=MD5, qop="auth"'
    value = authorize(challenge, "102", "s3cret", "INVITE", "sip:102@softswitch.local", cnonce="c")
    assert caller(invite("anonymous", value), flow_from()) == Caller("user", BORIS)
    assert caller(invite("101", value), flow_from()) == Caller("user", BORIS)
    elsewhere = value.replace('realm="softswitch.local"', 'realm="other"')
    assert caller(invite("101", elsewhere), flow_from()) == Caller("user", ANNA)
    assert caller(invite("101", "Basic YTpi"), flow_from()) == Caller("user", ANNA)


def test_a_trunk_is_its_host_and_its_port() -> None:
    assert caller(invite(), flow_from("192.0.2.200", 5090)) == Caller("trunk", trunk="pstn")
    assert caller(invite(), flow_from("192.0.2.200", 5091)) == Caller("user", ANNA)
    assert caller(invite(), flow_from("192.0.2.201", 33333)) == Caller("trunk", trunk="wide")


def test_a_trunk_without_a_port_has_every_port_that_no_other_has() -> None:
    assert caller(invite(), flow_from("192.0.2.200", 5090), None, PSTN, OPEN).trunk == "pstn"
    assert caller(invite(), flow_from("192.0.2.200", 5091), None, PSTN, OPEN).trunk == "open"


def test_a_phone_registered_at_a_trunks_address_is_a_phone() -> None:
    registrar = Registrar()
    source = flow_from("192.0.2.201", 5060)
    registrar.take(register("<sip:101@192.0.2.201:5060>", via="192.0.2.201"), source)
    assert caller(invite(), source, registrar) == Caller("user", ANNA)
    assert caller(invite(), flow_from("192.0.2.201", 5062), registrar).kind == "trunk"


def test_a_user_reaches_the_phones_of_an_extension() -> None:
    registrar = Registrar()
    registrar.take(register("<sip:101@192.0.2.50>"))
    found = route(site(), registrar.state, "101", Caller("user", BORIS), wall_s=registrar.wall_s)
    assert isinstance(found, Phones)
    assert (found.user, [b.contact for b in found.bindings]) == (ANNA, ["sip:101@192.0.2.50"])


def test_a_user_without_a_live_phone_is_offline() -> None:
    registrar = Registrar()
    registrar.take(register("<sip:101@192.0.2.50>", expires=60))
    wall_s = registrar.wall_s + 60
    assert route(site(), registrar.state, "101", Caller("user", BORIS), wall_s=wall_s) == Offline(ANNA)
    assert route(site(), registrar.state, "102", Caller("user", ANNA), wall_s=wall_s) == Offline(BORIS)


@pytest.mark.parametrize("dialled", ["999", "", "*66", "+74950000009", "anna"])
def test_what_nobody_has_is_not_found(dialled: str) -> None:
    assert route(site(), Registrar().state, dialled, Caller("user", ANNA), wall_s=0.0) == NotFound()


def test_the_echo_test_is_for_users_alone() -> None:
    state = Registrar().state
    assert route(site(), state, "*99", Caller("user", ANNA), wall_s=0.0) == CodeDialled(Dialled("echo", ""))
    assert route(site(), state, "*99", Caller("trunk", trunk="pstn"), wall_s=0.0) == NotFound()


@pytest.mark.parametrize(
    ("dialled", "found"),
    [
        ("+74950000001", Offline(ANNA)),
        ("74950000001", Offline(ANNA)),
        ("102", Offline(BORIS)),
        ("101", NotFound()),
        ("+74950000009", NotFound()),
    ],
)
def test_a_trunk_reaches_numbers_and_nothing_else(dialled: str, found: object) -> None:
    assert route(site(), Registrar().state, dialled, Caller("trunk", trunk="pstn"), wall_s=0.0) == found


def test_a_user_reaches_the_sites_own_numbers_too() -> None:
    assert route(site(), Registrar().state, "+74950000001", Caller("user", BORIS), wall_s=0.0) == Offline(ANNA)


@pytest.mark.parametrize("dialled", ["101", "*99", "+74950000001"])
def test_a_stranger_reaches_nothing(dialled: str) -> None:
    assert route(site(), Registrar().state, dialled, Caller("stranger"), wall_s=0.0) == NotFound()


@pytest.mark.parametrize(
    ("uri", "dialled"),
    [
        ("sip:102@192.0.2.1", "102"),
        ("sip:102@192.0.2.1;user=phone", "102"),
        ("sips:102@softswitch.local", "102"),
        ("sip:*99@192.0.2.1", "*99"),
        ("sip:%2A99@192.0.2.1", "*99"),
        ("sip:+7(495)000-00-01@192.0.2.1", "+74950000001"),
        ("sip:+74950000001;phone-context=x@192.0.2.1", "+74950000001"),
        ("tel:+7-495-000-00-01", "+74950000001"),
        ("sip:anna.b@192.0.2.1", "anna.b"),
        ("sip:192.0.2.1", ""),
    ],
)
def test_what_was_dialled_is_read_from_the_uri(uri: str, dialled: str) -> None:
    assert dialled_number(uri) == dialled


def test_a_scheme_that_nobody_is_called_by_is_refused() -> None:
    with pytest.raises(SipError) as caught:
        dialled_number("mailto:a@example.com")
    assert caught.value.status_hint == 416


def test_a_register_is_for_the_user_in_to() -> None:
    assert registering_user(site(), register(user="102")) == BORIS
    assert registering_user(site(), register(user="999")) is None
    assert registering_user(site(), Request("REGISTER", "sip:x")) is None
