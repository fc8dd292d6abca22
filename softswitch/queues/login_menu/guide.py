"""The login menu as the guide of its callers: says what can be done, does what a key asks for, and hangs up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from softswitch.calls.facts import ConversationEnded, LegMediaOpened
from softswitch.calls.guide import GuideDue
from softswitch.calls.guide_facts import LegKeyPressed, LegPlayEnded
from softswitch.calls.guide_inputs import AnswerCaller, Dismiss, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.core.ids import leg_id
from softswitch.queues.login_menu.facts import MenuDone, MenuSpoke
from softswitch.queues.login_menu.state import TABLE, MenuCall, MenuInput, MenuState, Waiting

KIND: Final = "login-menu"
IN, OUT, STATUS, AGAIN = "1", "2", "3", "0"
_MENU: Final = ("to_log_in", IN, "to_log_out", OUT, "to_choose_status", STATUS, "to_hear_again", AGAIN)
_NUMBER: Final = ("enter_status",)
_WAIT_S: Final = 30.0
"""From when the menu begins to speak."""
_MOST_SILENCES: Final = 2
_MOST_DIGITS: Final = 4
_END: Final = "#"


class Logins(Protocol):
    """What the menu must know and do; the application fills it."""

    def user_of(self, conversation_id: str) -> str:
        """Return the user who calls."""
        ...

    def is_in(self, user: str) -> bool:
        """Tell whether a user is logged in to any queue."""
        ...

    def enter(self, user: str) -> None:
        """Log a user in to all of their queues.

        Raises:
            CommandError: that cannot be.
        """
        ...

    def leave(self, user: str) -> None:
        """Log a user out of all queues.

        Raises:
            CommandError: that cannot be.
        """
        ...

    def choose(self, user: str, number: str) -> None:
        """Choose a status by its number.

        Raises:
            CommandError: there is none, or it cannot be chosen now.
        """
        ...

    def sounds(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the sounds of phrases and digits."""
        ...


class LoginMenuGuide:
    """Implements :class:`softswitch.calls.guide.Guide`.

    Args:
        logins: does what callers ask for.
    """

    def __init__(self, logins: Logins) -> None:
        self.state = MenuState()
        self._logins = logins

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Return what the menu says next."""
        call = self.state.calls.get(conversation_id)
        if call is None:
            begins = isinstance(happened, LegMediaOpened) and happened.leg == leg_id(conversation_id, 1)
            return (self._welcome(conversation_id, wall_s),) if begins else ()
        if call.waiting is Waiting.END:
            over = isinstance(happened, GuideDue) or (isinstance(happened, LegPlayEnded) and not happened.stopped)
            return (MenuDone(),) if over else ()
        if isinstance(happened, LegKeyPressed):
            return self._key(call, wall_s)
        if isinstance(happened, GuideDue):
            return (self._silence(call, wall_s),)
        return ()

    sees: Final = frozenset({MenuSpoke, MenuDone, LegKeyPressed, ConversationEnded})

    def apply(self, record: Record) -> None:
        """Fold a fact."""
        self.state.apply(record)

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input]:
        """Return what the menu wants of the calls."""
        if isinstance(fact, MenuSpoke):
            play = PlayToCaller(conversation_id, self._logins.sounds(fact.texts))
            return (AnswerCaller(conversation_id), play)
        if isinstance(fact, MenuDone):
            return (Dismiss(conversation_id, 480, 16, "Normal call clearing", "login-menu"),)
        return ()

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return when the menu goes on by itself."""
        call = self.state.calls.get(conversation_id)
        return None if call is None else call.until_s

    def _welcome(self, conversation_id: str, wall_s: float) -> MenuSpoke:
        user = self._logins.user_of(conversation_id)
        now = "logged_in" if self._logins.is_in(user) else "logged_out"
        return MenuSpoke(user, (now, *_MENU), Waiting.CHOICE.value, wall_s + _WAIT_S)

    def _key(self, call: MenuCall, wall_s: float) -> Sequence[object]:
        if call.waiting is Waiting.NUMBER:
            return self._digit(call, wall_s)
        key = call.keys[-1:]
        if key == STATUS:
            return (self._spoke(call, MenuInput.ASKED, _NUMBER, wall_s),)
        if key not in {IN, OUT}:
            return (self._spoke(call, MenuInput.MISSED, _MENU, wall_s),)
        with suppress(CommandError):
            (self._logins.enter if key == IN else self._logins.leave)(call.user)
        done = self._logins.is_in(call.user) == (key == IN)
        said = ("logged_in" if key == IN else "logged_out") if done else "not_possible"
        return (self._spoke(call, MenuInput.CHOSE, (said, "goodbye"), wall_s),)

    def _digit(self, call: MenuCall, wall_s: float) -> Sequence[object]:
        if not call.keys.endswith(_END) and len(call.keys) < _MOST_DIGITS:
            return ()
        try:
            self._logins.choose(call.user, call.keys.removesuffix(_END))
        except CommandError:
            return (self._spoke(call, MenuInput.WRONG, ("no_such_status", *_NUMBER), wall_s),)
        return (self._spoke(call, MenuInput.NUMBERED, ("status_chosen", "goodbye"), wall_s),)

    def _silence(self, call: MenuCall, wall_s: float) -> MenuSpoke:
        if call.silences + 1 >= _MOST_SILENCES:
            return self._spoke(call, MenuInput.GAVE_UP, ("goodbye",), wall_s)
        texts = _NUMBER if call.waiting is Waiting.NUMBER else _MENU
        return self._spoke(call, MenuInput.MISSED, texts, wall_s, silences=call.silences + 1)

    @staticmethod
    def _spoke(
        call: MenuCall, given: MenuInput, texts: tuple[str, ...], wall_s: float, *, silences: int = 0
    ) -> MenuSpoke:
        after = TABLE.step(call.waiting, given)
        return MenuSpoke(call.user, texts, after.value, wall_s + _WAIT_S, silences)
