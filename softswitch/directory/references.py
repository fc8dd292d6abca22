"""What can only be seen when all files are there: names twice, extensions twice, names that nobody has."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from softswitch.core.errors import Problem
from softswitch.directory.codes import DEFAULT_CODES
from softswitch.directory.fields import Entry, did_you_mean
from softswitch.directory.queue_entry import beside
from softswitch.directory.sections import NUMBER_TARGETS, OVERFLOW_TARGETS
from softswitch.directory.site import number_key, shortest_address
from softswitch.directory.status_conflicts import find_status_conflicts, status_names

Sections = Mapping[str, Sequence[Entry]]
"""The entries of all files by section."""

_WITH_EXTENSION: Final = ("users", "groups", "queues", "rooms")
_WITH_NAME: Final = ("users", "groups", "queues", "rooms", "trunks", "routes")


def find_conflicts(sections: Sections, scenarios: Mapping[str, str]) -> list[Problem]:
    """Return what contradicts or is missing between entries.

    Args:
        sections: the entries of all files.
        scenarios: where each scenario stands, by name.
    """
    problems: list[Problem] = []
    for section in _WITH_NAME:
        problems += _twice(sections[section], "name", "another name", fold=str.lower)
    extensions = [entry for section in _WITH_EXTENSION for entry in sections[section]]
    problems += _twice(extensions, "extension", f'a free extension, e.g. "{_free_extension(extensions)}"')
    problems += _twice(sections["numbers"], "number", "each number once", fold=number_key)
    problems += _twice(sections["codes"], "action", "each action once")
    problems += find_status_conflicts(sections["statuses"])
    problems += _codes_twice(sections["codes"])
    problems += _numbers_of_two_contacts(sections["contacts"])
    problems += _twice(sections["contacts"], "name", "another name, or one contact with all numbers")
    for section in ("crm", "webhooks"):
        problems += _twice(sections[section], "name", "another name", fold=str.lower)
    problems += _trunks_twice(sections["trunks"])
    problems += _registered_by_nobody(sections["trunks"])
    problems += _passwords(sections["users"])
    problems += _without_moderator(sections["rooms"])
    for entry in sections["numbers"]:
        problems += _number_target(entry, sections, scenarios)
    return problems + _unknown_names(sections, scenarios)


def _twice(entries: Iterable[Entry], key: str, cure: str, *, fold: Callable[[str], str] = str) -> list[Problem]:
    first: dict[str, Entry] = {}
    problems = []
    for entry in entries:
        value = entry.text(key)
        if not value:
            continue
        before = first.setdefault(fold(value), entry)
        if before is not entry:
            what = f"{key} '{value}' is taken: {_title(before)} has it ({before.where(key)})"
            problems.append(Problem(entry.where(key), what, cure))
    return problems


def _title(entry: Entry) -> str:
    return entry.text("name") or entry.text("number") or "an entry"


def _free_extension(entries: Iterable[Entry]) -> str:
    taken = {entry.text("extension") for entry in entries}
    return next(str(n) for n in range(101, 1_000_000) if str(n) not in taken)


def _trunks_twice(trunks: Iterable[Entry]) -> list[Problem]:
    """Two trunks with one source address: nobody could tell whose call it is."""
    first: dict[tuple[str, int | None], Entry] = {}
    problems = []
    for entry in trunks:
        if "host" not in entry.values or ("port" in entry.lines and "port" not in entry.values):
            continue  # what is wrong with it was said
        source = shortest_address(entry.text("host")), None if entry.flag("any_port") else entry.whole("port")
        before = first.setdefault(source, entry)
        if before is not entry:
            what = f"its packets cannot be told from those of trunk {_title(before)} ({before.where('host')})"
            cure = "another host or port, or one trunk instead of two"
            problems.append(Problem(entry.where("host"), f"trunk {_title(entry)}: {what}", cure))
    return problems


def _registered_by_nobody(trunks: Iterable[Entry]) -> list[Problem]:
    """Trunks to register at without a name to register."""
    cure = "username: the name that the carrier gave, or register: false"
    return [
        Problem(entry.where("register"), f"trunk {_title(entry)}: register needs a username", cure)
        for entry in trunks
        if entry.flag("register") and not entry.text("username")
    ]


def _without_moderator(rooms: Iterable[Entry]) -> list[Problem]:
    """Rooms that wait for, or end with, a moderator whom nobody can be; PINs that cannot be told apart."""
    problems = []
    for entry in rooms:
        called = f"room {_title(entry)}"
        nobody = not entry.texts("moderators") and not entry.text("moderator_pin")
        for key in ("wait_for_moderator", "end_with_moderator"):
            if nobody and entry.flag(key):
                cure = "moderators: [anna], or a moderator_pin"
                problems.append(Problem(entry.where(key), f"{called}: {key}, and nobody moderates it", cure))
        own, pin = entry.text("moderator_pin"), entry.text("pin")
        if own and (own.startswith(pin) if pin else False):
            what = f"{called}: whoever presses the moderator's PIN has pressed the pin before it is complete"
            problems.append(Problem(entry.where("moderator_pin"), what, "one that does not begin with pin"))
    return problems


def _codes_twice(codes: Iterable[Entry]) -> list[Problem]:
    """Two actions with one code, or a code that hides another: nobody could tell what is meant."""
    written = {entry.text("action"): entry for entry in codes}
    code_of = {**DEFAULT_CODES, **{action: entry.text("code") for action, entry in written.items()}}
    problems = []
    for action, entry in written.items():
        other = next((o for o, code in code_of.items() if o != action and code == code_of[action]), None)
        if other is not None:
            what = f"code {code_of[action]} of {action} is that of {other}"
            problems.append(Problem(entry.where("code"), what, "a code that nothing else has"))
    return problems


def _numbers_of_two_contacts(contacts: Iterable[Entry]) -> list[Problem]:
    """A number of two contacts: nobody could tell whose call it is."""
    first: dict[str, Entry] = {}
    problems = []
    for entry in contacts:
        for number in entry.texts("numbers"):
            before = first.setdefault(number_key(number), entry)
            if before is not entry:
                what = f"contact {_title(entry)}: {number} is {_title(before)}'s number too ({before.where('numbers')})"
                problems.append(Problem(entry.where("numbers"), what, "each number at one contact"))
    return problems


def _passwords(users: Iterable[Entry]) -> list[Problem]:
    """Refuse the passwords that every scanner tries first; they are not shown."""
    problems = []
    for entry in users:
        password = entry.text("password").lower()
        same = next((key for key in ("extension", "name") if password and password == entry.text(key).lower()), None)
        if same is not None:
            what = f"user {_title(entry)}: the password is the {same}"
            cure = "one that nobody guesses, 12 letters and digits"
            problems.append(Problem(entry.where("password"), what, cure))
    return problems


def _members_twice(members: Iterable[Entry], called: str) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for member in members:
        user = member.text("user")
        if user in seen:
            problems.append(Problem(member.where("user"), f"{called}: {user} is a member twice", "each member once"))
        seen.add(user)
    return problems


def _number_target(entry: Entry, sections: Sections, scenarios: Mapping[str, str]) -> list[Problem]:
    targets = [target for target in NUMBER_TARGETS if target in entry.lines]
    called = f"number {_title(entry)}"
    if len(targets) != 1:
        what = f"{called} leads to {' and '.join(targets) if targets else 'nothing'}"
        return [Problem(entry.where(), what, f"exactly one of {', '.join(NUMBER_TARGETS)}, e.g. user: anna")]
    (kind,) = targets
    known = scenarios if kind == "scenario" else _names(sections[f"{kind}s"])
    return _unknown(entry, kind, kind, known, called)


def _names(entries: Iterable[Entry]) -> set[str]:
    return {entry.text("name") for entry in entries}


def _unknown(entry: Entry, key: str, kind: str, known: Collection[str], called: str) -> list[Problem]:
    """Say which of the names under a key nobody has.

    Args:
        entry: whose key it is.
        key: holds one name or a list of names.
        kind: what they name: ``user``, ``route`` ...
        known: the names that there are.
        called: how to call the entry.
    """
    used = entry.texts(key) or ((entry.text(key),) if entry.text(key) else ())
    missing = [name for name in used if name not in known]
    if not missing:
        return []
    names = sorted(name for name in known if name)
    listed = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    otherwise = f"one of {listed}" if names else f"a {kind} of that name in the files first"
    return [
        Problem(entry.where(key), f"{called}: there is no {kind} {name}", did_you_mean(name, names, otherwise))
        for name in missing
    ]


def _overflow_target(entry: Entry, sections: Sections, scenarios: Mapping[str, str], called: str) -> list[Problem]:
    """Check where a queue's callers go whom it gives up."""
    targets = [target for target in OVERFLOW_TARGETS if target in entry.lines]
    if len(targets) != 1:
        what = f"{called} leads to {' and '.join(targets) if targets else 'nothing'}"
        return [Problem(entry.where(), what, f"exactly one of {', '.join(OVERFLOW_TARGETS)}, e.g. queue: reception")]
    (kind,) = targets
    if kind == "number":
        return _unreachable(entry, sections["routes"], called)
    boxes = {user.text("name") for user in sections["users"] if user.flag("voicemail")} | _names(sections["groups"])
    known = {
        "scenario": scenarios,
        "voicemail": boxes,
        **{section.removesuffix("s"): _names(sections[section]) for section in ("users", "groups", "queues")},
    }
    return _unknown(entry, kind, "mailbox" if kind == "voicemail" else kind, known[kind], called)


