"""What is wrong with scenarios that can be read: names nobody has, missing audio, steps that no caller reaches.

Each rule is a function of one scenario and of what there is beside it; it gives problems, which stop a load, or
notices, which are told and stop nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from softswitch.core.errors import Problem
from softswitch.directory.fields import did_you_mean
from softswitch.scenario.guide import MOST_STEPS
from softswitch.scenario.model import Block, Placed, Scenario
from softswitch.scenario.steps.goto import Goto
from softswitch.scenario.steps.if_ import If
from softswitch.scenario.steps.menu import Menu
from softswitch.scenario.steps.number import Number
from softswitch.scenario.steps.scenario import SubScenario
from softswitch.scenario.steps.sip import Sip
from softswitch.scenario.steps.when import DAYS, When
from softswitch.scenario.texts import GIVEN, variables_in

AUDIO_SUFFIXES: Final = (".wav", ".mp3", ".ogg", ".flac")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a site has that scenarios may name."""

    names: Mapping[str, frozenset[str]]
    """By kind: user, group, queue, route, room."""
    empty_groups: frozenset[str] = frozenset()
    own_numbers: frozenset[str] = frozenset()
    """Numbers that lead to this switch, digits only."""
    domain: str = ""
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    answering: frozenset[str] = frozenset()
    """The scenarios that a number leads to; others come back to where they were entered from."""
    variables: frozenset[str] = field(init=False)
    """Those that every call has, and those that any scenario sets: callers take theirs from one to the next."""
    _known: dict[str, frozenset[str]] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        walked = (placed.step for scenario in self.scenarios.values() for placed in scenario.walk())
        found = frozenset((*GIVEN, *(name for step in walked for name in step.sets())))
        object.__setattr__(self, "variables", found)

    def known(self, kind: str) -> frozenset[str]:
        """Return the names of a kind: ``group``, ``scenario``, or of several kinds, ``user or group``."""
        if kind not in self._known:
            parts = kind.split(" or ")
            named = (self.scenarios if part == "scenario" else self.names.get(part, ()) for part in parts)
            self._known[kind] = frozenset(name for part in named for name in part)
        return self._known[kind]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a scenario, and whether it stops the load."""

    problem: Problem
    stops: bool = True


Rule = Callable[[Scenario, Surroundings], Iterator[Finding]]


def check(scenario: Scenario, around: Surroundings) -> list[Finding]:
    """Return what all rules find, in the order of the file."""
    found = [finding for rule in _RULES for finding in rule(scenario, around)]
    return sorted(found, key=lambda finding: int(finding.problem.where.rpartition(":")[2]))


def _at(scenario: Scenario, line: int, what: str, cure: str, *, stops: bool = True) -> Finding:
    return Finding(Problem(f"{scenario.file}:{line}", what, cure), stops)


def _unknown_names(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    for placed in scenario.walk():
        for key, (kind, name) in placed.step.names().items():
            known = around.known(kind)
            if name not in known:
                listed = ", ".join(sorted(known)[:8])
                cure = did_you_mean(
                    name, sorted(known), f"one of {listed}" if listed else f"a {kind} in the files first"
                )
                what = f"{placed.step.kind}: there is no {kind} {name}"
                yield _at(scenario, placed.line_of(key), what, cure)


def _missing_audio(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    folder = Path(scenario.file).parent
    for placed in scenario.walk():
        for key, name in placed.step.audio().items():
            path, line = folder / name, placed.line_of(key)
            if path.suffix.lower() not in AUDIO_SUFFIXES:
                what = f"{placed.step.kind}: '{name}' is no audio file"
                yield _at(scenario, line, what, f"a file of {', '.join(AUDIO_SUFFIXES)}")
            elif not path.is_file():
                what = f"{placed.step.kind}: there is no file {path}"
                yield _at(scenario, line, what, "the path of an audio file, relative to the scenario's folder")


def _unavailable(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    for placed in scenario.walk():
        if placed.step.missing:
            what = f"{placed.step.kind}: not available: {placed.step.missing}; callers pass over it"
            yield _at(scenario, placed.line, what, "another step meanwhile", stops=False)


def _unreachable(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    for block in _blocks(scenario.steps):
        for before, after in zip(block.steps, block.steps[1:], strict=False):
            if _always_ends(before, around, frozenset({scenario.name})):
                what = f"no caller reaches this step: '{before.step.label()}' in line {before.line} ends every call"
                yield _at(scenario, after.line, what, "take it away, or move it before that line", stops=False)
                break


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for placed in block:
        for inner in placed.step.blocks().values():
            yield from _blocks(inner)


def _always_ends(placed: Placed, around: Surroundings, entered: frozenset[str]) -> bool:
    """Tell whether a step lets nobody pass."""
    if placed.step.ends:
        return True
    if isinstance(placed.step, SubScenario) and placed.step.name not in entered:
        inner = around.scenarios.get(placed.step.name)
        return inner is not None and _block_ends(inner.steps, around, entered | {placed.step.name})
    if isinstance(placed.step, When) and not _covers_always(placed.step):
        return False
    if isinstance(placed.step, If) and placed.step.else_ is None:
        return False
    if isinstance(placed.step, When | If):
        return all(_block_ends(block, around, entered) for block in placed.step.blocks().values())
    return False


def _covers_always(step: When) -> bool:
    return step.unlimited and len(step.days) == 7 and step.from_ == 0 and step.to == 24 * 60


def _block_ends(block: Block, around: Surroundings, entered: frozenset[str]) -> bool:
    return any(_always_ends(placed, around, entered) for placed in block)


def _loops(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    """A scenario that leads back to itself before any step that takes a caller's time."""
    for placed in _entered_at_once(scenario.steps):
        target = placed.step.leads_to
        if target and _leads_to(target, scenario.name, around, frozenset()):
            what = f"a loop without an exit: '{target}' leads back to '{scenario.name}' at once"
            yield _at(
                scenario, placed.line, what, "a step before it that a caller can be answered by, or another target"
            )


