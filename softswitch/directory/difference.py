"""What a load changes: lines with + for what comes, - for what goes, ~ for what differs. No secret stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from softswitch.directory.site import Number, Site, Trunk, User

Entry = User | Number | Trunk


def differences(before: Site | None, after: Site) -> list[str]:
    """Return the lines that lead from one site to the next; none where they are equal.

    Args:
        before: what is loaded; None where nothing is.
        after: what the files say.
    """
    old = before or Site(after.domain)
    lines = [f"~ domain: {old.domain} -> {after.domain}"] if old.domain != after.domain else []
    lines += _section("user", old.users, after.users)
    lines += _section("number", old.numbers, after.numbers)
    lines += _section("trunk", old.trunks, after.trunks)
    return lines


def _section(kind: str, before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Iterator[str]:
    for key, entry in after.items():
        old = before.get(key)
        if old is None:
            yield f"+ {kind} {_title(entry)}"
        elif changes := _changes(old, entry):
            yield f"~ {kind} {_title(entry)}: {', '.join(changes)}"
    for key, entry in before.items():
        if key not in after:
            yield f"- {kind} {_title(entry)}"


def _title(entry: Entry) -> str:
    if isinstance(entry, User):
        return f"{entry.name} ({entry.extension})"
    if isinstance(entry, Number):
        return f"{entry.number} ({entry.kind} {entry.target})"
    port = f":{entry.port}" if entry.port else ""
    return f"{entry.name} ({entry.host}{port})"


def _changes(old: Entry, new: Entry) -> list[str]:
    """Name the fields that differ with both values; of a password only that it differs."""
    told = []
    for field in fields(new):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after or field.name == "ha1_sha256":
            continue
        told.append("password" if field.name == "ha1_md5" else f"{field.name} {_shown(before)} -> {_shown(after)}")
    return told


def _shown(value: str | int | bool | None) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'
