"""The shipped statuses against the tables of docs/behaviours.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.core.errors import ConfigurationError
from softswitch.directory.compiled_site import compile_site, read_compiled
from softswitch.directory.loader import load_paths
from softswitch.directory.presets import shipped_presets
from softswitch.directory.statuses import RIGHTS
from softswitch.scenario.site_check import check_scenarios

COLUMNS = ("queue", "direct", "internal", "outbound", "chat_auto", "chat_manual", "transfer_in")
LETTERS = {"true": "Y", "false": "N", "call_waiting": "w"}
USER = '  - {name: anna, extension: "101", password: long-and-secret-1, preset: mango}\n'


def letters(preset: str, status: str) -> str:
    row = shipped_presets()[preset].statuses[status]
    return "".join(LETTERS[row.right(column)] for column in COLUMNS)


@pytest.mark.row("M-5")
def test_mango_has_exactly_five_statuses_to_choose() -> None:
    labels = [(row.label_ru, row.label_en) for row in shipped_presets()["mango"].choosable()]
    assert labels == [
        ("На линии", "On line"),
        ("Перерыв", "Break"),
        ("Обзвон", "Outbound calling"),
        ("Все звонки", "All calls"),
        ("Не беспокоить", "Do not disturb"),
    ]


@pytest.mark.row("M-26")
@pytest.mark.parametrize(
    ("status", "permits"),
    [
        ("on_line", "YYYYYYY"),
        ("all_calls", "YYYYYYY"),
        ("outbound", "NYYYNYY"),
        ("break", "NYYYNYY"),
        ("dnd", "NNNYNNN"),
        ("logged_out", "NNNYNNN"),
    ],
)
def test_what_mango_permits(status: str, permits: str) -> None:
    assert letters("mango", status) == permits


@pytest.mark.parametrize(
    ("status", "permits"),
    [
        ("online", "NYYYNYY"),
        ("ready", "YYYYYYY"),
        ("unavailable", "NYYYNNN"),
        ("ringing", "NwwNNNN"),
        ("serving", "NwwNNNN"),
        ("wrap_up", "NwwYNNN"),
        ("blocked", "NNYYNNN"),
        ("offline", "NNNYNNN"),
    ],
)
def test_what_voximplant_permits(status: str, permits: str) -> None:
    assert letters("voximplant", status) == permits


def test_a_group_rings_members_in_online_and_ready_only() -> None:
    rows = shipped_presets()["voximplant"].statuses.values()
    assert [row.name for row in rows if row.group == "true"] == ["online", "ready"]


@pytest.mark.parametrize("preset", ["mango", "voximplant"])
def test_a_preset_is_whole(preset: str) -> None:
    found = shipped_presets()[preset]
    assert found.name == preset
    assert found.statuses[found.login].set_by == found.statuses[found.ready].set_by == "user"
    assert found.statuses[found.offline].set_by == "system"
    codes = [row.code for row in found.choosable()]
    assert all(codes) and len(set(codes)) == len(codes)
    for row in found.choosable():
        assert found.by_code(row.code) is row
    with pytest.raises(KeyError):
        found.statuses[found.login].right("login")
    assert set(found.statuses[found.login].rights()) == set(RIGHTS)


def site_with(tmp_path: Path, lines: str) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(f"users:\n{USER}{lines}")
    return path


def test_a_custom_status_takes_what_it_does_not_say_from_its_preset_and_outlives_a_restart(tmp_path: Path) -> None:
    lines = 'statuses:\n  - {name: lunch, label_ru: Обед, code: "7", internal: false, refuse_with: "603"}\n'
    loaded = load_paths([site_with(tmp_path, lines)], domain="example.net", scenarios=check_scenarios).site
    site = read_compiled(compile_site(loaded)).site
    assert site == loaded
    anna = site.users["anna"]
    row = site.preset_of(anna).by_code("7")
    assert row is not None
    assert (row.name, row.label_ru, row.label_en, row.refuse_with) == ("lunch", "Обед", "Lunch", 603)
    assert "".join(LETTERS[row.right(column)] for column in COLUMNS) == "NYNYNYY"
    other = site.presets()["voximplant"].statuses["lunch"]
    assert (other.transfer_in, other.unavailable) == ("false", True)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("statuses:\n  - {name: dnd}\n", ":4: status dnd is one of the preset mango"),
        ('statuses:\n  - {name: lunch, code: "5"}\n', ":4: status lunch: code 5 is that of dnd of the preset mango"),
        ("statuses:\n  - {name: lunch}\n  - {name: lunch}\n", ":5: status lunch is one already"),
        ("statuses:\n  - {name: lunch, direct: maybe}\n", ":4: status lunch: direct 'maybe' is unknown"),
        ("statuses:\n  - {name: lunch, set_by: system}\n", ":4: status lunch: unknown key 'set_by'"),
        ('codes:\n  - {action: pick_up, code: "*45"}\n', ":4: code *45 of pick_up is that of queues_in"),
        ('codes:\n  - {action: pickup, code: "*5"}\n', ":4: codes, entry 1: action 'pickup' is unknown"),
        (
            'groups:\n  - {name: sales, extension: "600", wrap_up: {status: lunch}}\n',
            ":4: group sales: wrap_up: there is no status lunch",
        ),
    ],
)
def test_a_mistake_in_statuses_and_codes_is_told_with_its_line(tmp_path: Path, lines: str, told: str) -> None:
    path = site_with(tmp_path, lines)
    with pytest.raises(ConfigurationError) as refused:
        load_paths([path], domain="example.net", scenarios=check_scenarios)
    assert f"{path}{told}" in str(refused.value)
    assert "write instead:" in str(refused.value)


def test_a_code_can_be_changed(tmp_path: Path) -> None:
    lines = 'codes:\n  - {action: choose_status, code: "*71"}\n'
    site = load_paths([site_with(tmp_path, lines)], domain="example.net", scenarios=check_scenarios).site
    assert site.codes["choose_status"] == "*71"
    assert read_compiled(compile_site(site)).site == site
