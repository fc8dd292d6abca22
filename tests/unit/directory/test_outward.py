"""Who may call whom outside, and how numbers are written on a trunk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.directory.compiled_site import compile_site, read_compiled
from softswitch.directory.location import LocationState
from softswitch.directory.outward import Outward, outward, written
from softswitch.directory.routing import Caller, NotFound, route
from softswitch.directory.site import Route, Site, Trunk, make_site
from tests.unit.directory.builders import ANNA, BORIS

PSTN = Trunk(
    "pstn", "203.0.113.9", None, "udp", False, number_format="e164", country="RU", backups=("[2001:db8::9]:5070",)
)
CITY = Trunk("city", "203.0.113.8", 5080, "udp", False)


def site() -> Site:
    return make_site(
        "softswitch.local",
        [replace(ANNA, routes=("pstn", "city")), BORIS],
        trunks=[PSTN, CITY],
        routes=[Route("pstn", "pstn", r"^\+?[0-9]{10,15}$"), Route("city", "city", r"^[0-9]{7,11}$")],
        emergency={"112": ("city",)},
    )


def test_a_user_takes_all_own_routes_that_match_in_their_order() -> None:
    found = outward(site(), site().users["anna"], "89161112233")
    assert found is not None
    assert [(way.trunk.name, way.number) for way in found.ways] == [("pstn", "+79161112233"), ("city", "89161112233")]
    found = outward(site(), site().users["anna"], "+79161112233")
    assert found is not None
    assert [way.trunk.name for way in found.ways] == ["pstn"]


def test_who_has_no_route_calls_nobody_outside_but_for_help() -> None:
    boris = site().users["boris"]
    assert outward(site(), boris, "+79161112233") is None
    found = outward(site(), boris, "112")
    assert found is not None
    assert found.emergency
    assert [(way.trunk.name, way.number) for way in found.ways] == [("city", "112")]


@pytest.mark.parametrize("kind", ["trunk", "stranger"])
def test_nobody_but_a_user_gets_out(kind: str) -> None:
    caller = Caller(kind, trunk="city" if kind == "trunk" else "")  # type: ignore[arg-type]  # one of the literals
    for dialled in ("+79161112233", "112"):
        assert route(site(), LocationState(), dialled, caller, wall_s=0.0) == NotFound()
    user = Caller("user", site().users["anna"])
    assert isinstance(route(site(), LocationState(), "+79161112233", user, wall_s=0.0), Outward)


@pytest.mark.parametrize(
    ("dialled", "form", "meant"),
    [
        ("89161112233", "e164", "+79161112233"),
        ("89161112233", "digits", "79161112233"),
        ("+79161112233", "national", "89161112233"),
        ("89161112233", "as_dialled", "89161112233"),
        ("+4930901820", "e164", "+4930901820"),
        ("112", "e164", "112"),
        ("*99", "digits", "*99"),
    ],
)
def test_numbers_are_written_as_the_trunk_wants_them(dialled: str, form: str, meant: str) -> None:
    assert written(dialled, form, "RU") == meant


def test_a_trunk_has_as_many_targets_as_hosts_and_names_are_none() -> None:
    assert PSTN.targets() == [("203.0.113.9", 5060), ("2001:db8::9", 5070)]
    assert Trunk("a", "carrier.example", None, "tls", False, backups=("203.0.113.1",)).targets() == [
        ("203.0.113.1", 5061)
    ]


def test_routes_and_emergency_numbers_survive_compilation() -> None:
    again = read_compiled(compile_site(site())).site
    assert again == site()
    assert again.users["anna"].routes == ("pstn", "city")
