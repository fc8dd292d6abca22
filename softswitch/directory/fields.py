"""What a value in a site file may be: one kind a function, each with its own words for what is wrong.

A kind takes the node that stands in the file and gives the value; where it cannot, it notes a problem and gives None.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Final
from urllib.parse import urlsplit

from softswitch.core.errors import Problem
from softswitch.directory.yaml_reader import YamlList, YamlNode, YamlTable, YamlText

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_EXTENSION: Final = re.compile(r"[0-9]{1,15}")
_NUMBER: Final = re.compile(r"\+?[0-9]{2,15}")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(slots=True)
class Checker:
    """Collects what is wrong in one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, line: int, what: str, cure: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(f"{self.file}:{line}", what, cure))


Kind = Callable[[YamlNode, str, Checker], object]
"""(node, how to call it, where problems go) -> the value, or None where there was a problem."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table."""

    kind: Kind
    required: bool = False
    example: str = ""
    """What to write where a required key is missing."""


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked table: its values by key, and where each stands. Keys that were not written are not in it."""

    file: str
    line: int
    values: Mapping[str, object]
    lines: Mapping[str, int]

    def text(self, key: str, default: str = "") -> str:
        """Return a value that is text."""
        value = self.values.get(key, default)
        return value if isinstance(value, str) else default

    def whole(self, key: str) -> int | None:
        """Return a value that is a whole number, or None."""
        value = self.values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, key: str) -> bool:
        """Return a value that is true or false; false where it is not written."""
        return self.values.get(key) is True

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.values.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, tuple) else ()

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Return a list of tables."""
        value = self.values.get(key)
        return tuple(item for item in value if isinstance(item, Entry)) if isinstance(value, tuple) else ()

    def entry(self, key: str) -> tuple[Entry, ...]:
        """Return a value that is a table, as the only item, or nothing."""
        value = self.values.get(key)
        return (value,) if isinstance(value, Entry) else ()

    def where(self, key: str = "") -> str:
        """Return ``file:line`` of a key, or of the whole entry."""
        return f"{self.file}:{self.lines.get(key, self.line)}"


def text_of(node: YamlNode, called: str, checker: Checker, cure: str) -> str | None:
    """Return a node's text where it is one value and something was written."""
    if not isinstance(node, YamlText):
        shape = "a list" if isinstance(node, YamlList) else "a table"
        checker.refuse(node.line, f"{called} is {shape}, not one value", cure)
        return None
    if not node.value and node.plain:
        checker.refuse(node.line, f"{called} has no value", f'{cure} (text that starts with # or * needs "quotes")')
        return None
    return node.value


def matching(pattern: re.Pattern[str], what: str, cure: str) -> Kind:
    """Make a kind whose text matches ``pattern`` as a whole."""

    def kind(node: YamlNode, called: str, checker: Checker) -> object:
        value = text_of(node, called, checker, cure)
        if value is not None and not pattern.fullmatch(value):
            checker.refuse(node.line, f"{called} '{_shown(value)}' is not {what}", cure)
            return None
        return value

    return kind


def _shown(value: str) -> str:
    """Shorten a value and make what cannot be seen visible."""
    shown = value if value.isprintable() else ascii(value)[1:-1]
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


name = matching(_NAME, "a name", "a word of Latin letters, digits, . _ - that starts with a letter, e.g. anna")
number = matching(_NUMBER, "a number", '2 to 15 digits, with a + for the international form, e.g. "+74950000001"')
host = matching(_HOST, "an address", "an IP address, e.g. 192.0.2.10")
caller_id = matching(
    re.compile(r"(\+?[0-9]{2,15})?"), "a number", '"+74950000001", or "" for the extension of who calls'
)
country = matching(re.compile(r"[A-Z]{2}"), "a country", "two capital letters, e.g. RU")
place = matching(
    re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"),
    "an address",
    "192.0.2.10, or 192.0.2.10:5070, or a name",
)
environment = matching(
    re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}"),
    "a name of an environment variable",
    "letters, digits and _, e.g. CRM_TOKEN",
)
email = matching(_EMAIL, "a mail address", "a@example.com")
word = matching(re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}"), "a word", "one word of Latin letters")
key_pressed = matching(re.compile(r"[0-9*#]"), "a key of a phone", 'one of 0-9 * #, e.g. "2"')
status_code = matching(re.compile(r"[0-9]{1,3}"), "the number of a status", 'digits that follow *70, e.g. "7"')
dialled_code = matching(re.compile(r"[*#][0-9*#]{1,7}"), "a dialled code", 'a * or # and up to 7 more keys, e.g. "*8"')
pin = matching(re.compile(r"[0-9]{0,12}"), "a PIN", 'up to 12 digits, or "" for none')


