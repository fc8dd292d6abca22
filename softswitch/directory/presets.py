"""The shipped presets, read from their YAML by the same checks that a site's own statuses meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

from softswitch.core.errors import ConfigurationError
from softswitch.directory.fields import Checker, Entry, Field, Fields, choice, list_of, read_table, table, word
from softswitch.directory.sections import PRESETS, STATUS_FIELDS, STATUS_RIGHTS
from softswitch.directory.statuses import RIGHTS, Preset, Status
from softswitch.directory.yaml_reader import read_yaml

_STATUS: Final[Fields] = {
    **{key: field for key, field in STATUS_FIELDS.items() if key != "preset"},
    "set_by": Field(choice("user", "system"), required=True, example="user"),
}
_PRESET: Final[Fields] = {
    "name": Field(word, required=True),
    "login": Field(word, required=True),
    "ready": Field(word, required=True),
    "offline": Field(word, required=True),
    "ringing": Field(word),
    "serving": Field(word),
    "wrap_up": Field(word),
    "missed": Field(word),
    "return_to": Field(choice("ready", "previous"), required=True),
    "custom": Field(
        table({**STATUS_RIGHTS, **{key: STATUS_FIELDS[key] for key in ("planned", "unavailable", "refuse_with")}}),
        required=True,
    ),
    "statuses": Field(list_of(table(_STATUS)), required=True),
}


@cache
def shipped_presets() -> Mapping[str, Preset]:
    """Return the presets that come with the program, by name."""
    return {name: _read(name) for name in PRESETS}


def _read(name: str) -> Preset:
    file = files("softswitch.directory").joinpath("status_presets", f"{name}.yaml")
    checker = Checker(f"{name}.yaml")
    entry = read_table(read_yaml(file.read_bytes(), checker.file), "the preset", _PRESET, checker)
    if checker.problems or entry is None:
        raise ConfigurationError(checker.problems)
    custom = entry.values["custom"]
    return Preset(
        entry.text("name"),
        entry.text("login"),
        entry.text("ready"),
        entry.text("offline"),
        dict(custom.values) if isinstance(custom, Entry) else {},
        {row.text("name"): _status(row, name, {}) for row in entry.entries("statuses")},
        entry.text("ringing"),
        entry.text("serving"),
        entry.text("wrap_up"),
        entry.text("missed"),
        entry.text("return_to"),
    )


def custom_statuses(entry: Entry) -> tuple[Status, ...]:
    """Make the rows of a site's own status: one for each preset that it is to be chosen in."""
    wanted = entry.text("preset")
    presets = shipped_presets()
    return tuple(_status(entry, name, presets[name].custom) for name in ([wanted] if wanted else presets))


def _status(entry: Entry, preset: str, otherwise: Mapping[str, object]) -> Status:
    def text(key: str, default: str) -> str:
        found = entry.values.get(key, otherwise.get(key, default))
        return found if isinstance(found, str) else default

    def flag(key: str) -> bool:
        return entry.values.get(key, otherwise.get(key, False)) is True

    name = entry.text("name")
    label_en = entry.text("label_en") or name.replace("_", " ").capitalize()
    return Status(
        preset,
        name,
        entry.text("label_ru") or label_en,
        label_en,
        entry.text("code"),
        entry.text("set_by", "user"),
        flag("planned"),
        flag("unavailable"),
        int(text("refuse_with", "480")),
        **{right: text(right, "false") for right in RIGHTS},
    )


def with_custom(statuses: Mapping[str, Status]) -> Mapping[str, Preset]:
    """Return the shipped presets with a site's own rows behind theirs."""
    own = {name: {s.name: s for s in statuses.values() if s.preset == name} for name in shipped_presets()}
    return {
        name: replace(preset, statuses={**preset.statuses, **own[name]}) if own[name] else preset
        for name, preset in shipped_presets().items()
    }
