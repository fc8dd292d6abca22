"""The loaded site on disk."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import msgpack
import pytest

from softswitch.core.errors import CommandError, ConfigurationError
from softswitch.directory.compiled_site import compile_site, read_compiled
from softswitch.directory.site import Number, Site, Trunk, make_site
from softswitch.directory.store import loaded_paths, read_site, save_site, site_file, site_lock
from tests.unit.directory.builders import ANNA, BORIS

TRUNK = Trunk("pstn", "192.0.2.7", None, "udp", any_port=False)


def site(domain: str = "softswitch.local") -> Site:
    return make_site(domain, [ANNA, BORIS], [Number("+74950000001", "user", "anna")], [TRUNK])


def test_a_site_comes_back_as_it_was(tmp_path: Path) -> None:
    save_site(tmp_path, site(), ("/etc/softswitch/site.yaml",))
    found = read_site(tmp_path, domain="softswitch.local")
    assert found is not None
    assert found.site == site()
    assert found.site.user_by_extension("102") == BORIS
    assert found.paths == loaded_paths(tmp_path) == ("/etc/softswitch/site.yaml",)


def test_before_the_first_load_there_is_none(tmp_path: Path) -> None:
    assert read_site(tmp_path, domain="softswitch.local") is None
    assert loaded_paths(tmp_path) == ()


def test_nobody_else_may_read_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    directory = tmp_path / "var"
    for _ in range(2):
        save_site(directory, site(), ())
    assert site_file(directory).stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in directory.iterdir()] == ["site.msgpack"]


def test_another_domain_stops_and_says_to_load_again(tmp_path: Path) -> None:
    save_site(tmp_path, site("old.example"), ("/etc/site.yaml",))
    with pytest.raises(ConfigurationError) as caught:
        read_site(tmp_path, domain="new.example")
    (problem,) = caught.value.problems
    assert problem.what == "the site was loaded for the domain old.example, but sip.domain is new.example"
    assert "softswitch load /etc/site.yaml" in problem.cure


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"text",
        compile_site(site())[:-1],
        msgpack.packb({"format": 1}),
        msgpack.packb({"format": 99}),
        msgpack.packb([1, 2]),
        msgpack.packb({"format": 1, "domain": "d", "paths": [], "users": [["anna"]], "numbers": [], "trunks": []}),
    ],
)
def test_a_damaged_file_is_named_with_its_cure(tmp_path: Path, data: bytes) -> None:
    site_file(tmp_path).write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        read_site(tmp_path, domain="softswitch.local")
    assert "load the site again" in caught.value.problems[0].cure
    assert str(site_file(tmp_path)) == caught.value.problems[0].where


def test_octets_from_elsewhere_are_read_alike() -> None:
    assert read_compiled(compile_site(site(), ("a",))).paths == ("a",)


def test_a_site_of_the_version_before_is_read_so_that_an_upgrade_needs_no_load() -> None:
    new = site()
    sections = ("users", "numbers", "trunks", "groups", "queues", "statuses", "contacts", "scenarios", "routes", "crm")
    before = {name: [astuple(entry) for entry in getattr(new, name).values()] for name in sections}
    once = {
        "format": 2,
        "domain": new.domain,
        "paths": ["a"],
        "codes": dict(new.codes),
        "emergency": {},
        "calendars": {},
    }
    found = read_compiled(msgpack.packb({**once, **before}))
    assert (found.site, found.paths) == (new, ("a",))


def test_a_write_that_fails_leaves_the_site_before(tmp_path: Path) -> None:
    save_site(tmp_path, site(), ("first",))
    site_file(tmp_path).rename(tmp_path / "kept")
    site_file(tmp_path).mkdir()
    (site_file(tmp_path) / "in the way").touch()
    with pytest.raises(OSError, match="directory"):
        save_site(tmp_path, site(), ("second",))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "site.msgpack"]


def test_of_two_loads_the_second_is_told_to_wait(tmp_path: Path) -> None:
    with (
        site_lock(tmp_path),
        pytest.raises(CommandError, match="another softswitch load"),
        site_lock(tmp_path),
    ):
        pass
    with site_lock(tmp_path):
        pass
