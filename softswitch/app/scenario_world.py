"""What scenarios may ask of the switch: who can be rung now, what leads outside, whose caller it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from softswitch.app.group_hunt import GroupHunt
from softswitch.app.scenario_voice import ScenarioVoice
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.destinations import Phone, Refuse
from softswitch.calls.state import CallsState
from softswitch.directory.outward import Outward, by_route, outward
from softswitch.directory.site import Site, User, calendar_key
from softswitch.scenario.counters import Counters
from softswitch.scenario.errands import HTTP, Errand
from softswitch.scenario.keypad import begins_with
from softswitch.scenario.texts import filled

if TYPE_CHECKING:
    from softswitch.scenario.model import Scenario


def _spoken(folder: Path, file: str, language: str) -> str:
    """Return the file of a language where there is one, else the one that is for all."""
    if language and (folder / language / file).is_file():
        return _whole(folder, f"{language}/{file}")
    return _whole(folder, file)


@lru_cache(maxsize=4096)
def _whole(folder: Path, file: str) -> str:
    return str((folder / file).resolve())


@lru_cache(maxsize=1024)
def _folder_of(file: str) -> Path:
    return Path(file).parent


class ScenarioWorld:
    """The switch as the steps of one scenario see it.

    Args:
        scenario: whose audio files are meant.
        site: who there is.
        calls: who talks.
        phones: the phones of a user that a call may be offered to, whether they are in one or not.
        trunks: makes the legs of calls that leave.
        hunt: searches groups.
        counters: how often was counted today.
        unanswered: how many callers wait for an answer of a group.
        caller_number: who calls, as a trunk is told where it has no number of its own to tell.
        now: returns monotonic seconds.
        voice: what the switch says, and messages.
    """

    def __init__(
        self,
        scenario: Scenario,
        site: Site,
        calls: CallsState,
        phones: Callable[[str], Sequence[Phone]],
        trunks: TrunkDesk,
        hunt: GroupHunt,
        counters: Counters,
        unanswered: Callable[[str], int],
        caller_number: str,
        now: Callable[[], float],
        *,
        voice: ScenarioVoice,
    ) -> None:
        self.spoken = voice.spoken
        self.speech_order = voice.speech_order
        self.phrase = voice.phrase
        self.counted_messages = voice.counted_messages
        self.mailbox = voice.mailbox
        self.mailbox_pin = voice.mailbox_pin
        self.box_at = voice.box_at
        self.message_sound = voice.message_sound
        self.greeting = voice.greeting
        self.kept_sound = voice.kept_sound
        self._trunks = trunks
        self._hunt = hunt
        self._counters = counters
        self._unanswered = unanswered
        self._caller_number = caller_number
        self._now = now
        self._scenario = scenario
        self._folder = _folder_of(scenario.file)
        self._site = site
        self._calls = calls
        self._phones = phones

    def is_of(self, scenario: Scenario, caller_number: str, site: Site) -> bool:
        """Tell whether it is the switch as a scenario sees it that has this caller, with this site."""
        return self._scenario is scenario and self._caller_number == caller_number and self._site is site

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
        return self._ways(by_route(self._site, User("", self._caller_number, "", "", ""), number, route))

    def _ways(self, found: Outward | None) -> Sequence[Phone]:
        if found is None:
            return ()
        told = self._trunks.destination(
            replace(found, user=User("", self._caller_number, "", "", "")), hidden=False, now=self._now(), begins=False
        )
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

    def is_contact(self, number: str) -> bool:
        """Tell whether a caller's number is that of a known contact."""
        return self._site.contact_of(number) is not None

    def crm(self, number: str) -> Errand | None:
        """Return the errand that asks elsewhere who is responsible for a number."""
        asked = next(iter(self._site.crm.values()), None)
        if asked is None:
            return None
        values = {
            "method": "GET",
            "url": filled(asked.url, {"caller": number}, partial(quote, safe="")),
            "headers": {},
            "token_env": asked.token_env,
            "json": None,
            "into": {"responsible": asked.responsible},
            "cache_s": asked.cache_s,
        }
        return Errand(HTTP, values, asked.timeout_s)

    def user_named(self, text: str) -> str:
        """Return the user of a name, an extension or a SIP address, or an empty text."""
        who = text.strip().removeprefix("sip:").partition("@")[0]
        found = self._site.users.get(who) or self._site.user_by_extension(who)
        return "" if found is None else found.name

    def named_like(self, keys: str) -> Sequence[str]:
        """Return the users whose shown name, or a word in it, begins with the letters of these keys."""
        return [user.name for user in self._site.users.values() if begins_with(user.display_name or user.name, keys)]

    def at_address(self, to: str, host: str, port: int) -> Sequence[Phone]:
        """Return the way to a SIP address outside."""
        return self._trunks.at_address(to, host, port)

    def in_calendar(self, file: str, zone: str, wall_s: float) -> bool:
        """Tell whether an event of a calendar beside the scenario lasts at a moment."""
        spans = self._site.calendars.get(calendar_key(self._folder / file, zone), ())
        return any(first <= wall_s < last for first, last in spans)

    def counted(self, name: str, key: str, day: str) -> int:
        """Return how far a counter of a day has come."""
        return self._counters.of(name, key, day)

    def sound(self, file: str, language: str = "") -> str:
        """Return an audio file of the scenario as the media engine names sounds."""
        return f"file:{_spoken(self._folder, file, language)}"

    def is_full(self, group: str) -> bool:
        """Tell whether as many callers as a group may have wait for an answer of it."""
        found = self._site.groups.get(group)
        return (
            found is not None and found.max_unanswered is not None and self._unanswered(group) >= found.max_unanswered
        )

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
