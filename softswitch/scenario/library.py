"""The scenarios that there are, read when somebody first needs them, in every version that a call may be in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from softswitch.directory.site import ScenarioText

if TYPE_CHECKING:
    from softswitch.scenario.model import Scenario


MAILBOX: Final = "*mailbox"
"""The scenario of whoever dials the code for voicemail; no file can have that name."""
_NO_FILE: Final = "built-in"
VOICEMAIL_OF: Final = "*voicemail/"
"""Before the name of the user for whom a caller may leave a message; a scenario of that name is made when needed."""
NUMBER_OUTSIDE: Final = "*number/"
"""Before a number outside that is called by a scenario of that name, which is made when needed."""


class ScenarioLibrary:
    """Reads the texts of a site into scenarios.

    A site that is loaded anew changes nothing for calls in progress: theirs is the version that they began with.

    Args:
        current: the scenarios of the site that is loaded now, by name.
        earlier: finds the text of a version that is not in that site; None where it is lost.
    """

    def __init__(
        self,
        current: Callable[[], Mapping[str, ScenarioText]],
        earlier: Callable[[str], ScenarioText | None] = lambda version: None,
    ) -> None:
        self._current = current
        self._earlier = earlier
        self._read: dict[str, Scenario | None] = {}

    def current(self, name: str) -> str:
        """Return the version that new calls get; empty where there is no such scenario."""
        found = self._current().get(name) or _built_in(name)
        return "" if found is None else found.version

    def get(self, name: str, version: str) -> Scenario | None:
        """Return a scenario as it was in that version, or None where it is lost."""
        if version not in self._read:
            found = self._current().get(name) or _built_in(name)
            text = found if found is not None and found.version == version else self._earlier(version)
            self._read[version] = None if text is None else scenario_of(text)
        return self._read[version]


def _built_in(name: str) -> ScenarioText | None:
    """Return a scenario that no file has."""
    if name == MAILBOX:
        return ScenarioText(name, _NO_FILE, f'name: "{name}"\nsteps: [{{mailbox: {{}}}}]\n')
    if name.startswith(VOICEMAIL_OF):
        box = name.removeprefix(VOICEMAIL_OF)
        return ScenarioText(
            name, _NO_FILE, f'name: "{name}"\nsteps: [{{voicemail: {{box: "{box}"}}}}, {{hang_up: {{}}}}]\n'
        )
    if name.startswith(NUMBER_OUTSIDE):
        to = name.removeprefix(NUMBER_OUTSIDE)
        return ScenarioText(name, _NO_FILE, f'name: "{name}"\nsteps: [{{number: {{to: "{to}"}}}}, {{hang_up: {{}}}}]\n')
    return None


@lru_cache(maxsize=1024)
def scenario_of(text: ScenarioText) -> Scenario | None:
    """Read a text that was checked when it was loaded; None where a newer program finds it wrong."""
    # The models of all steps: a start takes a third longer with them, and answers phones without.
    from softswitch.directory.yaml_reader import YamlTable, read_yaml
    from softswitch.scenario.reader import read_scenario

    tree = read_yaml(text.text.encode(), text.file)
    if not isinstance(tree, YamlTable):
        return None
    found = read_scenario(tree, text.file)
    return None if found.problems else found.scenario
