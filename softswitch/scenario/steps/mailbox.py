"""Listen to the messages of a mailbox, and say its greeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import ClassVar, Final

from pydantic import Field

from softswitch.calls.guide_inputs import AnswerCaller, HushCaller, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.calls.recording.inputs import RecordingInput
from softswitch.calls.voicemail.facts import VoicemailDeleted, VoicemailGreetingSet, VoicemailHeard
from softswitch.scenario.model import Step
from softswitch.scenario.running import Event, Here, KeyCame, Over, PlayOver, TimeOver, Wait
from softswitch.scenario.say_greeting import AGAIN, PHASES, begin_greeting, greeting_asks, hear_greeting

_BOX: Final = "box"
_PIN: Final = "pin"
_COUNT: Final = "count"
_MESSAGE: Final = "message"
_BYE: Final = "bye"
_KEYS: Final = " keys"
"""Behind a phase in which nothing is played any more and keys are awaited."""
_WAIT_S: Final = 10.0
_PAUSE_S: Final = 4.0
"""Behind a message, before the next one."""
_LONGEST_S: Final = 900.0
_TRIES: Final = 3
_REMOVE: Final = "6"


class Mailbox(Step):
    """Let somebody listen to a mailbox: the caller's own, or one whose extension is entered; its code is asked for.

    Keys: ``1`` again, ``2`` or ``#`` next, ``3`` delete, ``5`` record the greeting, ``6`` have the usual words again,
    ``0`` or ``*`` leave. Messages that nobody has heard come first. Without a code only a user's own phone has the box.
    """

    kind: ClassVar[str] = "mailbox"

    file: str | None = Field(None, description="Asks for the extension of the box.", examples=["which-box.wav"])

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def begin(self, here: Here) -> Wait | Over:
        """Take the caller's own box, or ask for one."""
        own = here.variables.get("user", "")
        return self._enter(here, own, own=True) if own else Wait(_BOX, _LONGEST_S, ("", ""))

    def _enter(self, here: Here, box: str, *, own: bool, keys_used: int = 0) -> Wait | Over:
        """Ask for the code; memory: box, digits so far as they may be kept, tries left."""
        if here.world.mailbox_pin(box):
            return Wait(_PIN, _LONGEST_S, (box, "", str(_TRIES)), keys_used)
        return self._count(here, box, keys_used) if own else Over("no such box", keys_used=keys_used)

    def _count(self, here: Here, box: str, keys_used: int = 0, also: tuple[object, ...] = ()) -> Wait | Over:
        """Say how many there are; memory: box, then the messages that are still to come."""
        messages = sorted(here.world.mailbox(box), key=lambda message: message.heard)
        memory = (box, *(message.message for message in messages))
        if not self._counted(here, box):  # the language has no words for it
            return self._next(here, memory, keys_used=keys_used, also=also)
        return Wait(_COUNT, _LONGEST_S, memory, keys_used, also)

    def _counted(self, here: Here, box: str) -> Sequence[str]:
        fresh = sum(not message.heard for message in here.world.mailbox(box))
        return here.world.counted_messages(fresh, AGAIN, here.variables.get("language", ""))

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Go on by keys and as messages end."""
        phase = here.phase.removesuffix(_KEYS)
        if phase in {_BOX, _PIN}:
            return self._digits(here, event, phase)
        if phase in PHASES:
            heard = hear_greeting(here, event)
            return self._count(here, here.memory[0]) if isinstance(heard, Over) else heard
        if isinstance(event, KeyCame) and event.key in {AGAIN, _REMOVE}:
            return self._greeting(here, event.key)
        if phase == _COUNT:
            return self._next(here, here.memory) if isinstance(event, PlayOver | KeyCame | TimeOver) else None
        if phase == _BYE:
            return Over("heard") if isinstance(event, PlayOver | TimeOver) else None
        return self._in_message(here, event)

    def _greeting(self, here: Here, key: str) -> Wait | Over:
        box = here.memory[0]
        if key == AGAIN:
            return begin_greeting(box, keys_used=1)
        return self._count(here, box, 1, (VoicemailGreetingSet(box, ""),))

    def _digits(self, here: Here, event: Event, phase: str) -> Wait | Over | None:
        if isinstance(event, PlayOver):
            return Wait(phase + _KEYS, _WAIT_S, here.memory)
        if isinstance(event, TimeOver):
            return Over("time")
        if not isinstance(event, KeyCame):
            return None
        place = 0 if phase == _BOX else 1
        entered = here.memory[place]
        if event.key != "#":
            memory = (*here.memory[:place], entered + event.kept, *here.memory[place + 1 :])
            return Wait(phase + _KEYS, _WAIT_S, memory, keys_used=1)
        if phase == _BOX:
            return self._enter(here, here.world.box_at(here.revealed(entered)), own=False, keys_used=1)
        return self._check(here, entered)

    def _check(self, here: Here, entered: str) -> Wait | Over:
        box, _, tries = here.memory
        if compare_digest(here.revealed(entered), here.world.mailbox_pin(box)):
            return self._count(here, box, keys_used=1)
        left = int(tries) - 1
        return Wait(_PIN, _LONGEST_S, (box, "", str(left)), keys_used=1) if left else Over("wrong code", keys_used=1)

    def _next(
        self, here: Here, memory: tuple[str, ...], *, keys_used: int = 0, also: tuple[object, ...] = ()
    ) -> Wait | Over:
        """Go to the first message of what is left; one that is gone meanwhile is passed over."""
        box, *names = memory
        known = {message.message for message in here.world.mailbox(box)}
        left = [name for name in names if name in known]
        if not left and not here.phrase("goodbye"):
            return Over("heard", keys_used=keys_used, also=also)
        phase = _MESSAGE if left else _BYE
        return Wait(phase, _LONGEST_S, (box, *left), keys_used, also)

    def _in_message(self, here: Here, event: Event) -> Wait | Over | None:
        box, name, *rest = here.memory
        heard = (VoicemailHeard(box, name, "phone"),)
        if isinstance(event, PlayOver):
            return Wait(_MESSAGE + _KEYS, _PAUSE_S, here.memory, also=heard)
        if isinstance(event, TimeOver):
            return self._next(here, (box, *rest))
        if not isinstance(event, KeyCame):
            return None
        if event.key == "1":
            return Wait(_MESSAGE, _LONGEST_S, here.memory, keys_used=1)
        if event.key in {"2", "#"}:
            return self._next(here, (box, *rest), keys_used=1, also=heard)
        if event.key == "3":
            return self._next(here, (box, *rest), keys_used=1, also=(VoicemailDeleted(box, name, "phone"),))
        return (
            Over("left", keys_used=1) if event.key in {"0", "*"} else Wait(_MESSAGE + _KEYS, _PAUSE_S, here.memory, 1)
        )

    def asks(self, here: Here) -> Sequence[Input | RecordingInput]:
        """Play what belongs to the phase; while digits come, and after a message, be silent."""
        if here.phase in PHASES:
            return greeting_asks(here)
        answer, hush = AnswerCaller(here.conversation_id), HushCaller(here.conversation_id)
        sounds = () if here.phase.endswith(_KEYS) else self._sounds(here)
        return (answer, PlayToCaller(here.conversation_id, tuple(sounds))) if sounds else (answer, hush)

    def _sounds(self, here: Here) -> Sequence[str]:
        if here.phase == _BOX:
            return (here.sound(self.file),) if self.file else ()
        if here.phase == _PIN:
            again = here.memory[2] != str(_TRIES)
            return (*(here.phrase("wrong_pin") if again else ()), *here.phrase("enter_pin"))
        if here.phase == _COUNT:
            return self._counted(here, here.memory[0])
        if here.phase == _BYE:
            return here.phrase("goodbye")
        return (here.world.message_sound(here.memory[0], here.memory[1]),)

    def label(self) -> str:
        """Say it."""
        return "listen to messages"
