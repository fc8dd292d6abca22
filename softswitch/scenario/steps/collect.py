"""Collect digits into a variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field, model_validator

from softswitch.calls.inputs import Input
from softswitch.scenario.listening import HEARING, LISTENING, ask_to_play, prompt
from softswitch.scenario.model import Block, Seconds, Step, Variable
from softswitch.scenario.running import Event, Here, KeyCame, Over, PlayOver, TimeOver, Wait

_END = "#"


class Collect(Step):
    """Let the caller enter digits, ``#`` or a pause ends them; too few, or none, ask again, then ``failed`` runs.

    What is remembered: the digits so far, and how often may be asked again.
    """

    kind: ClassVar[str] = "collect"

    into: Variable = Field(description="The variable that gets the digits.", examples=["account"])
    file: str | None = Field(None, description="Played before; the first digit ends it.", examples=["account.wav"])
    least: int = Field(1, ge=1, le=32, description="How many digits there must be.")
    most: int = Field(16, ge=1, le=32, description="After how many no more is waited for.")
    wait_s: Seconds = Field(10.0, description="How long to wait for the first digit, from the file's end.")
    between_s: Seconds = Field(4.0, description="How long to wait for one more digit.")
    retries: int = Field(0, ge=0, le=10, description="How often to ask again.")
    secret: bool = Field(False, description="Whether the digits are a code: then the journal does not show them.")
    failed: Block | None = Field(None, description="What runs where no digits came; without it the next step.")

    @model_validator(mode="after")
    def _is_possible(self) -> Collect:
        if self.least > self.most:
            raise ValueError(f"at least {self.least} digits and at most {self.most}|least that is not above most")
        return self

    def blocks(self) -> Mapping[str, Block]:
        """Return what runs where no digits came."""
        return {} if self.failed is None else {"failed": self.failed}

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def sets(self) -> tuple[str, ...]:
        """Return the variable."""
        return (self.into,)

    def takes_keys(self, phase: str) -> bool:
        """Tell whether its keys are no secret."""
        return not self.secret and phase in HEARING

    def begin(self, here: Here) -> Wait:
        """Ask."""
        return prompt(self.file, self.wait_s, ("", str(self.retries)))

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Gather digits until they are enough."""
        if isinstance(event, KeyCame):
            return self._key(here, event)
        if isinstance(event, PlayOver):
            return Wait(LISTENING, self.wait_s, here.memory)
        return self._complete(here, here.memory[0], 0) if isinstance(event, TimeOver) else None

    def _key(self, here: Here, came: KeyCame) -> Wait | Over:
        if came.key == _END:
            return self._complete(here, here.memory[0], 1)
        digits = here.memory[0] + (came.kept if self.secret else came.key)
        if len(digits) >= self.most:
            return self._complete(here, digits, 1)
        return Wait(LISTENING, self.between_s, (digits, here.memory[1]), keys_used=1)

    def _complete(self, here: Here, digits: str, keys_used: int) -> Wait | Over:
        if len(digits) >= self.least:
            return Over("entered", keys_used=keys_used, sets=((self.into, digits),))
        left = int(here.memory[1])
        if left:
            return prompt(self.file, self.wait_s, ("", str(left - 1)), keys_used=keys_used)
        how = "too few digits" if digits else "no digits"
        return Over(how, into="" if self.failed is None else "failed", keys_used=keys_used, sets=((self.into, ""),))

    def asks(self, here: Here) -> Sequence[Input]:
        """Play the prompt, or be silent."""
        return ask_to_play(here, self.file)

    def label(self) -> str:
        """Name the variable."""
        return f"ask for {self.into}"