def _entered_at_once(block: Block) -> Iterator[Placed]:
    """Give the steps that are reached without any time passing."""
    for placed in block:
        yield placed
        if not placed.step.instant or placed.step.ends:
            return
        for inner in placed.step.blocks().values():
            yield from _entered_at_once(inner)


def _leads_to(start: str, goal: str, around: Surroundings, seen: frozenset[str]) -> bool:
    if start == goal:
        return True
    inner = around.scenarios.get(start)
    if inner is None or start in seen:
        return False
    return any(
        placed.step.leads_to != "" and _leads_to(placed.step.leads_to, goal, around, seen | {start})
        for placed in _entered_at_once(inner.steps)
    )


def _goes_round(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    """A last step that begins the scenario anew for whoever does nothing."""
    for placed in scenario.steps:
        if isinstance(placed.step, Goto) and placed.step.scenario == scenario.name:
            what = f"whoever does nothing goes round in '{scenario.name}' until {MOST_STEPS} steps are taken"
            yield _at(scenario, placed.line, what, "- hang_up: {}, or count rounds with - set and - if", stops=False)


def _unknown_variables(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    known = around.variables
    for placed in scenario.walk():
        for key, texts in placed.step.texts().items():
            for name in dict.fromkeys(name for text in texts for name in variables_in(text)):
                if name not in known:
                    cure = did_you_mean(name, sorted(known), f"one of {', '.join(sorted(known)[:8])}")
                    yield _at(scenario, placed.line_of(key), f"{placed.step.kind}: no step sets {{{name}}}", cure)


_WEEK: Final = tuple((day, minute) for day in range(7) for minute in range(0, 24 * 60, 15))


def _uncovered_hours(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    """Hours of the week for which there is no step, where each step is for some hours only."""
    steps = [placed.step for placed in scenario.steps]
    if scenario.name not in around.answering or not all(isinstance(step, When) for step in steps):
        return
    hours = [step for step in steps if isinstance(step, When) and step.unlimited]
    free = [(day, at) for day, at in _WEEK if not any(step.on_week_day(day, at) for step in hours)]
    if hours and free:
        day, minute = free[0]
        what = (
            f"no step is for {DAYS[day]} {minute // 60:02}:{minute % 60:02}, and {len(free) / 4:g} hours a week in all"
        )
        cure = "a last step without hours, e.g. - voicemail or - hang_up"
        yield _at(scenario, scenario.steps.steps[0].line, what, cure, stops=False)


def _dead_ends(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    """Branches of a menu without a step, and scenarios without any."""
    if not len(scenario.steps):
        yield _at(scenario, scenario.line, "the scenario has no steps", "at least one, e.g. - hang_up: {}")
    for placed in scenario.walk():
        for key, block in placed.step.blocks().items():
            if not len(block):
                where = f"key {key.removeprefix('keys.')}" if isinstance(placed.step, Menu) else "it"
                what = f"{placed.step.kind}: {where} leads to no step"
                yield _at(
                    scenario, placed.line_of(key.partition(".")[0]), what, "at least one step, e.g. [{hang_up: {}}]"
                )


def _runs_out(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    if (
        scenario.name in around.answering
        and len(scenario.steps)
        and not _block_ends(scenario.steps, around, frozenset({scenario.name}))
    ):
        last = scenario.steps.steps[-1]
        what = f"a caller whom nobody answers reaches the end after '{last.step.label()}' and is hung up on"
        yield _at(
            scenario, last.line, what, "- voicemail or - hang_up as the last step says what you want", stops=False
        )


def _never_open(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    for placed in scenario.walk():
        step = placed.step
        if isinstance(step, When) and (not step.days or step.from_ == step.to):
            cure = 'from and to that differ, e.g. from: "09:00", to: "18:00"'
            yield _at(scenario, placed.line_of("from"), "when: no moment lies in this range", cure)


def _to_oneself(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    for placed in scenario.walk():
        step = placed.step
        if isinstance(step, Number) and step.to.lstrip("+") in around.own_numbers:
            what = f"number: {step.to} leads back to this switch"
            yield _at(scenario, placed.line_of("to"), what, "- scenario, - employee or - group for what is inside")
        if isinstance(step, Sip) and _host(step.to) == around.domain.lower():
            what = f"sip: {step.to} is an address of this switch"
            yield _at(scenario, placed.line_of("to"), what, "- employee or - group for what is inside")


def _host(address: str) -> str:
    return address.rpartition("@")[2].partition(";")[0].partition(":")[0].lower()


def _empty_groups(scenario: Scenario, around: Surroundings) -> Iterator[Finding]:
    for placed in scenario.walk():
        for key, (kind, name) in placed.step.names().items():
            if kind == "group" and name in around.empty_groups:
                what = f"{placed.step.kind}: group {name} has no members"
                yield _at(scenario, placed.line_of(key), what, f"members for the group {name}, or another group")


_RULES: Final[tuple[Rule, ...]] = (
    _unknown_names,
    _missing_audio,
    _empty_groups,
    _never_open,
    _to_oneself,
    _loops,
    _goes_round,
    _unknown_variables,
    _uncovered_hours,
    _dead_ends,
    _unreachable,
    _runs_out,
    _unavailable,
)
