"""A scenario as it was written: named steps, some of which hold blocks of further steps.

A step's place is its path: ``2`` is the second step, ``2.keys.1.3`` the third step behind key 1 of that step. Paths
stand in facts, so that a switch that was restarted goes on at the step it was in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from softswitch.calls.inputs import Input
from softswitch.calls.recording.inputs import RecordingInput
from softswitch.scenario.errands import Errand
from softswitch.scenario.running import Event, Here, Over, Wait
from softswitch.scenario.texts import GIVEN, NAME

STEP_HERE: Final = "x-step"
"""Stands in a model's JSON Schema where any step may: :mod:`softswitch.scenario.schema` puts a reference there."""
TEXT: Final[dict[str, Any]] = {"type": ["string", "number"]}
"""How a text stands in the JSON Schema: YAML makes a number of what looks like one, and here that is a text too."""
Seconds = Annotated[float, Field(gt=0, le=3600)]
"""A time that somebody waits."""


def _variable(name: object) -> object:
    """Refuse what is no name of a variable, and those that every call has."""
    if not NAME.fullmatch(str(name)):
        raise ValueError(f"'{str(name)[:40]}' is no name of a variable|small letters, digits and _, e.g. account")
    if name in GIVEN:
        raise ValueError(f"{name} is {GIVEN[str(name)]}, and is not set|another name, e.g. my_{name}")
    return name


Variable = Annotated[str, BeforeValidator(_variable)]
"""The name of a variable that a step sets."""


class Step(BaseModel):
    """What every kind of step has: its name in files, and what it may say of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    kind: ClassVar[str]
    """Its name in a scenario file."""
    ends: ClassVar[bool] = False
    """Whether nothing after it in its block is ever reached."""

    instant: ClassVar[bool] = False
    """Whether no time passes in it, nor in what is reached through it."""

    missing: ClassVar[str] = ""
    """What the switch lacks to run it; empty for a step that runs."""

    def blocks(self) -> Mapping[str, Block]:
        """Return the blocks in it by the last part of their paths."""
        return {}

    def audio(self) -> Mapping[str, str]:
        """Return the audio files that it plays, by the key that names them."""
        return {}

    def calendars(self) -> Mapping[str, tuple[str, str]]:
        """Return the calendar files that it goes by, each with its time zone, by the key that names them."""
        return {}

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return what it names of the site or of other scenarios: key to (kind, name)."""
        return {}

    def employees(self) -> tuple[str, ...]:
        """Return the users whom it may ring; a group stands as ``group:NAME``."""
        return ()

    @property
    def leads_to(self) -> str:
        """The scenario that it enters, or an empty text."""
        return ""

    def sets(self) -> tuple[str, ...]:
        """Return the variables that it may set."""
        return ()

    def texts(self) -> Mapping[str, Sequence[str]]:
        """Return the texts that may have variables in them, by the key that holds them."""
        return {}

    def label(self) -> str:
        """Say in a few words what it does, for drawings."""
        return self.kind

    def takes_keys(self, phase: str) -> bool:
        """Tell whether it takes keys in a phase and they are no secret; others are sealed until a step takes them."""
        return False

    def begin(self, here: Here) -> Wait | Over:
        """Begin: the caller has come to this step. One that cannot be run yet is passed over."""
        return Over("not available")

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Take what happened while the step waits; None where it makes no difference."""
        return None

    def asks(self, here: Here) -> Sequence[Input | RecordingInput | Errand]:
        """Return what the step asks of the calls, and of the world outside, as it comes to its present phase."""
        return ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A step, and where it stands."""

    step: Step
    path: str
    line: int
    """In its file."""
    lines: Mapping[str, int]
    """Where each of its keys stands."""

    def line_of(self, key: str) -> int:
        """Return the line of a key, or of the step where the key was not written."""
        return self.lines.get(key, self.line)


@dataclass(frozen=True, slots=True)
class Block:
    """Steps that run one after the other."""

    steps: tuple[Placed, ...] = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Take blocks that the reader has made; it knows their lines, which pydantic does not."""
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe a block for editors."""
        return {"type": "array", "items": {STEP_HERE: True}}

    @property
    def first(self) -> Placed | None:
        """The first step, or None where there is none."""
        return self.steps[0] if self.steps else None

    def __iter__(self) -> Iterator[Placed]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named list of steps.

    Attributes:
        name: by which numbers and other scenarios name it.
        file: where it stands.
        line: of its name.
        steps: what it does.
    """

    name: str
    file: str
    line: int
    steps: Block
    _by_path: dict[str, Placed] = field(init=False, default_factory=dict, repr=False, compare=False)
    _after: dict[str, Placed | None] = field(init=False, default_factory=dict, repr=False, compare=False)
    _above: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict, repr=False, compare=False)
    """Noted when first asked for."""

    def __post_init__(self) -> None:
        self._by_path.update((placed.path, placed) for placed in self.walk())
        self._after.update(_followers(self.steps))

    def walk(self) -> Iterator[Placed]:
        """Give every step, outer ones before those in them."""
        yield from _walk(self.steps)

    def at(self, path: str) -> Placed | None:
        """Return the step of a path, or None."""
        return self._by_path.get(path)

    def after(self, path: str) -> Placed | None:
        """Return the step that follows the one of a path, or None where the scenario ends there."""
        return self._after.get(path)

    def employees_above(self, path: str) -> tuple[str, ...]:
        """Return whom the steps before the one of a path may ring, each once; a group stands as ``group:NAME``."""
        found = self._above.get(path)
        if found is None:
            before = takewhile(lambda placed: placed.path != path, self.walk())
            names = (name for placed in before for name in placed.step.employees())
            found = self._above[path] = tuple(dict.fromkeys(names))
        return found


def _walk(block: Block) -> Iterator[Placed]:
    for placed in block:
        yield placed
        for inner in placed.step.blocks().values():
            yield from _walk(inner)


def _followers(block: Block, beyond: Placed | None = None) -> Iterator[tuple[str, Placed | None]]:
    """Give the path of each step with the step after it: the next of its block, else the one after who holds it."""
    for placed, after in zip(block.steps, (*block.steps[1:], beyond), strict=False):
        yield placed.path, after
        for inner in placed.step.blocks().values():
            yield from _followers(inner, after)
