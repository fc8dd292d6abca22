"""The whole switch in the simulation: the real brain on virtual time, with sockets, media and journal in memory.

The brain can be thrown away at any turn; the next one is folded from the journal's facts, while sockets and media stay,
as they do when the brain's process is killed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from random import Random
from typing import Final

from softswitch.app.brain import Brain
from softswitch.app.brain_settings import BrainSettings
from softswitch.app.folded_state import FoldedState
from softswitch.core.errors import SimulationError
from softswitch.core.ids import Entropy
from softswitch.directory.site import Site
from softswitch.journal.memory import MemoryJournal
from softswitch.media.engine import MediaEvent
from softswitch.simulation.clock import VirtualClock
from softswitch.simulation.death import Death
from softswitch.simulation.errands import SimulatedErrands
from softswitch.simulation.exchange_watch import ExchangeWatch
from softswitch.simulation.media import SimulatedMedia
from softswitch.simulation.network import Network
from softswitch.simulation.streams import StreamNetwork
from softswitch.simulation.transports import SimulatedTransports
from softswitch.sip.flow import Flow

PORT: Final = 5060
_EARLY_S: Final = 1e-9
"""The loop may run a timer this much too early (its clock's resolution)."""
_BLOCK_OCTETS: Final = 256
_MUST_BE_ZERO: Final = ("calls", "legs", "dialogs", "transactions", "ports", "timers")


@lru_cache(maxsize=64)
def _first_block(seed: int) -> bytes:
    """Return what a generator draws first, which is all that most tests need: making one costs as much as a message."""
    return Random(seed).randbytes(_BLOCK_OCTETS)  # noqa: S311  # a reproducible run is wanted


class _Chance:
    """The random octets of a seed, in blocks of one size."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._generator: Random | None = None
        self._began = False

    def draw(self, octets: int) -> bytes:
        """Return the next ones."""
        if not self._began and octets == _BLOCK_OCTETS:
            self._began = True
            return _first_block(self._seed)
        if self._generator is None:
            self._generator = Random(self._seed)  # noqa: S311  # as above
            if self._began:
                self._generator.randbytes(_BLOCK_OCTETS)
            self._began = True
        return self._generator.randbytes(octets)


def simulated_settings(settings: BrainSettings, domain: str, host: str) -> BrainSettings:
    """Return settings with the keys, the passwords and the way to every host that the simulation has."""
    return replace(
        settings,
        domain=domain,
        nonce_key=b"simulated nonce key",
        media_key=b"simulated media key",
        local_for=lambda transport, towards: (host, PORT if transport == "udp" else 0),
        password_of=lambda trunk: f"{trunk.username}-secret",
    )


class SimulatedSwitch:
    """A switch on the network in memory.

    Args:
        network: the network of datagrams.
        streams: the network of streams.
        clock: both faces of virtual time.
        site: users, numbers, trunks.
        seed: where its tags, branches and ids come from.
        hosts: its local addresses.
        settings: of the brain; without a ``nonce_key`` they are made what :func:`simulated_settings` says.
        media: the media plane.
        history: encoded facts of an earlier brain, with which this switch goes on.

    Attributes:
        turns: the turns that were taken so far.
        deaths: how the brain will die, in the order of the turns.
        lost_messages: whether one died before all that its last turn had kept was sent.
        refolded_in_exchange: whether a request other than INVITE was unanswered when one died, or had just failed.
    """

    def __init__(
        self,
        network: Network,
        streams: StreamNetwork,
        clock: VirtualClock,
        site: Site,
        *,
        seed: int,
        hosts: tuple[str, ...] = ("192.0.2.1",),
        settings: BrainSettings | None = None,
        media: SimulatedMedia | None = None,
        history: Sequence[bytes] = (),
    ) -> None:
        self.turns = 0
        self.deaths: list[Death] = []
        self.lost_messages = False
        self.refolded_in_exchange = False
        self.watch = ExchangeWatch()
        self.journal = MemoryJournal()
        self.media = media or SimulatedMedia(network.loop)
        self.media.deliver = self._media_told
        self.errands = SimulatedErrands(network.loop)
        self.errands.deliver = lambda ticket, over: self._turn(lambda: self.brain.errand_over(ticket, over))
        self.address = (hosts[0], PORT)
        self._loop = network.loop
        self._clock = clock
        self._site = site
        if settings is None or not settings.nonce_key:
            settings = simulated_settings(settings or BrainSettings(), site.domain, hosts[0])
        self._settings = settings
        self._entropy = Entropy(_Chance(seed).draw, block_octets=_BLOCK_OCTETS)
        self._seed = seed
        self._timer: asyncio.TimerHandle | None = None
        self._away = False
        """Whether there is no brain."""
        self._behind: list[bytes] = []
        """The records behind the snapshot of the brain that starts."""
        self._held: list[Callable[[], None]] = []
        """What waits in the sockets for a brain."""
        self._may_send: int | None = None
        """How many messages the brain lives to send; None: all."""
        self._transports = SimulatedTransports(
            network, streams, hosts, PORT, on_message=self._received, on_closed=self._closed
        )
        self.brain = self._new_brain()
        if history:
            self.journal.append(history)
            self._turn(lambda: self.brain.resume(history))
        self.brain.serve()

    @cached_property
    def _chance(self) -> Random:
        return Random(self._seed)  # noqa: S311  # a reproducible run is wanted

    def _new_brain(self, folded: FoldedState | None = None) -> Brain:
        return Brain(
            clock=self._clock,
            entropy=self._entropy,
            settings=self._settings,
            site=self._site,
            media=self.media,
            send=self._send,
            journal=self.journal,
            folded=folded,
            errands=self.errands,
        )

    # The driver: what arrives, and when the brain wants to be woken

    def _received(self, data: bytes, flow: Flow) -> None:
        self.watch.look(data, now=self._loop.time())
        self._turn(lambda: self.brain.receive(data, flow))

    def _closed(self, flow: Flow) -> None:
        self._turn(lambda: self.brain.flow_closed(flow))

    def _media_told(self, event: MediaEvent) -> None:
        if not self._away:  # else it is told again to the next brain, which has not acknowledged it
            self._turn(lambda: self.brain.media_event(event))

    def _send(self, flow: Flow, data: bytes) -> None:
        if self._may_send is not None:
            if self._may_send == 0:
                return
            self._may_send -= 1
        self.watch.look(data, sent=True, now=self._loop.time())
        self._transports.send(flow, data)

    def _turn(self, work: Callable[[], None]) -> None:
        """Do one turn's work, or keep it for the next brain, where this one is dead or dies before it has kept it."""
        if self._away:
            self._held.append(work)
            return
        self.turns += 1
        death = self.deaths.pop(0) if self.deaths and self.deaths[0].turn <= self.turns else None
        self._may_send = None if death is None else death.lets_out
        self.media.cut_off = self.errands.cut_off = self._may_send is not None
        work()
        if death is None or death.keeps:
            self.brain.end_turn()
        if death is None:
            self._arm()
        else:
            self._die(death)

    def _arm(self) -> None:
        """See that the loop's timer is early enough; one that is earlier than needed costs less than moving it."""
        at_s = self.brain.alarm.at_s
        if at_s == math.inf or (self._timer is not None and self._timer.when() <= at_s):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at_s, self._due)

    def _due(self) -> None:
        """Wake the brain, unless what it was to be woken for was dropped: that is no turn."""
        self._timer = None
        deadline = self.brain.next_deadline()
        if deadline is not None and deadline <= self._loop.time() + _EARLY_S:
            self._turn(lambda: self.brain.handle_timer())
        else:
            self.brain.alarm.at_s = math.inf if deadline is None else deadline
            self._arm()

    # Death and succession

    def _die(self, death: Death) -> None:
        self._away = True
        self.lost_messages |= death.lets_out is not None
        self.refolded_in_exchange |= self.watch.open > 0 or self._transports.failures_untold > 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if death.away_s:
            self._loop.call_later(death.away_s, self._start)
        else:
            self._start()

    def _start(self) -> None:
        """Fold another brain, let it take over and give it what waits; it may die in any of these steps."""
        self._away = False
        self._may_send = None
        self.media.brain_died()
        self.errands.brain_died()
        self.brain = self._new_brain(self._snapshot())
        for step in (
            lambda: self.brain.resume(self._behind),
            lambda: self.brain.settle_media(),
            lambda: self.brain.serve(),
        ):
            self._turn(step)
            if self._away:
                return
        held, self._held = self._held, []
        for work in held:
            self._turn(work)

    def _snapshot(self) -> FoldedState:
        """Return a state as a snapshot anywhere in the journal has it, and note what is behind."""
        records = self.journal.records()
        count = self._chance.randrange(len(records) + 1)
        before, again = FoldedState(self._settings.deadlines), FoldedState()
        before.fold(records[:count])
        again.restore(before.encode())
        self._behind = records[count:]
        return again

    # What a test does and asks

    def in_turn(self, work: Callable[[], None]) -> None:
        """Do something in the brain, as a command from outside does."""
        self._turn(work)

    def load(self, site: Site) -> None:
        """Put another site in place of the loaded one, also for brains that come after this one."""
        self._site = site
        self._turn(lambda: self.brain.load_site(site))

    def refold(self) -> None:
        """Throw the brain away, with all that it had not recorded, and fold another one from snapshot and journal."""
        self._die(Death(self.turns))

    def at_rest(self) -> None:
        """Check that nothing is left of any call.

        Raises:
            SimulationError: a count is not zero, or a thing has lost its owner.
        """
        counts = self.brain.counts()
        left = {name: counts[name] for name in _MUST_BE_ZERO if counts[name]}
        if left:
            raise SimulationError(f"the switch is not at rest: {left}; legs {sorted(self.brain.calls.legs)}")
        self.check()

    def check(self) -> None:
        """Check what must hold at every moment: no leg without conversation, no port and no room without a leg.

        Raises:
            SimulationError: something has lost its owner.
        """
        calls = self.brain.calls
        strays = [leg.leg for leg in calls.legs.values() if leg.conversation_id not in calls.conversations]
        ports = sorted(set(self.media.legs) - set(calls.legs))
        breaches = self.brain.breaches()
        if breaches:
            raise SimulationError(f"invariants are breached: {breaches}")
        deadline = self.brain.next_deadline()
        if deadline is not None and deadline < self.brain.alarm.at_s:
            raise SimulationError(f"the alarm of {self.brain.alarm.at_s} is later than a deadline of {deadline}")
        indexed = sorted(name for legs in calls.by_user.values() for name in legs)
        if indexed != sorted(leg.leg for leg in calls.legs.values() if leg.user):
            raise SimulationError(f"the legs of users are not all legs that users have: {indexed}")
        rooms = sorted(set(self.media.rooms) - set(calls.conversations))
        if strays or ports or rooms:
            raise SimulationError(
                f"without an owner: legs {strays}, ports {ports}, rooms {rooms}; "
                f"conversations {sorted(calls.conversations)}"
            )
