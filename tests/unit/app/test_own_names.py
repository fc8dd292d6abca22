from __future__ import annotations

from ipaddress import ip_network

import pytest

from softswitch.app.addresses import Addresses
from softswitch.app.own_names import OwnNames
from softswitch.directory.location import RegistrationBound, RegistrationRemoved, flow_values
from softswitch.sip.flow import Flow
from softswitch.sip.uri import parse_uri
from tests.unit.directory.builders import Registrar, register

INSIDE = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.50", 5060), 0)
OUTSIDE = Flow("udp", ("2001:db8::1", 5060), ("203.0.113.9", 5060), 0)
REGISTRAR = Registrar()
REGISTRAR.take(register("<sip:101@192.0.2.50>"))
NAMES = OwnNames(lambda: "Example.net", REGISTRAR.state, Addresses("198.51.100.1", [ip_network("192.0.2.0/24")]))


@pytest.mark.parametrize(
    ("uri", "flow", "ours"),
    [
        ("sip:102@EXAMPLE.net:5070", INSIDE, True),
        ("sip:102@192.0.2.1", INSIDE, True),
        ("sip:102@softswitch.local", INSIDE, True),
        ("sip:102@198.51.100.1", INSIDE, False),
        ("sip:102@198.51.100.1", OUTSIDE, True),
        ("sip:102@[2001:DB8:0::1]", OUTSIDE, True),
        ("sip:102@pbx.example.org", INSIDE, False),
        ("sip:102@example.net.example.org", INSIDE, False),
        ("sip:+79161112233@pbx.example.org", INSIDE, True),
        ("tel:102", INSIDE, True),
        ("sip:102@[2001:db8::7]", INSIDE, True),
        ("sip:102@spoken.example", INSIDE, True),
    ],
)
def test_ours_are_the_domain_the_addresses_and_what_phones_say(uri: str, flow: Flow, ours: bool) -> None:
    spoken = ('"A" <sip:101@spoken.example>;tag=1', "sip:[2001:db8:0:0::7]:5060", "no address")
    assert NAMES.are_in(parse_uri(uri), flow, *spoken) == ours


def test_where_it_is_not_known_how_a_phone_calls_us_every_name_may_be_ours() -> None:
    registrar = Registrar()
    names = OwnNames(lambda: "example.net", registrar.state, Addresses("", []))
    bound = RegistrationBound("anna", "sip:101@192.0.2.50", flow_values(INSIDE), 2_000_000.0, "c", 1)
    registrar.keep([bound])  # as an earlier version wrote it
    assert names.are_in(parse_uri("sip:102@pbx.example.org"), INSIDE)
    registrar.keep([RegistrationRemoved("anna", bound.contact, bound.contact, "expired")])
    assert not names.are_in(parse_uri("sip:102@pbx.example.org"), INSIDE)
