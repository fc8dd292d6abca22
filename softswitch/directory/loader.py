"""Loading a site: all its files are read and checked as a whole, and nothing is taken over while anything is wrong.

A path is a file, or a folder with ``site.yaml`` and ``scenarios/``. A file whose table has ``steps`` is a scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.directory.connectors import EVENTS, Crm, Webhook
from softswitch.directory.encryption import OFF, OPTIONAL
from softswitch.directory.fields import Checker, Entry, did_you_mean, read_table
from softswitch.directory.key_policy import AUTO
from softswitch.directory.notices import find_notices
from softswitch.directory.presets import custom_statuses
from softswitch.directory.queue_entry import beside, queue_of, wrap_up_values
from softswitch.directory.references import Sections, find_conflicts
from softswitch.directory.sections import NUMBER_TARGETS, SECTIONS
from softswitch.directory.site import (
    Contact,
    Group,
    Number,
    Room,
    Route,
    ScenarioText,
    Site,
    Trunk,
    User,
    make_site,
    shortest_address,
)
from softswitch.directory.statuses import DEFAULT_PRESET
from softswitch.directory.yaml_reader import ONE_USER, YamlList, YamlNode, YamlTable, YamlText, read_yaml
from softswitch.sip.auth import ha1_md5, ha1_sha256

_SUFFIXES: Final = (".yaml", ".yml")
_SCENARIO: Final = "name: main, and steps: below it, a list"
SCENARIOS: Final = "scenarios"
"""The folder of scenarios beside the site file: nothing else stands in it."""
TESTS: Final = ".tests"
"""Before the suffix of a file beside a scenario that holds its tests, which no load reads."""


@dataclass(frozen=True, slots=True)
class LoadedSite:
    """A site that was checked, and what there is to say about it."""

    site: Site
    paths: tuple[str, ...]
    """What it was loaded from, absolute."""
    notices: tuple[str, ...]
    """What is right but should be known: keys that are not served yet, weak passwords. With file and line."""


@dataclass(frozen=True, slots=True)
class ScenarioFindings:
    """What is wrong with the scenarios of a site, and what should be known."""

    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()
    calendars: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """As :class:`softswitch.directory.site.Site` has them."""


ScenarioCheck = Callable[[Mapping[str, tuple[str, YamlTable]], Sections, str], ScenarioFindings]
"""(file and table of each scenario by name, entries of the site's files, domain) -> what is wrong."""


class _Reading:
    """The entries of all files read so far, and what is wrong with them."""

    def __init__(self) -> None:
        self.sections: dict[str, list[Entry]] = {section: [] for section in SECTIONS}
        self.scenarios: dict[str, str] = {}
        self.trees: dict[str, tuple[str, YamlTable]] = {}
        self.texts: list[ScenarioText] = []
        self.problems: list[Problem] = []
        self.unread: set[str] = set()
        """Scenarios, by their files' names, that could not be read: that others name them is no mistake."""

    def file(self, path: Path) -> None:
        """Read one file; its problems are kept, so that the other files are looked at too."""
        try:
            octets = path.read_bytes()
            tree = read_yaml(octets, str(path), wanted=_SCENARIO if path.parent.name == SCENARIOS else ONE_USER)
        except OSError as error:
            cure = "the path of a file that this account may read"
            self.problems.append(Problem(str(path), f"cannot be read: {error.strerror}", cure))
            return
        except ConfigurationError as error:
            self.problems += error.problems
            self.unread.add(path.stem)
            return
        checker = Checker(str(path))
        if path.parent.name == SCENARIOS or (isinstance(tree, YamlTable) and tree.get("steps") is not None):
            self._scenario(tree, checker, octets.decode())
        else:
            self._site(tree, checker)
        self.problems += checker.problems

    def _site(self, tree: YamlNode, checker: Checker) -> None:
        if not isinstance(tree, YamlTable):
            checker.refuse(tree.line, "the file has no sections", "users: at the start of a line, and - entries below")
            return
        for key, value in tree.entries:
            fields = SECTIONS.get(key.value)
            if fields is None:
                cure = did_you_mean(key.value, SECTIONS, f"one of {', '.join(SECTIONS)}")
                checker.refuse(key.line, f"unknown section '{key.value}'", cure)
            elif isinstance(value, YamlList):
                for i, item in enumerate(value.items, start=1):
                    entry = read_table(item, f"{key.value}, entry {i},", fields, checker)
                    if entry is not None:
                        self.sections[key.value].append(entry)
            elif not (isinstance(value, YamlText) and value.plain and not value.value):
                checker.refuse(value.line, f"{key.value} is not a list", "- before each entry, or [] for none")

    def _scenario(self, tree: YamlNode, checker: Checker, text: str) -> None:
        name = tree.get("name") if isinstance(tree, YamlTable) else None
        if not isinstance(tree, YamlTable):
            checker.refuse(tree.line, "this is no scenario", _SCENARIO)
            self.unread.add(Path(checker.file).stem)
        elif not isinstance(name, YamlText) or not name.value:
            checker.refuse(tree.line, "the scenario has no name", "name: main")
            self.unread.add(Path(checker.file).stem)
        elif name.value in self.scenarios:
            what = f"scenario '{name.value}' stands in {self.scenarios[name.value]} already"
            checker.refuse(name.line, what, "another name")
        else:
            self.scenarios[name.value] = f"{checker.file}:{name.line}"
            self.trees[name.value] = (checker.file, tree)
            self.texts.append(ScenarioText(name.value, str(Path(checker.file).resolve()), text))


def load_paths(paths: Sequence[Path | str], *, domain: str, scenarios: ScenarioCheck) -> LoadedSite:
    """Read and check all files as a whole.

    Args:
        paths: files and folders.
        domain: the configured SIP domain, the realm that the passwords are hashed for.
        scenarios: checks the scenarios.

    Raises:
        ConfigurationError: with every problem of every file; nothing is half loaded.
    """
    reading = _Reading()
    given = tuple(Path(path) for path in paths)
    for file in _files(given, reading.problems):
        reading.file(file)
    found = scenarios(reading.trees, reading.sections, domain)
    related = (*find_conflicts(reading.sections, reading.scenarios), *found.problems)
    follows = tuple(f"there is no scenario {name}" for name in reading.unread)
    reading.problems += [problem for problem in related if not problem.what.endswith(follows)]
    if reading.problems:
        raise ConfigurationError(_in_order(reading.problems))
    site = make_site(
        domain,
        (_user(entry, domain) for entry in reading.sections["users"]),
        (_number(entry) for entry in reading.sections["numbers"]),
        (_trunk(entry) for entry in reading.sections["trunks"]),
        routes=(_route(entry) for entry in reading.sections["routes"]),
        emergency={entry.text("number"): entry.texts("routes") for entry in reading.sections["emergency"]},
        groups=(_group(entry) for entry in reading.sections["groups"]),
        queues=(queue_of(entry) for entry in reading.sections["queues"]),
        statuses=(status for entry in reading.sections["statuses"] for status in custom_statuses(entry)),
        codes={entry.text("action"): entry.text("code") for entry in reading.sections["codes"]},
        contacts=(_contact(entry) for entry in reading.sections["contacts"]),
        scenarios=reading.texts,
        crm=(_crm(entry) for entry in reading.sections["crm"]),
        webhooks=(_webhook(entry) for entry in reading.sections["webhooks"]),
        calendars=found.calendars,
        rooms=(_room(entry) for entry in reading.sections["rooms"]),
    )
    notices = (*find_notices(reading.sections), *found.notices)
    return LoadedSite(site, tuple(str(path.resolve()) for path in given), notices)


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by file, as they were given, and line; tell each once."""
    told = list(dict.fromkeys(problems))
    places = [_place(problem) for problem in told]
    files = list(dict.fromkeys(file for file, _ in places))
    return [told[i] for i in sorted(range(len(told)), key=lambda i: (files.index(places[i][0]), places[i][1]))]


def _place(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.where, 0)


def _files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    """Give the files of all paths, each once, folders opened."""
    seen: set[Path] = set()
    for path in paths:
        found = _folder(path, problems) if path.is_dir() else [path]
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _folder(path: Path, problems: list[Problem]) -> list[Path]:
    site = [path / f"site{suffix}" for suffix in _SUFFIXES if (path / f"site{suffix}").is_file()]
    scenarios = [
        file
        for suffix in _SUFFIXES
        for file in sorted((path / SCENARIOS).glob(f"*{suffix}"))
        if not file.stem.endswith(TESTS)
    ]
    if not site and not scenarios:
        what = "the folder has neither site.yaml nor scenarios/"
        problems.append(Problem(str(path), what, "the path of a file, or of a folder that holds site.yaml"))
    return site[:1] + scenarios


def _user(entry: Entry, domain: str) -> User:
    extension, password = entry.text("extension"), entry.text("password")
    return User(
        entry.text("name"),
        extension,
        entry.text("display_name"),
        ha1_md5(extension, domain, password),
        ha1_sha256(extension, domain, password),
        entry.flag("sha256"),
        entry.text("preset", DEFAULT_PRESET),
        entry.values.get("respect_status") is not False,
        entry.flag("call_waiting") if "call_waiting" in entry.values else None,
        entry.texts("routes"),
        entry.texts("mobile"),
        recording=entry.text("recording"),
        recording_pause=entry.flag("recording_pause"),
        recording_notice=beside(entry, entry.text("recording_notice")),
        voicemail=entry.flag("voicemail") or bool(entry.whole("voicemail_after_s")),
        srtp=entry.text("srtp", OPTIONAL),
        srtp_without_tls=entry.flag("srtp_without_tls"),
        supervises=entry.texts("supervises"),
        told_when_supervised=entry.flag("told_when_supervised"),
        voicemail_pin=entry.text("voicemail_pin"),
        email=entry.text("email"),
        voicemail_after_s=float(entry.whole("voicemail_after_s") or 0),
    )


_ROUNDS: Final = {"simultaneous": 3, "sequential_until_answer": 3}
"""How often a list is gone through in modes that go on until somebody answers (V-36, V-41)."""


def _group(entry: Entry) -> Group:
    mode = entry.text("mode", "simultaneous")
    most = 10 if mode == "simultaneous" else None
    return Group(
        entry.text("name"),
        entry.text("extension"),
        mode,
        float(entry.whole("ring_s") or 20),
        entry.whole("max_unanswered") or most,
        entry.whole("max_rounds") or _ROUNDS.get(mode, 1),
        tuple((member.text("user"), _weight(member)) for member in entry.entries("members")),
        recording=entry.text("recording"),
        supervisors=entry.texts("supervisors"),
        **wrap_up_values(entry),
        voicemail_pin=entry.text("voicemail_pin"),
        email=entry.text("email"),
    )


def _weight(member: Entry) -> int:
    written = member.whole("weight")
    return 1 if written is None else written


def _room(entry: Entry) -> Room:
    tones = entry.values.get("tones") is not False
    return Room(
        entry.text("name"),
        entry.text("extension"),
        entry.text("pin"),
        tones,
        entry.texts("moderators"),
        entry.text("moderator_pin"),
        entry.flag("wait_for_moderator"),
        entry.flag("end_with_moderator"),
    )


def _route(entry: Entry) -> Route:
    return Route(entry.text("name"), entry.text("trunk"), entry.text("pattern"))


def _contact(entry: Entry) -> Contact:
    return Contact(
        entry.text("name"),
        entry.texts("numbers"),
        entry.text("responsible"),
        entry.text("email"),
        entry.whole("priority") or 0,
    )


def _crm(entry: Entry) -> Crm:
    return Crm(
        entry.text("name"),
        entry.text("url"),
        entry.text("responsible"),
        entry.text("token_env"),
        float(entry.whole("timeout_s") or 2),
        float(300 if "cache_s" not in entry.values else entry.whole("cache_s") or 0),
    )


def _webhook(entry: Entry) -> Webhook:
    return Webhook(entry.text("name"), entry.text("url"), entry.text("secret_env"), entry.texts("events") or EVENTS)


def _number(entry: Entry) -> Number:
    kind = next(target for target in NUMBER_TARGETS if target in entry.lines)
    return Number(entry.text("number"), kind, entry.text(kind), entry.whole("priority") or 0)


def _trunk(entry: Entry) -> Trunk:
    return Trunk(
        entry.text("name"),
        shortest_address(entry.text("host")),
        entry.whole("port"),
        entry.text("transport", "udp"),
        entry.flag("any_port"),
        entry.texts("hosts"),
        entry.text("username"),
        entry.text("password_env"),
        entry.text("password_file"),
        entry.text("caller_id"),
        entry.text("identity", "from"),
        entry.text("number_format", "as_dialled"),
        entry.text("country"),
        entry.texts("codecs"),
        entry.whole("calls") or 0,
        entry.whole("calls_each_user") or 0,
        entry.whole("calls_each_second") or 0,
        entry.flag("register"),
        recording=entry.text("recording"),
        calls_each_day=entry.whole("calls_each_day") or 0,
        calls_each_user_day=entry.whole("calls_each_user_day") or 0,
        calls_each_number_day=entry.whole("calls_each_number_day") or 0,
        dtmf=entry.text("dtmf", AUTO),
        srtp=entry.text("srtp", OFF),
        srtp_without_tls=entry.flag("srtp_without_tls"),
    )
