"""What scenarios may ask of the switch: who can be rung now, what leads outside, whose caller it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from softswitch.app.group_hunt import GroupHunt
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.inputs import Phone, Refuse
from softswitch.calls.state import CallsState
from softswitch.directory.outward import Outward, by_route, outward
from softswitch.directory.site import Site, User

if TYPE_CHECKING:
    from softswitch.scenario.model import Scenario


class ScenarioWorld:
    """The switch as the steps of one scenario see it.

    Args:
        scenario: whose audio files are meant.
        site: who there is.
        calls: who talks.
        phones: the phones of a user that a call may be offered to, whether they are in one or not.
        trunks: makes the legs of calls that leave.
        hunt: searches groups.
        caller_number: who calls, as a trunk is told where it has no number of its own to tell.
        now: monotonic seconds.
    """

    def __init__(
        self,
        scenario: Scenario,
        site: Site,
        calls: CallsState,
        phones: Callable[[str], Sequence[Phone]],
        trunks: TrunkDesk,
        hunt: GroupHunt,
        caller_number: str,
        now: float,
    ) -> None:
        self._trunks = trunks
        self._hunt = hunt
        self._caller = User("", caller_number, "", "", "")
        self._now = now
        self._folder = Path(scenario.file).parent
        self._site = site
        self._calls = calls
        self._phones = phones

    def phones_of(self, user: str) -> Sequence[Phone]:
        """Return the phones of a user that may be rung now."""
        found = self._site.users.get(user)
        if found is None or (self._calls.is_busy(user) and not found.call_waiting):
            return ()
        return self._phones(user)

    def is_online(self, user: str) -> bool:
        """Tell whether a user has a live phone, free or not."""
        return bool(self._phones(user))

    def mobiles_of(self, user: str) -> Sequence[Phone]:
        """Return the mobile phones of a user as the user's own routes reach them, one way for each number."""
        found = self._site.users.get(user)
        if found is None:
            return ()
        ways = (self._ways(outward(self._site, found, number)) for number in found.mobile)
        return tuple(way[0] for way in ways if way)

    def outside(self, number: str, route: str) -> Sequence[Phone]:
        """Return the ways to a number outside, the first first."""
        return self._ways(by_route(self._site, self._caller, number, route))

    def _ways(self, found: Outward | None) -> Sequence[Phone]:
        if found is None:
            return ()
        told = self._trunks.destination(replace(found, user=self._caller), hidden=False, now=self._now, begins=False)
        return () if isinstance(told, Refuse) else (*told.phones, *told.detours)

    def user_of(self, extension: str) -> str:
        """Return the user of an extension, or an empty text."""
        user = self._site.user_by_extension(extension)
        return "" if user is None else user.name

    def longest_extension(self) -> int:
        """Return how many digits the longest extension has."""
        return max((len(user.extension) for user in self._site.users.values()), default=0)

    def responsible_for(self, number: str) -> str:
        """Return the user who is responsible for a caller's number, or an empty text."""
        contact = self._site.contact_of(number)
        return "" if contact is None else contact.responsible

    def sound(self, file: str) -> str:
        """Return an audio file of the scenario as the media engine names sounds."""
        return f"file:{(self._folder / file).resolve()}"

    def begin_group(self, conversation_id: str, group: str) -> tuple[str, ...]:
        """Begin to search a group."""
        return self._hunt.begin(conversation_id, group)

    def go_on_with_group(
        self, conversation_id: str, memory: tuple[str, ...], status: int, word: str
    ) -> tuple[str, ...]:
        """Go on with the search when a try is over."""
        return self._hunt.go_on(conversation_id, memory, status, word)

    def phones_in_group(self, memory: tuple[str, ...]) -> Sequence[Phone]:
        """Return the phones that a search rings now."""
        return self._hunt.phones(memory)

    def ring_s_of(self, group: str) -> float:
        """Return how long a group rings each time."""
        found = self._site.groups.get(group)
        return 20.0 if found is None else found.ring_s

    def members_of(self, group: str) -> Sequence[str]:
        """Return the members of a group in their order."""
        found = self._site.groups.get(group)
        return () if found is None else tuple(name for name, _ in found.members)
