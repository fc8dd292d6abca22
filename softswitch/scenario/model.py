"""A scenario as it was written: named steps, some of which hold blocks of further steps.

A step's place is its path: ``2`` is the second step, ``2.keys.1.3`` the third step behind key 1 of that step. Paths
stand in facts, so that a switch that was restarted goes on at the step it was in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from softswitch.calls.inputs import Input
from softswitch.scenario.running import Event, Here, Over, Wait

Seconds = Annotated[float, Field(gt=0, le=3600)]
"""A time that somebody waits."""


class Step(BaseModel):
    """What every kind of step has: its name in files, and what it may say of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    kind: ClassVar[str]
    """Its name in a scenario file."""
    ends: ClassVar[bool] = False
    """Whether nothing after it in its block is ever reached."""

    missing: ClassVar[str] = ""
    """What the switch lacks to run it; empty for a step that runs."""

    def blocks(self) -> Mapping[str, Block]:
        """Return the blocks in it by the last part of their paths."""
        return {}

    def audio(self) -> Mapping[str, str]:
        """Return the audio files that it plays, by the key that names them."""
        return {}

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return what it names of the site or of other scenarios: key to (kind, name)."""
        return {}

    def employees(self) -> tuple[str, ...]:
        """Return the users whom it may ring; a group stands as ``group:NAME``."""
        return ()

    def label(self) -> str:
        """Say in a few words what it does, for drawings."""
        return self.kind

    def begin(self, here: Here) -> Wait | Over:
        """Begin: the caller has come to this step. One that cannot be run yet is passed over."""
        return Over("not available")

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Take what happened while the step waits; None where it makes no difference."""
        return None

    def asks(self, here: Here) -> Sequence[Input]:
        """Return what the step asks of the calls as it comes to its present phase."""
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
        return {"type": "array", "items": {"$ref": "#/$defs/step"}}

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

    def __post_init__(self) -> None:
        self._by_path.update((placed.path, placed) for placed in self.walk())

    def walk(self) -> Iterator[Placed]:
        """Give every step, outer ones before those in them."""
        yield from _walk(self.steps)

    def at(self, path: str) -> Placed | None:
        """Return the step of a path, or None."""
        return self._by_path.get(path)


def _walk(block: Block) -> Iterator[Placed]:
    for placed in block:
        yield placed
        for inner in placed.step.blocks().values():
            yield from _walk(inner)