def _unreachable(entry: Entry, routes: Sequence[Entry], called: str) -> list[Problem]:
    """Say that no route leads to a number outside."""
    written = entry.text("number")
    if not written or any(re.search(route.text("pattern"), written) for route in routes):
        return []  # one that is no number is told of elsewhere
    cure = "a number that fits the pattern of a route; an extension is written as user, group or queue"
    return [Problem(entry.where("number"), f"{called}: no route leads to {written}", cure)]


def _sounds_missing(entry: Entry, called: str) -> list[Problem]:
    """Say which of the sound files of a queue or a user are not there."""
    named = [(entry, "recording_notice", name) for name in [entry.text("recording_notice")] if name]
    named += [(each, "files", name) for each in entry.entry("announce") for name in each.texts("files")]
    named += [(each, "file", each.text("file")) for each in entry.entry("to_agent") if each.text("file")]
    cure = "a sound file, its path relative to this file"
    return [
        Problem(each.where(key), f"{called}: there is no file {name}", cure)
        for each, key, name in named
        if not Path(beside(each, name)).is_file()
    ]


def _keys_twice(entry: Entry, called: str) -> list[Problem]:
    """Say that one key is to lead out of the line and to the callback."""
    asked = [callback.text("key", "2") for callback in entry.entry("callback")]
    if entry.text("exit_key") not in asked:
        return []
    what = f"{called}: exit_key {asked[0]} is the key of the callback too"
    return [Problem(entry.where("exit_key"), what, 'another one, e.g. exit_key: "0"')]


