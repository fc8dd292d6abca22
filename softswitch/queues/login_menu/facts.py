"""The facts of calls to the login menu. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("login_menu.spoke")
class MenuSpoke:
    """The menu says something and waits."""

    user: str
    texts: tuple[str, ...]
    """Names of phrases, and digits that are said as numbers."""
    waits_for: str
    """The value of a :class:`softswitch.queues.login_menu.state.Waiting`."""
    until_s: float
    """Wall time at which it goes on by itself."""
    silences: int = 0
    """How often it has gone on so, one time after the other."""


@fact("login_menu.done")
class MenuDone:
    """The menu has nothing more to say, or its caller is gone."""
