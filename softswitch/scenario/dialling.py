"""What steps have in common that let a caller press keys until they are somebody, who is rung then."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from pydantic import Field

from softswitch.calls.guide_inputs import HushCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.listening import HEARING, LISTENING, ask_to_play
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.ringing import RINGING, ask_plan, begin_plan, hear_plan
from softswitch.scenario.running import Event, Here, KeyCame, NobodyReached, Over, PlayOver, TimeOver, Wait


class DialledStep(Step):
    """Gathers keys, then rings. The first thing that is remembered are the keys so far."""

    file: str | None = Field(None, description="Played before; the first key ends it.", examples=["enter.wav"])
    wait_s: Seconds = Field(10.0, description="How long to wait for the first key, from the file's end.")
    between_s: Seconds = Field(4.0, description="How long to wait for one more key.")
    ring_s: Seconds = Field(20.0, description="How long the phones ring.")

    @abstractmethod
    def key(self, here: Here, key: str) -> Wait | Over:
        """Take a key."""

    @abstractmethod
    def pause(self, here: Here) -> Wait | Over:
        """Go on where no key has come in time."""

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def takes_keys(self, phase: str) -> bool:
        """Tell that its keys are no secret."""
        return phase in HEARING

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Gather keys until they are somebody, then ring."""
        if isinstance(event, NobodyReached):
            return hear_plan(here, event, self.ring_s)
        if here.phase == RINGING:
            return None
        if isinstance(event, KeyCame):
            return self.key(here, event.key)
        if isinstance(event, PlayOver):
            return Wait(LISTENING, self.wait_s, here.memory)
        return self.pause(here) if isinstance(event, TimeOver) else None

    def ring(self, here: Here, user: str, *, keys_used: int) -> Wait | Over:
        """Ring somebody."""
        return begin_plan(here, (user,), self.ring_s)._replace(keys_used=keys_used)

    def asks(self, here: Here) -> Sequence[Input]:
        """Play the prompt, be silent, or ring."""
        if here.phase == RINGING:
            return (HushCaller(here.conversation_id), *ask_plan(here, self.ring_s))
        return ask_to_play(here, self.file)
