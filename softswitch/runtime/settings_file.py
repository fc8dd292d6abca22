"""Reading ``softswitch.toml``: every mistake is told with file, line, what is wrong and what to write instead."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.runtime.settings import RetentionRule, Settings

DEFAULT_FILE: Final = Path("softswitch.toml")
_PREFIX: Final = "SOFTSWITCH_"
_TABLES: Final[Mapping[tuple[Any, ...], type[BaseModel]]] = {("recording", "rules"): RetentionRule}
"""Keys that hold any number of tables."""
_TOML_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings: defaults, then the file, then the environment.

    Args:
        path: the file; None: ``softswitch.toml`` in the working directory where there is one, else defaults.

    Returns:
        The settings, with an absolute storage directory.

    Raises:
        ConfigurationError: the file or a variable is wrong; all mistakes at once.
    """
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    text = "" if path is None else _read(path)
    values = {} if path is None else _parse(path, text)
    _refuse_unknown_variables()
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigurationError([_problem(detail, path, text) for detail in _told_once(error.errors())]) from None
    return _with_absolute_directory(settings, path)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise ConfigurationError([Problem(str(path), what, "--config with the path of an existing file")]) from None
    except UnicodeDecodeError:
        raise ConfigurationError([Problem(str(path), "is not UTF-8 text", "the file saved as UTF-8")]) from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_PLACE.search(str(error))
        line = int(match[1]) if match and match[1] else len(text.splitlines())
        what = "not TOML: " + _TOML_PLACE.sub("", str(error))
        raise ConfigurationError([Problem(f"{path}:{line}", what, _toml_cure(text, line))]) from None


def _toml_cure(text: str, line: int) -> str:
    """Guess what was meant by a line that is not TOML: mostly quotes are missing."""
    lines = text.splitlines()
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    match = re.fullmatch(r"\s*([A-Za-z_]+)\s*[=:]\s*([^\"'\[]+?)\s*", written)
    return f'{match[1]} = "{match[2]}"' if match else 'key = "value" below a line [section]'


def _refuse_unknown_variables() -> None:
    """An unknown key of a known section is refused by the model; an unknown section it would not see."""
    sections = list(Settings.model_fields)
    problems = [
        Problem(name, f"no section '{section}'", _did_you_mean(section, sections))
        for name in sorted(os.environ)
        if name.startswith(_PREFIX) and "__" in name
        for section in [name.removeprefix(_PREFIX).partition("__")[0].lower()]
        if section not in sections
    ]
    if problems:
        raise ConfigurationError(problems)


def _told_once(details: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """Keep one mistake a place: a union's members each complain of the same value."""
    seen: dict[tuple[int | str, ...], ErrorDetails] = {}
    for detail in details:
        seen.setdefault(detail["loc"][:2], detail)
    return list(seen.values())


def _problem(detail: ErrorDetails, path: Path | None, text: str) -> Problem:
    if detail["loc"][:2] in _TABLES and len(detail["loc"]) > 2:
        return _problem_in_table(detail, path, text)
    section, key = str(detail["loc"][0]), str(detail["loc"][1]) if len(detail["loc"]) > 1 else ""
    where = _where(section, key, path, text, detail["input"])
    if detail["type"] == "extra_forbidden":
        known = list(_keys_of(section)) if key else list(Settings.model_fields)
        name = f"'{key}' in [{section}]" if key else f"section [{section}]"
        return Problem(
            where, f"unknown {'key' if key else ''} {name}".replace("  ", " "), _did_you_mean(key or section, known)
        )
    context = detail.get("ctx", {})
    if detail["type"] == "setting":
        return Problem(where, f"{section}{key and '.'}{key}: {context['what']}", str(context["cure"]))
    return Problem(
        where, f"{section}.{key}: {detail['msg'][:1].lower()}{detail['msg'][1:]}", _default_line(section, key)
    )


def _problem_in_table(detail: ErrorDetails, path: Path | None, text: str) -> Problem:
    """Tell of a mistake in one of several tables of a name: ``[[section.key]]``."""
    section, name, number, *inner = detail["loc"]
    key, header = str(inner[0]) if inner else "", f"{section}.{name}"
    table = _TABLES[section, name]
    where = f"{path}:{_line_in_table(text, header, int(number), key)}"
    context = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        return Problem(where, f"unknown key '{key}' in [[{header}]]", _did_you_mean(key, list(table.model_fields)))
    if detail["type"] == "setting":
        return Problem(where, f"[[{header}]]: {context['what']}", str(context["cure"]))
    message = f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"
    return Problem(where, f"{key} in [[{header}]]: {message}", f"{key} = {table.model_fields[key].default!r}")


def _line_in_table(text: str, header: str, number: int, key: str) -> int:
    """Find the line of a key, counted from 1, in the ``number``-th table of a name; of the table where it is none."""
    seen, found = -1, 1
    for place, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[\[\s*{re.escape(header)}\s*\]\]", line):
            seen += 1
            found = place if seen == number else found
        elif seen == number and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return place
    return found


def _where(section: str, key: str, path: Path | None, text: str, value: object) -> str:
    """Name the variable that says it, else the line of the file."""
    variable = f"{_PREFIX}{section}__{key}".upper()
    if path is None or variable in os.environ:
        return variable
    return f"{path}:{line_of(text, section, key, value)}"


def line_of(text: str, section: str, key: str, value: object = None) -> int:
    """Find the line of a key, counted from 1; of its value where that is a text on a line of its own below."""
    current, found = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([^\]]+?)\s*\]\s*(?:#.*)?$", line)
        if header and not found:
            current = header[1].strip("\"'")
            if current == section and not key:
                return number
        elif not found and _names_key(line, current, section, key):
            found = number
        if found and isinstance(value, str) and value and value in line:
            return number
    return found or 1


def _names_key(line: str, current: str, section: str, key: str) -> bool:
    match = re.match(r"\s*[\"']?([\w.-]+)[\"']?\s*=", line)
    if match is None:
        return False
    dotted = f"{current}.{match[1]}" if current else match[1]
    return dotted == f"{section}.{key}" or (not key and dotted.partition(".")[0] == section)


def _keys_of(section: str) -> Mapping[str, Any]:
    annotation = Settings.model_fields[section].annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields
    return {}


def _did_you_mean(given: str, known: list[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1)
    return f"did you mean '{close[0]}'?" if close else "one of " + ", ".join(known)


def _default_line(section: str, key: str) -> str:
    default = Settings.model_construct().dump()[section]
    if key not in default:
        return f"[{section}]"
    value = default[key]
    if value is None:
        return f'{key} = "FILE.pem"'
    return f"{key} = {value}" if isinstance(value, int) else f"{key} = {value!r}".replace("'", '"')


def _with_absolute_directory(settings: Settings, path: Path | None) -> Settings:
    """Take directory and files relative to the file that was read, so that they are the same from everywhere."""
    from_environment = f"{_PREFIX}STORAGE__DIRECTORY" in os.environ
    base = Path() if path is None or from_environment else path.parent
    directory = (base / settings.storage.directory.expanduser()).absolute()
    storage = settings.storage.model_copy(update={"directory": directory})
    beside = Path() if path is None else path.parent
    names = ("certificate", "key", "client_ca", "peer_ca")
    files = {name: found for name in names if (found := getattr(settings.tls, name)) is not None}
    absolute = {name: (beside / found.expanduser()).absolute() for name, found in files.items()}
    return settings.model_copy(update={"storage": storage, "tls": settings.tls.model_copy(update=absolute)})
