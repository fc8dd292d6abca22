"""Loading a site: what is taken, what is refused, and in which words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from softswitch.core.errors import ConfigurationError
from softswitch.directory.host_names import wanted_names
from softswitch.directory.loader import LoadedSite, load_paths
from softswitch.directory.site import Number, Trunk
from softswitch.scenario.site_check import check_scenarios
from softswitch.sip.auth import ha1_md5, ha1_sha256
from softswitch.sip.flow import Flow

CORPUS = Path(__file__).parents[2] / "corpora" / "site_errors"
ANNA = '{name: anna, extension: "101", password: s3cret-anna}'

WHOLE = r"""
users:
  - {name: anna, extension: "101", password: s3cret, display_name: Анна, mobile: ["+79990000001"], routes: [pstn],
     roles: [operator], voicemail: true, recording: on_demand, call_waiting: false, respect_status: true,
     preset: voximplant, sha256: true}
  - {name: boris, extension: 012, password: s3cret-boris}
  - {name: vera, extension: 103, password: s3cret-vera}
groups:
  - {name: sales, extension: "600", mode: simultaneous, ring_s: 20, max_unanswered: 10,
     members: [{user: anna, weight: 4}, {user: boris, weight: 1}]}
queues:
  - {name: support, extension: "700", strategy: longest_idle, priority: normal, sla_s: 20, ring_s: 15,
     members: [{user: anna, priority: 1}, {user: boris, priority: 2}], supervisors: [vera],
     wrap_up: {seconds: 15, limit: true, status: wrap_up}, callback: {key: "2", offer_after_s: 60}}
rooms:
  - {name: meeting, extension: "800", pin: ""}
numbers:
  - {number: "+74950000001", scenario: main}
  - {number: "+74950000002", user: anna}
  - {number: "101", user: boris}
trunks:
  - {name: pstn, host: 127.0.0.1, port: 5090, transport: udp, register: false, username: "", password_env: "",
     caller_id: "+74950000001"}
routes:
  - {name: pstn, trunk: pstn, pattern: '^\+?[0-9]{10,15}$'}
contacts:
  - {name: ООО Ромашка, numbers: ["+79161112233"], responsible: anna, email: a@example.com}
