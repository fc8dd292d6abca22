"""Which legs a call that leaves gets."""

from __future__ import annotations

from dataclasses import replace

from softswitch.app.addresses import Addresses
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.destinations import Refuse, RingPhones
from softswitch.calls.state import CallsState
from softswitch.directory.outward import Outward, Way
from softswitch.directory.site import Trunk, User

ANNA = User("anna", "101", "Anna", "0" * 32, "0" * 64)
TRUNK = Trunk("pstn", "203.0.113.9", None, "udp", any_port=False)


def desk() -> TrunkDesk:
    return TrunkDesk(
        CallsState(), Addresses("", ()), lambda transport, host: None if ":" in host else ("192.0.2.1", 5060)
    )


def legs(trunk: Trunk, *, hidden: bool = False) -> RingPhones:
    found = desk().destination(Outward(ANNA, (Way(trunk, "112233"),)), hidden=hidden, now=0.0)
    assert isinstance(found, RingPhones)
    return found


def test_a_carrier_is_told_the_extension_where_no_other_number_is_said() -> None:
    [phone] = legs(TRUNK).phones
    assert (phone.place.uri, phone.caller, phone.headers) == (
        "sip:112233@203.0.113.9:5060",
        '"Anna" <sip:101@203.0.113.9>',
        (),
    )


def test_a_caller_who_hides_is_anonymous_in_from_and_known_to_the_carrier_alone() -> None:
    [phone] = legs(replace(TRUNK, caller_id="+7495", identity="pai"), hidden=True).phones
    assert phone.caller == '"Anonymous" <sip:anonymous@anonymous.invalid>'
    assert phone.headers == ("P-Asserted-Identity: <sip:+7495@203.0.113.9>", "Privacy: id")


def test_each_host_is_a_way_of_its_own_and_one_that_cannot_be_reached_is_none() -> None:
    found = legs(replace(TRUNK, transport="tls", backups=("[2001:db8::1]", "203.0.113.10:5071")))
    assert [phone.place.uri for phone in (*found.phones, *found.detours)] == [
        "sip:112233@203.0.113.9:5061;transport=tls",
        "sip:112233@203.0.113.10:5071;transport=tls",
    ]


def test_more_calls_a_second_than_allowed_are_refused_until_the_second_is_over() -> None:
    made, outward = desk(), Outward(ANNA, (Way(replace(TRUNK, calls_each_second=2), "112233"),))
    given = [made.destination(outward, hidden=False, now=now) for now in (0.0, 0.5, 0.9, 1.0, 1.2)]
    assert [isinstance(each, Refuse) for each in given] == [False, False, True, False, True]
    urgent = replace(outward, emergency=True)
    assert isinstance(made.destination(urgent, hidden=False, now=1.3), RingPhones)


def test_a_trunk_whose_host_is_no_address_has_no_way() -> None:
    refused = desk().destination(Outward(ANNA, (Way(replace(TRUNK, host="x.example"), "1"),)), hidden=False, now=0.0)
    assert isinstance(refused, Refuse)
    assert (refused.status, refused.word) == (503, "no-way-out")
