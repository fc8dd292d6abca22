"""Callers of the login menu: a fold of :mod:`softswitch.queues.login_menu.facts` and of the keys that they press."""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.calls.facts import ConversationEnded
from softswitch.calls.guide_facts import LegKeyPressed
from softswitch.core.facts import Record
from softswitch.core.state_table import StateTable, Word
from softswitch.queues.login_menu.facts import MenuDone, MenuSpoke


class Waiting(Word):
    """What the menu waits for."""

    CHOICE = "choice"
    """One of the keys that it has named."""
    NUMBER = "number"
    """The number of a status, then the hash key."""
    END = "end"
    """That what it says last has been heard."""


class MenuInput(Word):
    """What can happen to it."""

    CHOSE = "a key that does something"
    """Queues are entered or left."""
    ASKED = "a key that asks for more"
    MISSED = "silence, or another key"
    NUMBERED = "the number of a status"
    WRONG = "the number of no status"
    GAVE_UP = "silence for the last time"


TABLE = StateTable(
    "login menu",
    {
        (Waiting.CHOICE, MenuInput.CHOSE): Waiting.END,
        (Waiting.CHOICE, MenuInput.ASKED): Waiting.NUMBER,
        (Waiting.CHOICE, MenuInput.MISSED): Waiting.CHOICE,
        (Waiting.CHOICE, MenuInput.GAVE_UP): Waiting.END,
        (Waiting.NUMBER, MenuInput.NUMBERED): Waiting.END,
        (Waiting.NUMBER, MenuInput.WRONG): Waiting.NUMBER,
        (Waiting.NUMBER, MenuInput.MISSED): Waiting.NUMBER,
        (Waiting.NUMBER, MenuInput.GAVE_UP): Waiting.END,
    },
)


@dataclass(slots=True)
class MenuCall:
    """One caller."""

    user: str
    waiting: Waiting
    until_s: float
    silences: int
    keys: str = ""
    """Pressed since the menu spoke last."""


@dataclass(slots=True)
class MenuState:
    """All of them, by conversation."""

    calls: dict[str, MenuCall] = field(default_factory=dict)

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made, conversation_id = record.fact, record.conversation_id
        if type(made) is MenuSpoke:
            waiting = Waiting(made.waits_for)
            self.calls[conversation_id] = MenuCall(made.user, waiting, made.until_s, made.silences)
        elif type(made) in {MenuDone, ConversationEnded}:
            self.calls.pop(conversation_id, None)
        elif type(made) is LegKeyPressed and conversation_id in self.calls:
            self.calls[conversation_id].keys += made.key
