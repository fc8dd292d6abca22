"""The brain: what happens to the switch becomes facts, and facts become effects.

Loop-agnostic: a driver (the process's event loop, or virtual time) tells it what arrived and when its deadlines are
due. One turn is: inputs, each decided into facts, each fact applied at once and its effects noted; then
:meth:`Brain.end_turn` keeps the facts and only then lets the notes out as datagrams and media commands. What leaves the
switch has therefore always been recorded before.

Here inputs are handed to the parts; :mod:`softswitch.app.brain_parts` puts these together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from softswitch.app.brain_parts import BrainParts
from softswitch.app.fact_feed import FactFeed
from softswitch.app.invariants import Breach
from softswitch.app.media_inputs import inputs_of
from softswitch.app.name_keeper import TICKET as NAME
from softswitch.app.quality_watch import PhoneQuality
from softswitch.app.queue_notices import TICKET as NOTICE
from softswitch.app.voicemail_desk import TICKET, VoicemailDesk
from softswitch.calls import inputs
from softswitch.directory.bans import SourceFreed
from softswitch.directory.host_names import HostName, Target
from softswitch.directory.site import Site
from softswitch.journal.reading import Gap
from softswitch.media import engine
from softswitch.queues.agents import inputs as agent_inputs
from softswitch.scenario.errands import ErrandOver
from softswitch.sip.flow import Flow

_OF_RECORDINGS: Final = frozenset({engine.DigitPressed, engine.RecordingEnded, engine.RecordingTrouble})


class Brain(BrainParts):
    """All that the switch knows and decides; see :class:`BrainParts` for what it is made with."""

    # Inputs

    def receive(self, data: bytes, flow: Flow) -> None:
        """Take one datagram, or one message of a stream; nothing of a source that is shut out is even read.

        A phone that was registered before goes on as if nothing had happened: somebody beside it misbehaves, or forges
        its address.
        """
        turn = self._turn
        turn.look_at_clock()
        if self.bans and self.bans.holds(flow.remote[0], turn.wall_s) and not self.desk.knows(flow):
            return
        self.trace.note(turn.wall_s, flow, data, sent=False)
        self._ua.receive(data, flow, now=turn.now)
        self._sessions.run()

    def flow_closed(self, flow: Flow) -> None:
        """A stream's connection is gone, or a send failed."""
        self._turn.look_at_clock()
        self._ua.flow_failed(flow, now=self._turn.now)
        self._registrations.disconnected(flow)
        self._sessions.run()

    @property
    def phone_quality(self) -> PhoneQuality:
        """How the last calls of users sounded."""
        return self._folded.phone_quality

    def quality_of(self, leg: str) -> engine.Quality | None:
        """Return how good a leg sounds now; None where nothing can be said."""
        return self._media.quality_of(leg)

    def media_event(self, event: engine.MediaEvent) -> None:
        """Take what a media worker tells."""
        self._turn.look_at_clock()
        if isinstance(event, engine.LegOpened):
            self._call_desk.decide(inputs.MediaOpened(event.leg, event.port))
        elif not isinstance(event, engine.LegLatched):
            self._take_rarer(event)
        self._sessions.run()

    def _take_rarer(self, event: engine.MediaEvent) -> None:
        if isinstance(event, engine.LegSilent):
            self._sessions.ask_for_life(event.leg)
        if isinstance(event, engine.Disagreement):
            self._keeper.differed(event)
        if isinstance(event, engine.DigitPressed):
            if not self._keys.is_new(event.leg, event.digit):
                return
            self._key_sender.pass_on(event.leg, event.digit)
        if isinstance(event, engine.LegClosed):
            self._keys.forget(event.leg)
            leg = self.calls.legs.get(event.leg)
            self._quality.note(leg.user if leg is not None else "", event.statistics.mos_in, event.statistics.mos_out)
        for given in inputs_of(event):
            self._call_desk.decide(given)
        if type(event) in _OF_RECORDINGS:
            self._call_desk.told_of_recordings(self.recording.media_event(event))

    def errand_over(self, ticket: str, over: ErrandOver) -> None:
        """Take what became of an errand; one that nobody waits for any more changes nothing."""
        self._turn.look_at_clock()
        if ticket.startswith(NOTICE):
            self.queue_notices.errand_over(ticket, over)
        elif ticket.startswith(TICKET):
            self.voicemail.errand_over(ticket, over)
        elif not ticket.startswith(NAME):
            self._call_desk.tell_guide(*self._scenarios.told_of_errand(ticket, over))
        self._sessions.run()

    def handle_timer(self) -> None:
        """Do what is due now, and set the alarm to what is due next."""
        self._turn.look_at_clock()
        for each in self._timed:
            each.handle_timer(now=self._turn.now)
        self._sessions.run()
        deadline = self.next_deadline()
        self.alarm.at_s = math.inf if deadline is None else deadline

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which :meth:`handle_timer` wants to be called, or None; the alarm is cheaper."""
        soonest: float | None = None
        for each in self._timed:
            moment = each.next_deadline()
            if moment is not None and (soonest is None or moment < soonest):
                soonest = moment
        return soonest

    def lift_ban(self, source: str) -> None:
        """Let a source in again."""
        self._turn.look_at_clock()
        self.bans.apply(self._turn.place(SourceFreed(source)))

    def end_conversation(self, conversation_id: str, reason: str) -> None:
        """End a conversation politely on all sides."""
        self._turn.look_at_clock()
        self._call_desk.decide(inputs.EndConversation(conversation_id, reason))
        self._sessions.run()

    def command_people(self, given: agent_inputs.Input) -> None:
        """Carry out a command about a user's status or queues.

        Raises:
            CommandError: it cannot be carried out; nothing has changed.
        """
        self._turn.look_at_clock()
        self.people.decide(given)
        self._sessions.run()

    def watch_facts(self) -> FactFeed:
        """Let somebody watch facts as they come to be."""
        return self._turn.watched()

    def command(self, work: Callable[[], object]) -> None:
        """Carry out commands about calls: ``work`` asks :attr:`lines` for them.

        Raises:
            CommandError: one cannot be carried out.
        """
        self._turn.look_at_clock()
        work()
        self._sessions.run()

    def resync_phones(self, extension: str, *, reboot: bool, contact: str) -> list[tuple[str, str]]:
        """Tell a user's phones to look at their configuration; see :meth:`PhoneResync.resync`."""
        self._turn.look_at_clock()
        told = self.services.phones.resync(extension, reboot=reboot, contact=contact, now=self._turn.now)
        self._sessions.run()
        return told

    def command_voicemail(self, given: Callable[[VoicemailDesk], None]) -> None:
        """Carry out a command about a mailbox.

        Raises:
            CommandError: it cannot be carried out; nothing has changed.
        """
        self._turn.look_at_clock()
        given(self.voicemail)

    def load_site(self, site: Site) -> None:
        """Put another site in place of the loaded one; calls in progress keep what they started with."""
        self.swap_site(site)
        for _ in self.follow_site():
            pass

    def swap_site(self, site: Site) -> None:
        """Do that, and leave statuses to :meth:`follow_site`."""
        self._turn.look_at_clock()
        self.desk.site = site
        self._hosts.let_in()
        self._trunk_registrar.look_again()
        self._sessions.run()

    def follow_site(self) -> Iterator[bool]:
        """Bring everybody to what site and registrations say now, some users a step; gives whether there are more."""
        for part in self.people.parts(wall_s=self._turn.wall_s):
            self._turn.look_at_clock()
            self.people.look_at(part, wall_s=self._turn.wall_s)
            self.queues.look_at(part)
            self._sessions.run()
            yield True

    def host_found(self, name: HostName, targets: tuple[Target, ...]) -> None:
        """Take what the DNS told of a trunk's host."""
        self._turn.look_at_clock()
        self._hosts.found(name, targets)

    def check_invariants(self) -> None:
        """Keep each breach as a fact, and clean up."""
        self._turn.look_at_clock()
        self._keeper.check()
        for breach in self.queues.breaches():
            self._keeper.keep(breach)
            self.queues.clean_up(breach)
        self._sessions.run()

    def end_turn(self) -> None:
        """Keep the turn's facts, then let its effects out."""
        while ready := self._media.take_ready():
            for opened in ready:
                self.media_event(opened)
        self.voicemail.end_turn()
        self.queue_notices.end_turn()
        if self.services.end_turn():
            self._sessions.run()
        self._turn.end()
        self._errands.flush()

    # Begin

    def resume(self, records: Iterable[bytes | Gap]) -> None:
        """Fold facts of an earlier brain and go on where it was: :meth:`Succession.resume`."""
        self._succession.resume(records)
        self.services.resume()
        self._scenarios.resume()
        self.queues.resume()
        self._hosts.let_in()
        self.voicemail.resume()
        self.queue_notices.resume()
        self._sessions.run()

    def settle_media(self) -> None:
        """Agree with the workers about the legs, once they have told which they hold."""
        self._turn.look_at_clock()
        self._succession.settle_media()
        self.recording.say_again()
        self._sessions.run()

    def serve(self) -> None:
        """The sockets are open: begin what the switch does by itself towards others."""
        self._turn.look_at_clock()
        self._succession.listening()
        self._trunk_registrar.look_again()
        self._trunk_probe.begin(now=self._turn.now)
        self.services.begin()

    # Views

    @property
    def breached(self) -> int:
        """How many breaches of invariants were found."""
        return self._keeper.breached

    def breaches(self) -> list[Breach]:
        """Return what has lost its owner: nothing, unless we have a defect."""
        return [*self._keeper.breaches(), *self.queues.breaches()]

    def counts(self) -> dict[str, int]:
        """Count what is live: all zero at rest but the registrations."""
        sip = self._ua.counts()
        return {
            "calls": len(self.calls.conversations),
            "legs": sum(leg.is_live for leg in self.calls.legs.values()),
            "dialogs": sip.dialogs,
            "transactions": sip.transactions,
            "ports": len(self._media.open_legs()),
            "timers": sip.timers + sum(c.deadline_s is not None for c in self.calls.conversations.values()),
            "registrations": len(self.locations),
            "subscriptions": len(self._folded.subscriptions),
        }
