"""YAML as text with line numbers: nothing is guessed from how a value looks.

YAML 1.1 turns ``22:00`` into 1320, ``on`` into True and ``012`` into 10. Here every value stays the text that stands in
the file, until the model that asked for it says what it should be. Anchors, aliases and tags are refused: a site file
has no use for them, and with them a hundred octets can mean gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from softswitch.core.errors import ConfigurationError, Problem

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML was built without libyaml: slower, the same result
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]  # both compose alike

MOST_OCTETS = 32 * 1024 * 1024
"""The size of a file that is read at all: some 200,000 users."""

MOST_DEPTH = 50
"""How deep lists and tables may nest; a scenario needs about ten."""

ONE_USER = """at least one user:
        users:
          - {name: anna, extension: "101", password: at-least-four-characters}"""


@dataclass(frozen=True, slots=True)
class YamlText:
    """One value, as it stands in the file without its quotes."""

    value: str
    line: int
    plain: bool
    """Whether it stood without quotes: only then an empty one means that nothing was written."""


@dataclass(frozen=True, slots=True)
class YamlList:
    """``- a`` lines or ``[a, b]``."""

    items: tuple[YamlNode, ...]
    line: int


@dataclass(frozen=True, slots=True)
class YamlTable:
    """``key: value`` lines or ``{key: value}``; no key stands twice."""

    entries: tuple[tuple[YamlText, YamlNode], ...]
    line: int

    def get(self, key: str) -> YamlNode | None:
        """Return the value of a key, or None."""
        return next((value for found, value in self.entries if found.value == key), None)


YamlNode: TypeAlias = YamlText | YamlList | YamlTable


def read_yaml(data: bytes, file: str, *, wanted: str = ONE_USER) -> YamlNode:
    """Read one document.

    Args:
        data: the file's octets, UTF-8.
        file: its name, for what is said about it.
        wanted: what to write where it is empty.

    Raises:
        ConfigurationError: it is not YAML, or uses what is refused here; with every such place.
    """
    builder = _Builder(file)
    for event in _events(_decode(data, file), file):
        builder.take(event)
    if builder.root is None or builder.root == YamlText("", builder.root.line, plain=True):
        builder.problems.append(Problem(f"{file}:1", "the file is empty", wanted))
    if builder.problems or builder.root is None:
        raise ConfigurationError(builder.problems)
    return builder.root


def _decode(data: bytes, file: str) -> str:
    if len(data) > MOST_OCTETS:
        cure = f"a file of at most {MOST_OCTETS // 2**20} MiB; several files can be loaded together"
        raise ConfigurationError([Problem(file, f"the file has {len(data)} octets", cure)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        cure = "the file in UTF-8 (in most editors: save with encoding)"
        raise ConfigurationError([Problem(f"{file}:{line}", "this is not UTF-8 text", cure)]) from None


def _events(text: str, file: str) -> Iterator[yaml.Event]:
    """Give the parser's events; its errors become ours.

    Events and not libyaml's compose: that recurses in C, and a file of a hundred thousand brackets kills the process.
    """
    loader = _Loader(text)
    try:
        while (event := loader.get_event()) is not None:
            yield event
    except yaml.MarkedYAMLError as error:
        raise ConfigurationError([_syntax_problem(error, text, file)]) from None
    except yaml.reader.ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        line = text.count("\n", 0, position) + 1
        what = "a control character stands here"
        raise ConfigurationError([Problem(f"{file}:{line}", what, "the text without it")]) from None
    finally:
        loader.dispose()


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """Say what libyaml found in words that name the cure."""
    mark = error.problem_mark or error.context_mark
    line = (mark.line if mark else 0) + 1
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    indent = here[: len(here) - len(here.lstrip())]
    said = error.problem or "not YAML"
    where = f"{file}:{line}"
    if "\t" in indent or "'\\t'" in said:
        return Problem(where, "a tab stands where spaces belong", "spaces: YAML is indented with spaces only")
    if "alias" in said or "anchor" in said:
        return Problem(where, f"an alias that does not work: {said}", "the values themselves, or the text in quotes")
    open_quote = next((number for number, each in enumerate(lines[:line], start=1) if _leaves_a_quote_open(each)), 0)
    if open_quote:
        return Problem(f"{file}:{open_quote}", "a quote is opened here and not closed", 'the closing "')
    return Problem(where, f"this is not YAML: {said}{_context(error)}", _syntax_cure(said))


def _leaves_a_quote_open(line: str) -> bool:
    return line.partition(" #")[0].replace('\\"', "").count('"') % 2 == 1


def _context(error: yaml.MarkedYAMLError) -> str:
    """Name where the construct began, if that is elsewhere: the true mistake often stands there."""
    if error.context is None or error.context_mark is None:
        return ""
    return f" ({error.context}, line {error.context_mark.line + 1})"


def _syntax_cure(said: str) -> str:
    if "mapping values are not allowed" in said:
        return "key: value with the same indentation as its neighbours; text that holds a colon in quotes"
    if "expected ',' or" in said:
        return "commas between the entries, and the closing bracket"
    if "unexpected end of stream" in said:
        return "the closing quote or bracket"
    if "cannot start any token" in said:
        return "the value in quotes"
    return "key: value lines and - entries, indented alike; text with special characters in quotes"


@dataclass(slots=True)
class _Open:
    """A list or a table whose end has not come yet."""

    line: int
    table: bool
    nodes: list[YamlNode] = field(default_factory=list)
    """Items of a list; keys and values of a table in turn."""


class _Builder:
    """Builds the tree out of events, without recursion, and notes what is refused."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: YamlNode | None = None
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Add one event to the tree."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event.tag, line)
            self._add(YamlText(event.value, line, plain=event.implicit[0]))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._refuse_tag(event.tag, line)
            self._begin(_Open(line, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            cure = f'"*{event.anchor}" in quotes where it is meant as it stands; else the values themselves, once more'
            self._refuse(line, f"an alias (*{event.anchor}) is used", cure)
            self._add(YamlText("", line, plain=True))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                cure = "one document a file; several files can be loaded together"
                self._refuse(line, "a second document starts here", cure)

    def _refuse_tag(self, tag: str | None, line: int) -> None:
        if tag not in {None, "!"}:
            self._refuse(line, f"a tag ({tag}) is used", "the value without it")

    def _begin(self, opened: _Open) -> None:
        self._open.append(opened)
        if len(self._open) > MOST_DEPTH:
            cure = f"lists and tables at most {MOST_DEPTH} deep"
            self._refuse(opened.line, "it is nested too deeply", cure)
            raise ConfigurationError(self.problems)

    def _end(self) -> None:
        closed = self._open.pop()
        self._add(self._table(closed) if closed.table else YamlList(tuple(closed.nodes), closed.line))

    def _add(self, node: YamlNode) -> None:
        if self._open:
            self._open[-1].nodes.append(node)
        elif self.root is None:
            self.root = node

    def _table(self, closed: _Open) -> YamlTable:
        entries: list[tuple[YamlText, YamlNode]] = []
        first: dict[str, int] = {}
        for key, value in zip(closed.nodes[::2], closed.nodes[1::2], strict=True):
            if not isinstance(key, YamlText):
                self._refuse(key.line, "a key is not a word", "key: value")
            elif key.value in first:
                what = f"'{key.value}' stands here a second time (first in line {first[key.value]})"
                self._refuse(key.line, what, "it once; or a - before each entry, if these are two entries")
            else:
                first[key.value] = key.line
                entries.append((key, value))
        return YamlTable(tuple(entries), closed.line)

    def _refuse(self, line: int, what: str, cure: str) -> None:
        self.problems.append(Problem(f"{self.file}:{line}", what, cure))