def extension(node: YamlNode, called: str, checker: Checker) -> object:
    """Take digits; an extension that looks like a dialled code is told apart from other mistakes."""
    cure = '1 to 15 digits, e.g. "101"'
    value = text_of(node, called, checker, cure)
    if value is None or _EXTENSION.fullmatch(value):
        return value
    if value.startswith(("*", "#")):
        what = f"{called} '{_shown(value)}' looks like a dialled code (*99 and its like are taken by the switch)"
    else:
        what = f"{called} '{_shown(value)}' is not an extension"
    checker.refuse(node.line, what, cure)
    return None


def free_text(most: int = 100) -> Kind:
    """Make a kind for one line of any letters."""

    def kind(node: YamlNode, called: str, checker: Checker) -> object:
        cure = f"one line of at most {most} characters"
        value = text_of(node, called, checker, cure)
        if value is None:
            return None
        if not value.isprintable():
            checker.refuse(node.line, f"{called} '{_shown(value)}' holds characters that cannot be shown", cure)
            return None
        if len(value) > most:
            checker.refuse(node.line, f"{called} has {len(value)} characters", cure)
            return None
        return value

    return kind


def secret(node: YamlNode, called: str, checker: Checker) -> object:
    """Take a password; whatever is wrong with it, it is not shown."""
    cure = "one line, 4 to 200 characters; better 12 or more, letters and digits mixed"
    value = text_of(node, called, checker, cure)
    if value is None:
        return None
    if not 4 <= len(value) <= 200:
        checker.refuse(node.line, f"{called} has {len(value)} characters", cure)
        return None
    if not value.isprintable():
        checker.refuse(node.line, f"{called} holds characters that nobody can type", cure)
        return None
    return value


def flag(node: YamlNode, called: str, checker: Checker) -> object:
    """Take true or false."""
    value = text_of(node, called, checker, "true or false")
    if value is None:
        return None
    if value not in {"true", "false"}:
        meant = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
        cure = meant.get(value.lower(), value.lower() if value.lower() in {"true", "false"} else "true or false")
        checker.refuse(node.line, f"{called} '{_shown(value)}' is neither true nor false", cure)
        return None
    return value == "true"


def whole(least: int, most: int) -> Kind:
    """Make a kind for a whole number between two bounds."""

    def kind(node: YamlNode, called: str, checker: Checker) -> object:
        cure = f"a whole number from {least} to {most}"
        value = text_of(node, called, checker, cure)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 10 and least <= int(value) <= most):
            checker.refuse(node.line, f"{called} '{_shown(value)}' does not fit", cure)
            return None
        return int(value)

    return kind


def choice(*words: str) -> Kind:
    """Make a kind for one of some words."""

    def kind(node: YamlNode, called: str, checker: Checker) -> object:
        cure = f"one of {', '.join(words)}"
        value = text_of(node, called, checker, cure)
        if value is not None and value not in words:
            checker.refuse(node.line, f"{called} '{_shown(value)}' is unknown", did_you_mean(value, words, cure))
            return None
        return value

    return kind


