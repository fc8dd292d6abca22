"""What contradicts between the statuses of a site and those of the shipped presets."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.core.errors import Problem
from softswitch.directory.fields import Entry
from softswitch.directory.presets import shipped_presets


def status_names(statuses: Iterable[Entry]) -> set[str]:
    """Return the names of all statuses, shipped and of the site."""
    shipped = {name for preset in shipped_presets().values() for name in preset.statuses}
    return shipped | {entry.text("name") for entry in statuses}


def find_status_conflicts(statuses: Iterable[Entry]) -> list[Problem]:
    """Return the problems of names and of codes that stand twice within one preset."""
    problems: list[Problem] = []
    entries = list(statuses)
    for preset in shipped_presets().values():
        shipped = f"of the preset {preset.name}"
        names = dict.fromkeys(preset.statuses, shipped)
        codes = {s.code: f"{s.name} {shipped}" for s in preset.statuses.values() if s.code}
        for entry in entries:
            if entry.text("preset", preset.name) != preset.name:
                continue
            name, code = entry.text("name"), entry.text("code")
            if name in names:
                problems.append(Problem(entry.where("name"), f"status {name} is one {names[name]}", "another name"))
            elif code and code in codes:
                what = f"status {name}: code {code} is that of {codes[code]}"
                problems.append(Problem(entry.where("code"), what, f'a free one, e.g. "{_free(codes)}"'))
            names[name] = f"already ({entry.where('name')})"
            if code:
                codes.setdefault(code, f"{name} ({entry.where('code')})")
    return problems


def _free(codes: Iterable[str]) -> str:
    taken = set(codes)
    return next(str(n) for n in range(1, 1000) if str(n) not in taken)
