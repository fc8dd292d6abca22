"""What all parts of a brain stand on: time, facts, the user agent, what follows from facts, and who people are."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.addresses import Addresses
from softswitch.app.brain_settings import BrainSettings
from softswitch.app.call_desk import CallDesk
from softswitch.app.focus import focus_of
from softswitch.app.folded_state import FoldedState
from softswitch.app.invariant_keeper import InvariantKeeper
from softswitch.app.message_trace import MessageTrace
from softswitch.app.people import People
from softswitch.app.request_desk import RequestDesk
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.calls.perform import Performer
from softswitch.calls.secrecy import Secrecy
from softswitch.core.alarm import Alarm
from softswitch.core.clock import Clock
from softswitch.core.ids import Entropy
from softswitch.journal.sink import FactSink
from softswitch.media.engine import MediaEngine
from softswitch.scenario.errands import Errands, NoErrands
from softswitch.sdp.key_vault import KeyVault
from softswitch.sip.flow import Flow
from softswitch.sip.ua.order import OurCredentials
from softswitch.sip.ua.user_agent import UserAgent


class BrainGround:
    """Makes what the other parts are made with; :class:`~softswitch.app.brain_parts.BrainParts` adds these.

    Args:
        clock: both faces of time.
        entropy: tags, branches, ids.
        settings: domain, addresses, limits.
        media: the media engine; its events come back to the brain.
        send: lets a datagram or a stream's octets out.
        journal: keeps encoded facts.
        folded: what a snapshot of an earlier brain holds; the brain goes on from there.
        errands: does what scenarios want from outside; the brain is told what comes of it.
        log: tells an event for people: its name and its keys.
    """

    desk: RequestDesk
    """Takes requests; one of the parts that come later, asked by those that are here."""

    def __init__(
        self,
        *,
        clock: Clock,
        entropy: Entropy,
        settings: BrainSettings,
        media: MediaEngine,
        send: Callable[[Flow, bytes], None],
        journal: FactSink,
        folded: FoldedState | None = None,
        errands: Errands | None = None,
        sequence: int = 0,
        log: Callable[..., None] = lambda event, **keys: None,
    ) -> None:
        self.alarm = Alarm()
        """No later than it says ``handle_timer`` wants to be called."""
        self._settings = settings
        self._log = log
        self._media, self._errands = media, errands or NoErrands()
        self.trace = MessageTrace()
        self._folded = folded or FoldedState(settings.deadlines)
        self._folded.calls.deadlines = settings.deadlines
        self.calls = self._folded.calls
        self.locations = self._folded.locations
        self.bans = self._folded.bans
        self.agents = self._folded.agents
        self.trunk_registrations = self._folded.trunks
        self._turn = turn = Turn(clock, journal, send, media, self.trace, sequence)
        self._wake_ups = WakeUps(clock, self.alarm)
        self._addresses = Addresses(settings.advertise, settings.local_networks, settings.stream_ports)
        self._ua = UserAgent(
            entropy=entropy,
            address_of=self._addresses.address_for,
            timers=settings.timers,
            product=settings.product,
            datagram_octets=settings.datagram_octets,
            send=turn.queue,
            alarm=self.alarm,
        )
        self._performer = Performer(
            self.calls,
            self._ua,
            media,
            settings.domain,
            self._credentials_of,
            secrecy=Secrecy(KeyVault(settings.media_key), self.calls),
            focus_of=lambda conversation: focus_of(self.desk.site, conversation),
        )
        self._call_desk = CallDesk(self._folded, turn, self._ua, self._performer, self.trace, self._wake_ups, entropy)
        self._keeper = InvariantKeeper(self.calls, turn, self._ua, self._performer, media, self._call_desk, log)
        self.people = People(
            lambda: self.desk.site,
            self.agents,
            self.locations,
            self.calls,
            lambda fact: self.agents.apply(turn.place(fact)),
        )

    def _credentials_of(self, name: str) -> OurCredentials | None:
        trunk = self.desk.site.trunks.get(name)
        if trunk is None or not trunk.username:
            return None
        return OurCredentials(trunk.username, self._settings.password_of(trunk))
