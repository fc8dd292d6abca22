"""What the login menu does for its callers, and how its words sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch.app.people import People
from softswitch.calls.state import CallsState
from softswitch.core.errors import CommandError, SpeechError
from softswitch.directory.site import Site
from softswitch.queues.agents import inputs
from softswitch.speech import phrases
from softswitch.speech.prompts import Prompts

_BY = "menu"


class LoginDesk:
    """Implements :class:`softswitch.queues.login_menu.guide.Logins`.

    Args:
        site: returns the site in force.
        people: whose statuses are changed.
        calls: the calls; only read.
        prompts: the recorded words.
        language: in which they are said.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        people: People,
        calls: CallsState,
        prompts: Prompts,
        language: str,
    ) -> None:
        self._site = site
        self._people = people
        self._calls = calls
        self._prompts = prompts
        self._language = language

    def user_of(self, conversation_id: str) -> str:
        """Return the user who calls."""
        return self._calls.conversations[conversation_id].caller.user

    def is_in(self, user: str) -> bool:
        """Tell whether a user is logged in to any queue."""
        return self._people.is_in_queues(user)

    def enter(self, user: str) -> None:
        """Log a user in to all of their queues."""
        self._people.decide(inputs.EnterQueues(user, "", _BY))

    def leave(self, user: str) -> None:
        """Log a user out of all queues."""
        self._people.decide(inputs.LeaveQueues(user, "", _BY))

    def choose(self, user: str, number: str) -> None:
        """Choose a status by its number."""
        site = self._site()
        known = site.users.get(user)
        status = None if known is None else site.preset_of(known).by_code(number)
        if status is None:
            raise CommandError(f"there is no status {number}", status=404, error_id="no-such-status", field="status")
        self._people.decide(inputs.ChooseStatus(user, status.name, _BY))

    def sounds(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the sounds of phrases and digits; a word without a recording is left out."""
        out: tuple[str, ...] = ()
        for text in texts:
            words = phrases.digits if text.isdecimal() else phrases.fixed
            try:
                out += self._prompts.sounds(self._language, words(self._language, text))
            except SpeechError:
                continue
        return out
