"""A site as octets: how ``softswitch load`` hands it to the switch, and how it lies on disk.

A stream of msgpack: a table of what there is once, then ``[section, values]`` for each entry. So a switch can read it
entry by entry and do other things in between: thousands of users do not make a call wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any, Final

import msgpack

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.directory.connectors import Crm, Webhook
from softswitch.directory.entries import Contact, Group, Number, Queue, Room, Route, ScenarioText, Trunk, User
from softswitch.directory.site import Site, make_site
from softswitch.directory.statuses import Status

FORMAT: Final = 3
"""The version of the compiled form; raised when older programs could not read it."""
_AT_ONCE: Final = 2
"""The version before, which is still read: a switch starts with the site that it had."""
_LARGEST_OCTETS: Final = 256 << 20

_ENTRIES: Final[Mapping[str, Callable[..., Any]]] = {
    "users": User,
    "numbers": Number,
    "trunks": Trunk,
    "routes": Route,
    "groups": Group,
    "queues": Queue,
    "rooms": Room,
    "statuses": Status,
    "contacts": Contact,
    "crm": Crm,
    "webhooks": Webhook,
    "scenarios": ScenarioText,
}
"""The sections whose entries stand apart, each with what is made of an entry's values."""
_ONCE: Final = ("codes", "emergency", "calendars")


def compile_site(site: Site, paths: Iterable[str] = ()) -> bytes:
    """Turn a site into octets, together with the paths that it was loaded from."""
    once = {
        "format": FORMAT,
        "domain": site.domain,
        "paths": list(paths),
        **{name: dict(getattr(site, name)) for name in _ONCE},
    }
    entries = [
        msgpack.packb((section, astuple(entry))) for section in _ENTRIES for entry in getattr(site, section).values()
    ]
    return b"".join((msgpack.packb({**once, "entries": len(entries)}), *entries))


@dataclass(frozen=True, slots=True)
class CompiledSite:
    """What :func:`compile_site` was given."""

    site: Site
    paths: tuple[str, ...]


def read_compiled(data: bytes, where: str = "the compiled site") -> CompiledSite:
    """Read what :func:`compile_site` made.

    Args:
        data: its octets.
        where: what to call it when it cannot be read.

    Raises:
        ConfigurationError: the octets are damaged or of another version of the program.
    """
    found = None
    for found in reading(data, where):  # noqa: B007  # the last one counts
        pass
    if found is None:
        raise ConfigurationError([_load_again(where, "it is empty")])
    return found


def reading(data: bytes, where: str = "the compiled site") -> Iterator[CompiledSite | None]:
    """Read the same entry by entry: gives None behind each, and at last the site.

    Raises:
        ConfigurationError: as :func:`read_compiled`.
    """
    try:
        yield from _read(data, where)
    except (ValueError, TypeError, KeyError, AttributeError, msgpack.UnpackException) as error:
        raise ConfigurationError([_load_again(where, f"it is damaged ({error})")]) from error


def _read(data: bytes, where: str) -> Iterator[CompiledSite | None]:
    stream = msgpack.Unpacker(use_list=False, max_buffer_size=_LARGEST_OCTETS)
    stream.feed(data)
    once: Any = next(stream, None)
    if not isinstance(once, dict) or "format" not in once:
        raise ValueError("it does not begin as a site")
    if once["format"] not in {FORMAT, _AT_ONCE}:
        raise ConfigurationError([_load_again(where, f"it has format {once['format']}, this program {FORMAT}")])
    sections: dict[str, list[Any]] = {section: [] for section in _ENTRIES}
    count = 0
    for section, values in stream if once["format"] == FORMAT else _of_earlier(once):
        sections[section].append(_ENTRIES[section](*values))
        count += 1
        yield None
    if once.get("entries", count) != count:
        raise ValueError(f"it has {count} of {once['entries']} entries")
    parts: dict[str, Any] = {**sections, **{name: once.get(name) for name in _ONCE}}
    yield CompiledSite(make_site(once["domain"], **parts), tuple(once["paths"]))


def _of_earlier(once: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the entries of an earlier form, which has all of them in the table."""
    return ((section, values) for section in _ENTRIES for values in once.get(section, ()))


def _load_again(where: str, what: str) -> Problem:
    return Problem(where, what, "nothing by hand, load the site again: softswitch load PATH")