def choice_or_installed(words: tuple[str, ...], group: str) -> Kind:
    """Make a kind for one of some words, or the name of an entry point that an installed package brings.

    Args:
        words: those that come with the program.
        group: of the entry points.
    """

    def kind(node: YamlNode, called: str, checker: Checker) -> object:
        written = node.value if isinstance(node, YamlText) else ""
        brought = {} if written in words else {each.name: each for each in entry_points(group=group)}
        value = choice(*words, *sorted(brought))(node, called, checker)
        if value in brought:
            try:
                brought[str(value)].load()()
            except Exception as error:  # any: it is not our code
                what = f"{called} '{value}' cannot be loaded: {type(error).__name__}: {error}"
                checker.refuse(node.line, what, "repair or install its package, or choose another")
                return None
        return value

    return kind


def pattern(node: YamlNode, called: str, checker: Checker) -> object:
    """Take a regular expression."""
    cure = r"""a regular expression in 'single quotes', e.g. '^\+?[0-9]{10,15}$'"""
    value = text_of(node, called, checker, cure)
    if value is None:
        return None
    try:
        re.compile(value)
    except re.error as error:
        checker.refuse(node.line, f"{called} is not a regular expression: {error}", cure)
        return None
    return value


def web_address(node: YamlNode, called: str, checker: Checker) -> object:
    """Take an address of the web; variables may stand behind the host."""
    cure = "an address as https://crm.example.net/calls"
    value = text_of(node, called, checker, cure)
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "{" in parts.netloc or not value.isprintable():
        checker.refuse(node.line, f"{called} '{_shown(value)}' is no address of the web", cure)
        return None
    return value


def list_of(kind: Kind) -> Kind:
    """Make a kind for a list, every item of which is of one kind."""

    def listed(node: YamlNode, called: str, checker: Checker) -> object:
        if not isinstance(node, YamlList):
            cure = f"a list: [{node.value}]" if isinstance(node, YamlText) else "a list: - before each entry"
            checker.refuse(node.line, f"{called} is not a list", cure)
            return None
        values = [kind(item, f"{called}, entry {i},", checker) for i, item in enumerate(node.items, start=1)]
        return tuple(value for value in values if value is not None)

    return listed


def table(fields: Fields) -> Kind:
    """Make a kind for a table whose keys are these fields; other keys are problems."""

    def kind(node: YamlNode, called: str, checker: Checker) -> object:
        return read_table(node, called, fields, checker)

    return kind


def read_table(node: YamlNode, called: str, fields: Fields, checker: Checker) -> Entry | None:
    """Check a table; gives None only where it is no table, else what of it is right."""
    if not isinstance(node, YamlTable):
        example = ", ".join(f"{key}: ..." for key, known in fields.items() if known.required) or "key: value"
        checker.refuse(node.line, f"{called} is not a table", f"{{{example}}}")
        return None
    called = _named(node, called)
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    for key, value_node in node.entries:
        known = fields.get(key.value)
        if known is None:
            cure = did_you_mean(key.value, fields, f"one of {', '.join(fields)}")
            checker.refuse(key.line, f"{called}: unknown key '{_shown(key.value)}'", cure)
            continue
        value = known.kind(value_node, f"{called}: {key.value}", checker)
        lines[key.value] = key.line
        if value is not None:
            values[key.value] = value
    for key_name, known in fields.items():
        if known.required and key_name not in lines:
            checker.refuse(node.line, f"{called}: {key_name} is missing", f"{key_name}: {known.example}")
    return Entry(checker.file, node.line, values, lines)


def _named(node: YamlTable, called: str) -> str:
    """Call an entry by its name where it has one: ``users, entry 2`` becomes ``user anna``."""
    found = node.get("name") or node.get("number")
    if not isinstance(found, YamlText) or not found.value or ", entry " not in called:
        return called.removesuffix(",")
    section = called.split(", entry ")[0].rpartition(": ")[2]
    return f"{'status' if section == 'statuses' else section.removesuffix('s')} {_shown(found.value)}"


def did_you_mean(written: str, known: Iterable[str], otherwise: str) -> str:
    """Suggest the known word that is nearest to what was written."""
    near = difflib.get_close_matches(written.lower(), list(known), n=1, cutoff=0.6)
    return f"{near[0]} (did you mean that?)" if near else otherwise