def _unknown_names(sections: Sections, scenarios: Mapping[str, str]) -> list[Problem]:
    """Check the other places where one entry names another."""
    users, routes, trunks = (_names(sections[section]) for section in ("users", "routes", "trunks"))
    problems: list[Problem] = []
    statuses = status_names(sections["statuses"])
    for section in ("groups", "queues"):
        for entry in sections[section]:
            called = f"{section.removesuffix('s')} {_title(entry)}"
            members = entry.entries("members")
            problems += [found for member in members for found in _unknown(member, "user", "user", users, called)]
            problems += _members_twice(members, called)
            problems += _unknown(entry, "supervisors", "user", users, called)
            for overflow in entry.entry("overflow"):
                problems += _overflow_target(overflow, sections, scenarios, f"{called}: overflow")
            problems += _keys_twice(entry, called)
            problems += _sounds_missing(entry, called)
            for wrap_up in entry.entry("wrap_up"):
                problems += _unknown(wrap_up, "status", "status", statuses, f"{called}: wrap_up")
    for entry in sections["rooms"]:
        problems += _unknown(entry, "moderators", "user", users, f"room {_title(entry)}")
    for entry in sections["users"]:
        problems += _sounds_missing(entry, f"user {_title(entry)}")
        problems += _unknown(entry, "routes", "route", routes, f"user {_title(entry)}")
        problems += _unknown(entry, "supervises", "user", users, f"user {_title(entry)}")
    for entry in sections["routes"]:
        problems += _unknown(entry, "trunk", "trunk", trunks, f"route {_title(entry)}")
    for entry in sections["emergency"]:
        problems += _unknown(entry, "routes", "route", routes, f"emergency number {_title(entry)}")
    for entry in sections["contacts"]:
        problems += _unknown(entry, "responsible", "user", users, f"contact {_title(entry)}")
    return problems