"""


def load(tmp_path: Path, text: str) -> LoadedSite:
    file = tmp_path / "site.yaml"
    file.write_text(text, encoding="utf-8")
    return load_paths([file], domain="softswitch.local", scenarios=check_scenarios)


def folder(tmp_path: Path) -> Path:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "main.yaml").write_text("name: main\nsteps:\n  - hang_up: {}\n")
    (tmp_path / "site.yaml").write_text(WHOLE, encoding="utf-8")
    return tmp_path


def test_a_user_needs_only_name_extension_and_password(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"users:\n  - {ANNA}\n")
    user = loaded.site.user_by_extension("101")
    assert user is not None
    assert (user.name, user.display_name, user.sha256) == ("anna", "", False)
    assert loaded.notices == ()


def test_passwords_are_kept_as_ha1_of_the_domain(tmp_path: Path) -> None:
    user = load(tmp_path, f"users:\n  - {ANNA}\n").site.users["anna"]
    assert user.ha1_md5 == ha1_md5("101", "softswitch.local", "s3cret-anna")
    assert user.ha1_sha256 == ha1_sha256("101", "softswitch.local", "s3cret-anna")


def test_everything_that_a_site_may_hold_is_taken(tmp_path: Path) -> None:
    loaded = load_paths([folder(tmp_path)], domain="softswitch.local", scenarios=check_scenarios)
    site = loaded.site
    assert list(site.users) == ["anna", "boris", "vera"]
    assert site.users["anna"].sha256
    assert site.number("74950000001") == Number("+74950000001", "scenario", "main")
    assert site.number("101") == Number("101", "user", "boris")
    assert site.trunks == {"pstn": Trunk("pstn", "127.0.0.1", 5090, "udp", any_port=False, caller_id="+74950000001")}
    main = site.scenarios["main"]
    assert (main.file, main.text) == (f"{tmp_path}/scenarios/main.yaml", "name: main\nsteps:\n  - hang_up: {}\n")
    assert loaded.paths == (str(tmp_path),)


def test_nothing_is_guessed_from_how_a_value_looks(tmp_path: Path) -> None:
    site = load_paths([folder(tmp_path)], domain="softswitch.local", scenarios=check_scenarios).site
    assert site.users["boris"].extension == "012"


def test_what_is_not_served_yet_is_said_with_its_place(tmp_path: Path) -> None:
    notices = load_paths([folder(tmp_path)], domain="softswitch.local", scenarios=check_scenarios).notices
    said = [notice.removeprefix(f"{tmp_path}/") for notice in notices]
    assert "site.yaml:4: users: roles is checked and not served yet" in said


def test_a_weak_password_is_taken_and_named(tmp_path: Path) -> None:
    loaded = load(tmp_path, 'users:\n  - {name: anna, extension: "101", password: "1234"}\n')
    (notice,) = loaded.notices
    assert "user anna: the password is weak" in notice
    assert "1234" not in notice


def test_a_trunk_whose_calls_would_not_be_known_is_named(tmp_path: Path) -> None:
    trunk = "{name: a, host: 192.0.2.7, port: 5060, transport: tcp}"
    (notice,) = load(tmp_path, f"trunks:\n  - {trunk}\n").notices
    assert "add any_port: true" in notice


def test_a_trunk_may_have_names_for_hosts_and_let_them_choose_the_transport(tmp_path: Path) -> None:
    line = "{name: a, host: sip.example.com, hosts: ['spare.example.com:5070', 192.0.2.9], transport: auto}"
    loaded = load(tmp_path, f"trunks:\n  - {line}\n")
    assert loaded.notices == ()
    trunk = loaded.site.trunks["a"]
    assert trunk.places() == [("sip.example.com", None), ("spare.example.com", 5070), ("192.0.2.9", None)]
    assert [(name.name, name.port, name.transport) for name in wanted_names(loaded.site)] == [
        ("sip.example.com", 0, "auto"),
        ("spare.example.com", 5070, "auto"),
    ]


def test_a_trunk_to_register_at_needs_a_username(tmp_path: Path) -> None:
    line = "{name: a, host: 192.0.2.7, register: true"
    assert load(tmp_path, f"trunks:\n  - {line}, username: acme}}\n").site.trunks["a"].register
    with pytest.raises(ConfigurationError, match=r"site\.yaml:2: trunk a: register needs a username"):
        load(tmp_path, f"trunks:\n  - {line}}}\n")


def test_several_files_are_checked_as_a_whole(tmp_path: Path) -> None:
    users, numbers = tmp_path / "users.yaml", tmp_path / "numbers.yaml"
    users.write_text(f"users:\n  - {ANNA}\n")
    numbers.write_text('numbers:\n  - {number: "+74950000001", user: anna}\n')
    loaded = load_paths([numbers, users, users], domain="d", scenarios=check_scenarios)
    assert list(loaded.site.numbers) == ["74950000001"]
    with pytest.raises(ConfigurationError) as caught:
        load_paths([numbers], domain="d", scenarios=check_scenarios)
    assert str(caught.value) == (
        f"{numbers}:2: number +74950000001: there is no user anna\n"
        "    write instead: a user of that name in the files first"
    )


def test_problems_of_all_files_come_at_once_in_their_order(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(f"users:\n  - {ANNA}\n  - {{name: boris}}\n")
    second.write_text(f"users:\n  - {ANNA}\nusres: []\n")
    with pytest.raises(ConfigurationError) as caught:
        load_paths([first, second, tmp_path / "third.yaml"], domain="d", scenarios=check_scenarios)
    assert [problem.where.removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "first.yaml:3",
        "first.yaml:3",
        "second.yaml:2",
        "second.yaml:2",
        "second.yaml:3",
        "third.yaml",
    ]


def test_an_empty_section_is_no_mistake(tmp_path: Path) -> None:
    assert load(tmp_path, "users:\nnumbers: []\n").site.users == {}


def test_a_folder_without_a_site_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"neither site\.yaml nor scenarios"):
        load_paths([tmp_path], domain="d", scenarios=check_scenarios)


def test_a_scenario_of_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("name: main\nsteps: []\n")
    with pytest.raises(ConfigurationError, match="scenario 'main' stands in"):
        load_paths([tmp_path / "a.yaml", tmp_path / "b.yaml"], domain="d", scenarios=check_scenarios)


def test_a_scenario_needs_steps_in_a_list(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: main\nsteps: none\n")
    with pytest.raises(ConfigurationError, match="steps are not a list"):
        load_paths([tmp_path / "a.yaml"], domain="d", scenarios=check_scenarios)


def test_an_ipv6_trunk_is_found_however_it_is_written(tmp_path: Path) -> None:
    site = load(tmp_path, 'trunks:\n  - {name: six, host: "[2001:DB8:0:0::7]", port: 5060}\n').site
    trunk = site.trunk_of(Flow("udp", ("2001:db8::1", 5060), ("2001:db8::7", 5060)))
    assert trunk is not None
    assert trunk.name == "six"


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("*.yaml")))
def test_a_mistake_is_told_with_file_line_and_cure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CORPUS)
    with pytest.raises(ConfigurationError) as caught:
        load_paths([Path(f"{name}.yaml")], domain="d", scenarios=check_scenarios)
    assert f"{caught.value}\n" == Path(f"{name}.txt").read_text(encoding="utf-8")
    assert "s3cret" not in str(caught.value)


def test_text_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_bytes(
        'users:\n  - {name: anna, extension: "101", password: s3cret-anna, display_name: Анна}\n'.encode("cp1251")
    )
    with pytest.raises(ConfigurationError) as caught:
        load_paths([file], domain="d", scenarios=check_scenarios)
    (problem,) = caught.value.problems
    assert (problem.where, problem.what) == (f"{file}:2", "this is not UTF-8 text")
    assert problem.cure == "the file in UTF-8 (in most editors: save with encoding)"


def test_every_mistake_has_its_words_and_every_word_its_mistake() -> None:
    names = {suffix: {path.stem for path in CORPUS.glob(f"*{suffix}")} for suffix in (".yaml", ".txt")}
    assert names[".yaml"] == names[".txt"]
    assert len(names[".yaml"]) >= 50


def test_a_hundred_thousand_brackets_are_refused_and_do_no_harm(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        load(tmp_path, "[" * 100_000)


def test_a_file_beyond_all_measure_is_not_even_parsed(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    with file.open("wb") as opened:
        os.truncate(opened.fileno(), 33 * 1024 * 1024)
    with pytest.raises(ConfigurationError, match="the file has 34603008 octets"):
        load_paths([file], domain="d", scenarios=check_scenarios)
