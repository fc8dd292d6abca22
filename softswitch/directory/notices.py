"""What is right in a site but should be known: keys that are checked and not served yet, passwords that are weak."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from softswitch.directory.fields import Entry
from softswitch.directory.references import Sections
from softswitch.directory.sections import NOT_SERVED

_SHORT: Final = 6
_COMMON: Final = frozenset({"123456", "1234567", "12345678", "password", "qwerty", "qwerty123", "secret", "welcome"})


def find_notices(sections: Sections) -> list[str]:
    """Return the notices of a site in which nothing is wrong, each with file and line."""
    notices = [note for section in sections for note in _not_served(section, sections[section])]
    for entry in sections["users"]:
        notices += _weak_password(entry)
    for entry in sections["trunks"]:
        notices += _unreachable_trunk(entry)
    return notices


def _not_served(section: str, entries: Sequence[Entry]) -> list[str]:
    """Name a section once, with the keys in use and the first place: not a thousand times for a thousand users."""
    used = {
        key: entry
        for key in sorted(NOT_SERVED.get(section, frozenset()))
        for entry in reversed(entries)
        if key in entry.lines and entry.values.get(key) not in (False, "")
    }
    if not used:
        return []
    first_key, first = min(used.items(), key=lambda pair: (pair[1].file, pair[1].lines[pair[0]]))
    what = (
        f"section {section} is"
        if "name" in used
        else f"{section}: {', '.join(used)} {'is' if len(used) == 1 else 'are'}"
    )
    return [f"{first.where(first_key)}: {what} checked and not served yet"]


def _weak_password(entry: Entry) -> list[str]:
    password = entry.text("password")
    if len(password) >= _SHORT and password.lower() not in _COMMON and len(set(password)) > 2:
        return []
    return [f"{entry.where('password')}: user {entry.text('name')}: the password is weak; 12 letters and digits last"]


def _unreachable_trunk(entry: Entry) -> list[str]:
    """Name the trunks whose calls would be taken for a stranger's."""
    name, host = entry.text("name"), entry.text("host")
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return []
    if entry.text("transport") in {"tcp", "tls"} and entry.whole("port") and not entry.flag("any_port"):
        cure = "its connections come from changing ports: add any_port: true, or its calls are challenged"
        return [f"{entry.where('port')}: trunk {name}: {cure}"]
    return []
