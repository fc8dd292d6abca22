"""What a load changes, in lines for people."""

from __future__ import annotations

from dataclasses import replace

from softswitch.directory.difference import differences
from softswitch.directory.site import Number, Trunk, make_site
from tests.unit.directory.builders import ANNA, BORIS

TRUNK = Trunk("pstn", "192.0.2.7", 5060, "udp", any_port=False)
NUMBER = Number("+74950000001", "user", "anna")


def test_against_nothing_everything_comes() -> None:
    site = make_site("d", [ANNA], [NUMBER], [TRUNK])
    assert differences(None, site) == [
        "+ user anna (101)",
        "+ number +74950000001 (user anna)",
        "+ trunk pstn (192.0.2.7:5060)",
    ]


def test_the_same_site_makes_no_difference() -> None:
    site = make_site("d", [ANNA], [NUMBER], [TRUNK])
    assert differences(site, site) == []


def test_what_comes_goes_and_changes_is_told_field_by_field() -> None:
    before = make_site("d", [ANNA, BORIS], [NUMBER], [TRUNK])
    after = make_site(
        "d",
        [replace(ANNA, extension="110", display_name="", sha256=True)],
        [replace(NUMBER, kind="queue", target="support")],
        [replace(TRUNK, port=None, any_port=True)],
    )
    assert differences(before, after) == [
        '~ user anna (110): extension 101 -> 110, display_name Анна -> "", sha256 false -> true',
        "- user boris (102)",
        "~ number +74950000001 (queue support): kind user -> queue, target anna -> support",
        "~ trunk pstn (192.0.2.7): port 5060 -> none, any_port false -> true",
    ]


def test_of_a_password_only_that_it_changed_is_told() -> None:
    before = make_site("d", [ANNA])
    after = make_site("d", [replace(ANNA, ha1_md5="f" * 32, ha1_sha256="f" * 64)])
    assert differences(before, after) == ["~ user anna (101): password"]


def test_another_domain_is_told_first() -> None:
    assert differences(make_site("a", [ANNA]), make_site("b", [ANNA])) == ["~ domain: a -> b"]
