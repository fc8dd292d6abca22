"""What a load changes: lines with + for what comes, - for what goes, ~ for what differs. No secret stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import unified_diff
from typing import Final

from softswitch.directory.connectors import Crm, Webhook
from softswitch.directory.site import Contact, Group, Number, Queue, Room, Route, ScenarioText, Site, Trunk, User
from softswitch.directory.statuses import Status

Entry = Contact | Crm | Webhook | User | Number | Trunk | Group | Queue | Room | Route | Status | ScenarioText

_FIRST: Final = {
    "user": "users",
    "number": "numbers",
    "trunk": "trunks",
    "group": "groups",
    "queue": "queues",
    "room": "rooms",
    "status": "statuses",
}
_THEN: Final = {
    "contact": "contacts",
    "crm": "crm",
    "webhook": "webhooks",
    "scenario": "scenarios",
    "route": "routes",
}
"""The sections by what their entries are called, in the order of the lines; codes stand between them."""
_HEADS: Final = frozenset({"+++", "---"})


def differences(before: Site | None, after: Site) -> list[str]:
    """Return the lines that lead from one site to the next; none where they are equal.

    Args:
        before: what is loaded; None where nothing is.
        after: what the files say.
    """
    return [line for line in comparing(before, after) if line]


def comparing(before: Site | None, after: Site) -> Iterator[str]:
    """Give the same lines, and an empty one for each entry that does not differ: so the work comes in small pieces."""
    old = before or Site(after.domain)
    if old.domain != after.domain:
        yield f"~ domain: {old.domain} -> {after.domain}"
    for kind, section in _FIRST.items():
        yield from _section(kind, getattr(old, section), getattr(after, section))
    for action, code in after.codes.items():
        if old.codes[action] != code:
            yield f"~ code: {action} {old.codes[action]} -> {code}"
    for kind, section in _THEN.items():
        yield from _section(kind, getattr(old, section), getattr(after, section))
    for number in old.emergency.keys() | after.emergency.keys():
        was, will = old.emergency.get(number), after.emergency.get(number)
        if was != will:
            yield f"{'+' if was is None else '-' if will is None else '~'} emergency number {number}"


def _section(kind: str, before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Iterator[str]:
    for key, entry in after.items():
        old = before.get(key)
        if old is None:
            yield f"+ {kind} {_title(entry)}"
        elif old != entry and (changes := _changes(old, entry)):
            yield f"~ {kind} {_title(entry)}: {', '.join(changes)}"
        else:
            yield ""
    for key, entry in before.items():
        if key not in after:
            yield f"- {kind} {_title(entry)}"


def _title(entry: Entry) -> str:
    if isinstance(entry, User):
        return f"{entry.name} ({entry.extension})"
    if isinstance(entry, ScenarioText | Contact | Crm | Webhook):
        return entry.name
    if isinstance(entry, Number):
        return f"{entry.number} ({entry.kind} {entry.target})"
    if isinstance(entry, Group | Queue | Room):
        return f"{entry.name} ({entry.extension})"
    if isinstance(entry, Status):
        return f"{entry.name} ({entry.preset})"
    if isinstance(entry, Route):
        return f"{entry.name} ({entry.trunk})"
    port = f":{entry.port}" if entry.port else ""
    return f"{entry.name} ({entry.host}{port})"


def _changes(old: Entry, new: Entry) -> list[str]:
    """Name the fields that differ with both values; of a password only that it differs."""
    told = []
    for field in fields(new):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after or field.name == "ha1_sha256":
            continue
        if field.name == "text":
            told += _lines_changed(before, after)
            continue
        if field.name == "voicemail_pin":
            told.append(field.name)
            continue
        told.append("password" if field.name == "ha1_md5" else f"{field.name} {_shown(before)} -> {_shown(after)}")
    return told


def _lines_changed(before: str, after: str) -> list[str]:
    """Count the lines that differ between two texts."""
    diff = [line[:1] for line in unified_diff(before.splitlines(), after.splitlines(), n=0) if line[:3] not in _HEADS]
    return [f"{diff.count('+')} lines come, {diff.count('-')} go"]


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return " ".join(map(_shown, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'
