"""All who lead callers that nobody has taken yet, put together: scenarios, groups, forwards, rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from softswitch.app.brain_settings import BrainSettings
from softswitch.app.focus import room_named
from softswitch.app.forwards import Forwards
from softswitch.app.group_hunt import GroupHunt
from softswitch.app.group_members import GroupMembers
from softswitch.app.login_desk import LoginDesk
from softswitch.app.pages import Pages
from softswitch.app.people import People
from softswitch.app.request_desk import RequestDesk
from softswitch.app.scenario_voice import ScenarioVoice
from softswitch.app.scenario_world import ScenarioWorld
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.guide import Guide
from softswitch.calls.state import CallsState
from softswitch.calls.voicemail.state import Mailboxes
from softswitch.core.errors import SpeechError
from softswitch.core.sealed_keys import SealedKeys
from softswitch.directory.site import Room
from softswitch.queues.forwards.guide import KIND as FORWARD
from softswitch.queues.forwards.guide import ForwardGuide
from softswitch.queues.groups.guide import KIND as GROUP
from softswitch.queues.groups.guide import GroupGuide
from softswitch.queues.login_menu.guide import KIND as LOGIN_MENU
from softswitch.queues.login_menu.guide import LoginMenuGuide
from softswitch.queues.pages.guide import KIND as PAGE
from softswitch.queues.pages.guide import PageGuide
from softswitch.queues.rooms.guide import KIND as ROOM
from softswitch.queues.rooms.guide import RoomGuide
from softswitch.scenario.counters import Counters
from softswitch.scenario.errands import Errands
from softswitch.scenario.guide import ScenarioGuide
from softswitch.scenario.library import ScenarioLibrary
from softswitch.speech import phrases

if TYPE_CHECKING:
    from softswitch.scenario.model import Scenario


class Guides:
    """Makes the guides of a brain.

    Args:
        settings: where earlier versions of scenarios are found.
        desk: knows the site in force and the phones.
        people: who may be offered a call.
        calls: the calls; only read.
        trunks: makes the legs of calls that leave.
        now: monotonic and wall time of the turn.
        counters: how often scenarios have counted today.
        errands: does what scenarios want from outside.
        mailboxes: what callers left.
        sealed: reveals keys that belong to codes.

    Attributes:
        groups: leads callers of groups.
        forwards: leads callers of users who forward their calls.
        login_menu: leads users who log in to their queues by the voice menu.
        rooms: lets callers into conferences.
        pages: lets users speak to groups.
        scenarios: leads callers of scenarios.
    """

    def __init__(
        self,
        settings: BrainSettings,
        desk: RequestDesk,
        people: People,
        calls: CallsState,
        trunks: TrunkDesk,
        now: Callable[[], tuple[float, float]],
        *,
        counters: Counters,
        errands: Errands,
        mailboxes: Mailboxes,
        sealed: SealedKeys,
    ) -> None:
        self._desk = desk
        self._settings = settings
        self._calls = calls
        self._trunks = trunks
        self._now = now
        self._world: ScenarioWorld | None = None
        self._voice = ScenarioVoice(settings, mailboxes, lambda: desk.site)
        self._counters = counters
        members = GroupMembers(lambda: desk.site, people, calls, desk.phone, lambda: now()[1], self._elsewhere)
        self._hunt = GroupHunt(lambda: desk.site, members)
        self.groups = GroupGuide(members)
        self.forwards = ForwardGuide(
            Forwards(
                lambda: desk.site,
                people,
                calls,
                desk.phone,
                self._hunt,
                trunks,
                now,
                lambda user, number: desk.mobiles(user, number, now()[0]),
                self._unanswered,
            ),
        )
        self.login_menu = LoginMenuGuide(
            LoginDesk(lambda: desk.site, people, calls, settings.prompts, settings.language)
        )
        self.rooms = RoomGuide(self._room_of, self._said, sealed, self._caller_of)
        pages = Pages(lambda: desk.site, people, calls, desk.phone, lambda: now()[1])
        self.pages = PageGuide(pages.members_of)
        library = ScenarioLibrary(lambda: desk.site.scenarios, settings.earlier_scenario)
        self.scenarios = ScenarioGuide(library, self._scenario_world, counters, errands, sealed)
        desk.group_rung = self._group_rung

    def by_kind(self) -> Mapping[str, Guide]:
        """Return the guides by the word before the colon of ``Conversation.guide``."""
        return {
            GROUP: self.groups,
            FORWARD: self.forwards,
            LOGIN_MENU: self.login_menu,
            ROOM: self.rooms,
            PAGE: self.pages,
            "scenario": self.scenarios,
        }

    def hides_keys(self) -> Mapping[str, Callable[[str], bool]]:
        """Return, by kind of guide, who tells whether a caller's keys may belong to a code."""
        return {ROOM: self.rooms.hides_keys, "scenario": self.scenarios.hides_keys}

    def _room_of(self, conversation_id: str) -> Room | None:
        return room_named(self._desk.site, self._named_by_guide(conversation_id))

    def _named_by_guide(self, conversation_id: str) -> str:
        conversation = self._calls.conversations.get(conversation_id)
        return "" if conversation is None else conversation.guide.partition(":")[2]

    def _caller_of(self, conversation_id: str) -> str:
        conversation = self._calls.conversations.get(conversation_id)
        return "" if conversation is None else conversation.caller.user

    def _said(self, phrase: str) -> tuple[str, ...]:
        language = self._settings.language
        try:
            return self._settings.prompts.sounds(language, phrases.fixed(language, phrase))
        except SpeechError:
            return ()

    def _group_rung(self, conversation_id: str) -> str:
        return self.scenarios.state.group_rung(conversation_id) or self.forwards.group_rung(conversation_id)

    def _elsewhere(self, group: str) -> int:
        return self.scenarios.state.unanswered(group) + self.forwards.unanswered(group)

    def _unanswered(self, group: str) -> int:
        return self.groups.state.unanswered(group) + self._elsewhere(group)

    def _scenario_world(self, scenario: Scenario, caller_number: str) -> ScenarioWorld:
        """Return the switch as the steps of a scenario see it; one turn asks for the same one several times."""
        world = self._world
        if world is None or not world.is_of(scenario, caller_number, self._desk.site):
            world = self._world = self._new_world(scenario, caller_number)
        return world

    def _new_world(self, scenario: Scenario, caller_number: str) -> ScenarioWorld:
        return ScenarioWorld(
            scenario,
            self._desk.site,
            self._calls,
            lambda user: self._desk.phones_of(user, self._now()[1]),
            self._trunks,
            self._hunt,
            self._counters,
            self._unanswered,
            caller_number,
            lambda: self._now()[0],
            voice=self._voice,
        )
