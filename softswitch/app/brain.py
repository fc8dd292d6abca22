"""The brain: what happens to the switch becomes facts, and facts become effects.

Loop-agnostic: a driver (the process's event loop, or virtual time) tells it what arrived and when its deadlines are
due. One turn is: inputs, each decided into facts, each fact applied at once and its effects noted; then
:meth:`Brain.end_turn` keeps the facts and only then lets the notes out as datagrams and media commands. What leaves the
switch has therefore always been recorded before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from softswitch.app.addresses import Addresses
from softswitch.app.brain_settings import BrainSettings
from softswitch.app.deadlines import Deadlines
from softswitch.app.folded_state import FoldedState
from softswitch.app.guidance import Guidance
from softswitch.app.guides import Guides
from softswitch.app.invariants import Breach, breaches
from softswitch.app.keepalive import KeepAlive
from softswitch.app.media_inputs import inputs_of
from softswitch.app.message_trace import MessageTrace
from softswitch.app.people import People
from softswitch.app.request_desk import MakeReplacement, RequestDesk
from softswitch.app.resumption import restore_sessions
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.app.trunk_probe import TrunkProbe
from softswitch.app.trunk_registrar import TrunkRegistrar
from softswitch.calls import facts, inputs
from softswitch.calls.apply import apply as apply_call_fact
from softswitch.calls.decide import decide
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.guide import Guide
from softswitch.calls.perform import Performer
from softswitch.calls.replacing import refusal_of_replacement
from softswitch.calls.soundness import unsound
from softswitch.calls.state import Conversation, PortState
from softswitch.core.clock import Clock, deadline_of_wall
from softswitch.core.facts import Record, encode
from softswitch.core.ids import Entropy, conversation_of, leg_id, new_conversation_id
from softswitch.directory.authenticator import Authenticator
from softswitch.directory.bans import SourceBanned, SourceFreed, SourceGuard
from softswitch.directory.location import disconnected, expired
from softswitch.directory.site import Site
from softswitch.journal.facts import GapFound
from softswitch.journal.reading import Gap
from softswitch.journal.sink import FactSink
from softswitch.media import engine
from softswitch.media.engine import MediaEngine
from softswitch.queues.agents import inputs as agent_inputs
from softswitch.runtime.log import about
from softswitch.sip.flow import Flow
from softswitch.sip.headers.replaces import Replaces
from softswitch.sip.message import Request
from softswitch.sip.ua import actions
from softswitch.sip.ua.order import OurCredentials
from softswitch.sip.ua.party import Party
from softswitch.sip.ua.user_agent import UserAgent

_OF_CONVERSATIONS = (
    inputs.CallArrived,
    inputs.ReplacementArrived,
    inputs.DeadlinePassed,
    inputs.EndConversation,
    inputs.AnswerCaller,
    inputs.PlayToCaller,
    inputs.HushCaller,
    inputs.RingForCaller,
    inputs.StopRinging,
    inputs.Dismiss,
)
_EXPIRY = "registrations"
"""The name of the deadline at which the next registration expires."""
_GUIDE = "guide "
"""Before a conversation's id: the name of its guide's deadline."""


class _OfSession(Protocol):
    """What the user agent tells of one session."""

    @property
    def session(self) -> Party:
        """The session it is about."""
        ...


class Brain:
    """All that the switch knows and decides.

    Args:
        clock: both faces of time.
        entropy: tags, branches, ids.
        settings: domain, addresses, limits.
        site: users, numbers, trunks.
        media: the media engine; its events come back by :meth:`media_event`.
        send: lets a datagram or a stream's octets out.
        journal: keeps encoded facts.
        guides: who leads callers that nobody has taken yet, by kind.
        log: tells an event for people: its name and its keys.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        entropy: Entropy,
        settings: BrainSettings,
        site: Site,
        media: MediaEngine,
        send: Callable[[Flow, bytes], None],
        journal: FactSink,
        guides: Mapping[str, Guide] | None = None,
        sequence: int = 0,
        log: Callable[..., None] = lambda event, **keys: None,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._media = media
        self._send = send
        self._journal = journal
        self._log = log
        self._sequence = sequence
        self._pending: list[Record] = []
        self._outbox: list[tuple[Flow, bytes]] = []
        self._deadlines = Deadlines()
        self.trace = MessageTrace()
        self._armed: dict[str, float] = {}
        """Deadlines of conversations as they were armed, in wall time."""
        self.breached = 0
        """How many breaches of invariants were found."""
        self._folded = FoldedState(settings.deadlines)
        self.calls = self._folded.calls
        self.locations = self._folded.locations
        self.bans = self._folded.bans
        self.agents = self._folded.agents
        self.people = People(lambda: self.desk.site, self.agents, self.locations, self.calls, self._record_of_people)
        addresses = Addresses(settings.advertise, settings.local_networks, settings.stream_ports)
        self._ua = UserAgent(
            entropy=entropy,
            address_of=addresses.address_for,
            timers=settings.timers,
            product=settings.product,
        )
        self._performer = Performer(self.calls, self._ua, media, settings.domain, self._credentials_of)
        self._trunks = TrunkDesk(
            self.calls, addresses, settings.local_for, lambda flow: self._trunk_probe.is_silent(flow)
        )
        self.desk = RequestDesk(
            ua=self._ua,
            site=site,
            locations=self.locations,
            calls=self.calls,
            authenticator=Authenticator(settings.nonce_key, settings.domain, entropy),
            addresses=addresses,
            limits=settings.registration,
            people=self.people,
            record=self._record,
            arrive=self._arrive,
            guard=SourceGuard(self.bans, settings.allow, settings.guard),
            ban=self._ban,
            may_call=self._may_call,
            trunks=self._trunks,
            replace=self._replace,
        )
        made = Guides(settings, self.desk, self.people, self.calls, self._trunks, lambda: (self._now, self._wall_s))
        self.groups, self.forwards = made.groups, made.forwards
        self._guidance = Guidance(
            self.calls,
            {**made.by_kind(), **(guides or {})},
            decide=lambda given: self._decide_one(given)[2],
            place=self._place,
            arm=self._arm_guide,
        )
        self._domain = settings.domain
        self._settings = settings
        self._now = clock.monotonic()
        self._wall_s = clock.wall()
        self._keepalive = self._new_keepalive()
        self._trunk_probe = TrunkProbe(
            ua=self._ua,
            state=self._folded.silent_hosts,
            record=lambda fact: self._folded.silent_hosts.apply(self._place(fact, "")),
            site=lambda: self.desk.site,
            local_for=settings.local_for,
            domain=settings.domain,
            interval_s=settings.trunk_probe_s,
            log=log,
        )
        self.trunk_registrations = self._folded.trunks
        self._trunk_registrar = TrunkRegistrar(
            ua=self._ua,
            state=self.trunk_registrations,
            clock=clock,
            entropy=entropy,
            site=lambda: self.desk.site,
            addresses=addresses,
            local_for=settings.local_for,
            credentials_of=self._credentials_of,
            record=lambda fact: self.trunk_registrations.apply(self._place(fact, "")),
            log=log,
        )
        self._handlers = self._action_handlers()

    # Inputs

    def receive(self, data: bytes, flow: Flow) -> None:
        """Take one datagram, or one message of a stream; nothing of a source that is shut out is even read.

        A phone that was registered before goes on as if nothing had happened: somebody beside it misbehaves, or forges
        its address.
        """
        self._look_at_clock()
        if self.bans and self.bans.holds(flow.remote[0], self._wall_s) and not self.desk.knows(flow):
            return
        self.trace.note(self._wall_s, flow, data, sent=False)
        self._ua.receive(data, flow, now=self._now)
        self._run()

    def flow_closed(self, flow: Flow) -> None:
        """A stream's connection is gone, or a send failed."""
        self._look_at_clock()
        self._ua.flow_failed(flow, now=self._now)
        for fact in disconnected(self.locations, flow):
            self._record(fact)
        self._run()

    def media_event(self, event: engine.MediaEvent) -> None:
        """Take what a media worker tells."""
        self._look_at_clock()
        if isinstance(event, engine.LegSilent):
            self._ask_for_life(event.leg)
        if isinstance(event, engine.Disagreement):
            for leg in event.unknown:
                self._breached(Breach("worker-leg", leg, f"of worker {event.worker}"))
            for leg in event.missing:
                self._breached(Breach("lost-leg", leg, f"of worker {event.worker}"))
        for given in inputs_of(event):
            self._decide(given)
        self._run()

    def handle_timer(self) -> None:
        """Do what is due now."""
        self._look_at_clock()
        self._ua.handle_timer(now=self._now)
        for name in self._deadlines.due(self._now):
            if name == _EXPIRY:
                self._expire()
            elif name.startswith(_GUIDE):
                self._guidance.due(name.removeprefix(_GUIDE), self._wall_s)
            else:
                self._conversation_due(name)
        self._keepalive.handle_timer(now=self._now)
        self._trunk_registrar.handle_timer(now=self._now)
        self._trunk_probe.handle_timer(now=self._now)
        self._run()

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which :meth:`handle_timer` wants to be called, or None."""
        owners = (self._ua, self._keepalive, self._trunk_registrar, self._trunk_probe)
        candidates = (self._deadlines.next(), *(owner.next_deadline() for owner in owners))
        return min((moment for moment in candidates if moment is not None), default=None)

    def lift_ban(self, source: str) -> None:
        """Let a source in again."""
        self._look_at_clock()
        self.bans.apply(self._place(SourceFreed(source), ""))

    def end_conversation(self, conversation_id: str, reason: str) -> None:
        """End a conversation politely on all sides."""
        self._look_at_clock()
        self._decide(inputs.EndConversation(conversation_id, reason))
        self._run()

    def command_people(self, given: agent_inputs.Input) -> None:
        """Carry out a command about a user's status or queues.

        Raises:
            CommandError: it cannot be carried out; nothing has changed.
        """
        self._look_at_clock()
        self.people.decide(given)

    def load_site(self, site: Site) -> None:
        """Put another site in place of the loaded one; calls in progress keep what they started with."""
        self._look_at_clock()
        self.desk.site = site
        self.people.look_again(wall_s=self._wall_s)
        self._trunk_registrar.look_again()

    def end_turn(self) -> None:
        """Keep the turn's facts, then let its effects out."""
        if self._pending:
            pending, self._pending = self._pending, []
            self._journal.append([encode(r.sequence, r.wall_s, r.conversation_id, r.fact) for r in pending])
        if self._outbox:
            outbox, self._outbox = self._outbox, []
            for flow, data in outbox:
                self.trace.note(self._wall_s, flow, data, sent=True)
                self._send(flow, data)
        self._media.acknowledge()
        self._media.flush()

    # Views

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
        }

    # Invariants

    def breaches(self) -> list[Breach]:
        """Return what has lost its owner: nothing, unless we have a defect."""
        live = self._ua.live_sessions()
        return breaches(self.calls, self._performer.sessions, live, self._media.open_legs(), self._armed)

    def check_invariants(self) -> None:
        """Keep each breach as a fact, and clean up."""
        self._look_at_clock()
        for breach in self.breaches():
            self._breached(breach)
            self._clean_up(breach)
        for timer in self._ua.stop_stray_timers():
            self._breached(Breach("timer", timer, ""))
        self._run()

    def _breached(self, breach: Breach) -> None:
        self._log("invariant.breached", kind=breach.kind, subject=breach.subject, dump=breach.dump, **breach.about)
        self.breached += 1
        leg = self.calls.legs.get(breach.subject)
        conversation_id = leg.conversation_id if leg is not None else ""
        fact = facts.InvariantBreached(breach.kind, breach.subject, breach.dump)
        apply_call_fact(self.calls, self._place(fact, conversation_id))

    def _clean_up(self, breach: Breach) -> None:
        subject = breach.subject
        if breach.kind == "port":
            self._media.close(subject)
        elif breach.kind == "dialog":
            every = (*self._ua.live_sessions(), *self._performer.sessions.values())
            for session in [one for one in every if one.owner == subject]:
                self._performer.release(session, self._now)
        elif breach.kind == "silent-leg":
            self._decide(inputs.PhoneEnded(subject, "lost", 481, "its dialog is gone"))
        elif breach.kind == "deadline":
            del self._armed[subject]
            self._deadlines.set(subject, None)
        elif breach.kind == "conversation":
            self._decide(inputs.EndConversation(subject, "it had no deadline"))

    # Resumption

    def resume(self, records: Iterable[bytes | Gap], state: bytes = b"") -> None:
        """Fold facts of an earlier brain and go on where it was.

        Sessions are made again from their last snapshots, deadlines at their original wall times. A gap in the records
        becomes a fact, once.

        Args:
            records: those behind the state, with the gaps between them.
            state: what :meth:`softswitch.app.folded_state.FoldedState.encode` gave; empty: none.
        """
        if state:
            self._folded.restore(state)
        for record in self._folded.kept_records():
            self._guidance.apply(record)
        self._folded.fold(records, self._guidance.apply)
        self._sequence = max(self._sequence, self._folded.sequence)
        self._look_at_clock()
        damaged = self._tell_missing()
        restore_sessions(self.calls, self._ua, self._performer, wall_s=self._wall_s, now=self._now)
        for conversation_id in self.calls.conversations:
            self._arm(conversation_id)
        self._guidance.resume()
        if damaged:
            self._end_unsound()
        self._arm_expiry()
        self._keepalive = self._new_keepalive()
        self.people.look_again(wall_s=self._wall_s)
        self._run()

    def _tell_missing(self) -> bool:
        """Make facts of what is missing, say how many of the others did not fit because of it; whether anything is."""
        damaged = bool(self._folded.untold or self._folded.unfit)
        for gap in list(self._folded.untold.values()):
            fact = GapFound(gap.why.value, gap.where, gap.first_sequence, gap.last_sequence)
            self._folded.apply(self._place(fact, ""))
        unfit = self._folded.unfit
        if unfit:
            self._log("facts.unfit", count=len(unfit), first=f"{unfit[0][0]}: {unfit[0][1]}")
        return damaged

    def _end_unsound(self) -> None:
        """End conversations of which too much is missing to go on with."""
        for conversation_id, conversation in list(self.calls.conversations.items()):
            reason = unsound(conversation)
            if reason:
                self._log("conversation.doubted", conversation_id=conversation_id, reason=reason)
                apply_call_fact(self.calls, self._place(facts.ConversationDoubted(reason), conversation_id))
                self._decide(inputs.EndConversation(conversation_id, "facts-missing"))
                self._media.set_room(conversation_id, ())

    def settle_media(self) -> None:
        """Agree with the workers about the legs, once they have told which they hold.

        What an earlier brain kept as a fact but did not live to let out is said again; saying it twice changes
        nothing. A leg that one side does not know is closed.
        """
        self._look_at_clock()
        held = self._media.open_legs()
        known = {name for name, leg in self.calls.legs.items() if leg.port_state is not PortState.NONE}
        for name in held - known:
            self._media.close(name)
            if (room := conversation_of(name)) not in self.calls.conversations:
                self._media.set_room(room, ())
        for name, leg in list(self.calls.legs.items()):
            if leg.port_state is PortState.OPEN and name not in held:
                self._decide(inputs.MediaLost(name))
            else:
                self._performer.say_media_again(leg)
                if leg.moving and leg.port_state is PortState.OPEN:
                    self._performer.offer_again(leg, self._now)
        self._run()

    def serve(self) -> None:
        """The sockets are open: begin what the switch does by itself towards others."""
        self._look_at_clock()
        self._trunk_registrar.look_again()
        self._trunk_probe.begin(now=self._now)

    # One turn's work

    def _look_at_clock(self) -> None:
        """Take the time once for all that follows from one input."""
        self._now = self._clock.monotonic()
        self._wall_s = self._clock.wall()

    def _place(self, fact: object, conversation_id: str) -> Record:
        """Give a fact its place in the order of all facts."""
        self._sequence += 1
        record = Record(self._sequence, self._wall_s, conversation_id, fact)
        self._pending.append(record)
        return record

    def _record(self, fact: object) -> None:
        """Record a fact of the directory, apply it, and note its effects."""
        self.locations.apply(self._place(fact, ""))
        self._arm_expiry()
        self._keepalive.registered(fact, now=self._now)
        self.people.registration_changed(fact, wall_s=self._wall_s)

    def _record_of_people(self, fact: object) -> None:
        """Record a fact of statuses and queue log-ins, and apply it."""
        self.agents.apply(self._place(fact, ""))

    def _ban(self, fact: SourceBanned) -> None:
        self.bans.apply(self._place(fact, ""))
        self._log("source.banned", source=fact.source, reason=fact.reason, times=fact.times)

    def _credentials_of(self, name: str) -> OurCredentials | None:
        trunk = self.desk.site.trunks.get(name)
        if trunk is None or not trunk.username:
            return None
        return OurCredentials(trunk.username, self._settings.password_of(trunk))

    def _may_call(self, flow: Flow) -> bool:
        """Tell whether a source may have one more call; they are counted only where there are many at all."""
        most = self._settings.calls_each_source
        if len(self.calls.conversations) < most:
            return True
        callers = (conversation.caller for conversation in self.calls.conversations.values())
        return sum(caller.is_live and caller.flow.remote[0] == flow.remote[0] for caller in callers) < most

    def _decide(self, given: inputs.Input) -> None:
        """Decide what follows from an input; where the conversation has a guide, let it follow as well."""
        conversation_id, guide, decided = self._decide_one(given)
        if guide:
            own = [fact for fact in decided if type(fact) is not Elsewhere]
            self._guidance.after(conversation_id, guide, own, self._wall_s)

    def _decide_one(self, given: inputs.Input) -> tuple[str, str, list[Any]]:
        """Decide what follows from an input; return the conversation, its guide, and the facts."""
        decided = decide(self.calls, given)
        if not decided:
            return "", "", decided
        conversation_id = self._conversation_id(given)
        conversation = self.calls.conversations.get(conversation_id)  # it may be over when its facts are applied
        touched = {conversation_id: self.calls.conversations.get(conversation_id)}
        for fact in decided:
            where = conversation_id
            if type(fact) is Elsewhere:
                where, fact = fact.conversation_id, fact.fact
                touched.setdefault(where, self.calls.conversations.get(where))
            if isinstance(fact, facts.LegEnded):
                self._keep_dialog(fact.leg, where)  # its end may have to be said again
            record = self._place(fact, where)
            apply_call_fact(self.calls, record)
            self.agents.apply(record)
            if where == conversation_id:
                conversation = conversation or self.calls.conversations.get(conversation_id)
                if conversation is not None and conversation.guide:
                    self._guidance.apply(record)
            else:
                self._guide_applies(touched[where], record)
            with about(where, getattr(fact, "leg", "")):
                self._performer.perform(fact, self._now)
        for where in touched:
            self._keep_dialogs(where)
            self._arm(where)
        self._guide_elsewhere(touched, conversation_id, decided)
        return conversation_id, "" if conversation is None else conversation.guide, decided

    def _guide_applies(self, conversation: Conversation | None, record: Record) -> None:
        if conversation is not None and conversation.guide:
            self._guidance.apply(record)

    def _guide_elsewhere(
        self, touched: dict[str, Conversation | None], conversation_id: str, decided: list[Any]
    ) -> None:
        """Let the guides of other conversations follow what has become of these."""
        for where, other in touched.items():
            if where != conversation_id and other is not None and other.guide:
                told = [fact.fact for fact in decided if type(fact) is Elsewhere and fact.conversation_id == where]
                self._guidance.after(where, other.guide, told, self._wall_s)

    def _arm_guide(self, conversation_id: str, wall_s: float | None) -> None:
        name = _GUIDE + conversation_id
        self._deadlines.set(name, None if wall_s is None else deadline_of_wall(self._clock, wall_s))

    def _conversation_id(self, given: inputs.Input) -> str:
        if isinstance(given, _OF_CONVERSATIONS):
            return given.conversation_id
        return self.calls.legs[given.leg].conversation_id

    def _keep_dialogs(self, conversation_id: str) -> None:
        """Record what changed in the dialogs of a conversation, for a brain that comes after this one."""
        conversation = self.calls.conversations.get(conversation_id)
        if conversation is None:
            return
        for leg in conversation.legs:
            self._keep_dialog(leg, conversation_id)

    def _keep_dialog(self, leg: str, conversation_id: str) -> None:
        session = self._performer.sessions.get(leg)
        if session is not None and session.changed:
            fact = facts.DialogChanged(leg, session.snapshot().values())
            self.trace.belongs(conversation_id, session.dialog.sip_call_id)
            apply_call_fact(self.calls, self._place(fact, conversation_id))

    def _arm(self, conversation_id: str) -> None:
        conversation = self.calls.conversations.get(conversation_id)
        wall_s = None if conversation is None else conversation.deadline_s
        if wall_s == self._armed.get(conversation_id):
            return
        if wall_s is None:
            del self._armed[conversation_id]
            self._deadlines.set(conversation_id, None)
        else:
            self._armed[conversation_id] = wall_s
            self._deadlines.set(conversation_id, deadline_of_wall(self._clock, wall_s))

    def _arm_expiry(self) -> None:
        wall_s = self.locations.next_expiry()
        self._deadlines.set(_EXPIRY, None if wall_s is None else deadline_of_wall(self._clock, wall_s))

    def _conversation_due(self, conversation_id: str) -> None:
        """Tell a conversation that its deadline has come, unless a clock step or a fact has moved it."""
        conversation = self.calls.conversations.get(conversation_id)
        self._armed.pop(conversation_id, None)
        if conversation is None or conversation.deadline_s is None:
            return
        self._decide(inputs.DeadlinePassed(conversation_id))

    def _expire(self) -> None:
        for fact in expired(self.locations, self._wall_s):
            self._record(fact)
        self._arm_expiry()

    def _run(self) -> None:
        """Take what the user agent has to tell until it has nothing more."""
        while batch := self._ua.actions():
            for action in batch:
                self._handlers[type(action)](action)

    def _new_keepalive(self) -> KeepAlive:
        return KeepAlive(self._ua, self._queue, self._domain, self.locations, now=self._clock.monotonic())

    def _queue(self, flow: Flow, data: bytes) -> None:
        self._outbox.append((flow, data))

    def _arrive(self, request: Request, flow: Flow, make: Callable[[str], inputs.CallArrived]) -> None:
        """Begin a call: its session first, so that the facts may answer it."""
        conversation_id = new_conversation_id(self._wall_s, self._entropy)
        leg = leg_id(conversation_id, 1)
        self._performer.sessions[leg] = self._ua.accept_invite(request, flow, owner=leg, now=self._now)
        self._decide(make(conversation_id))

    def _replace(self, request: Request, flow: Flow, replaces: Replaces | str, make: MakeReplacement) -> int:
        """Let an INVITE take the place of a leg (RFC 3891 §3); return the status that refuses it, or 0.

        ``replaces`` is a dialog, or a leg that rings.
        """
        found = None if isinstance(replaces, str) else self._ua.session_of(*replaces[:3])
        replaced = self.calls.legs.get(replaces if isinstance(replaces, str) else found.owner if found else "")
        if replaced is None:
            return 481
        conversation = self.calls.conversations[replaced.conversation_id]
        leg = leg_id(conversation.conversation_id, conversation.next_leg())
        given = make(conversation.conversation_id, leg, replaced.leg)
        early_only = isinstance(replaces, str) or replaces.early_only
        status = refusal_of_replacement(self.calls, replaced.leg, given.from_user, early_only=early_only)
        if status == 0:
            self._performer.sessions[leg] = self._ua.accept_invite(request, flow, owner=leg, now=self._now)
            self._decide(given)
        return status

    # What the user agent tells

    def _action_handlers(self) -> dict[type, Callable[[Any], None]]:
        return {
            actions.Send: lambda a: self._outbox.append((a.flow, a.data)),
            actions.RequestArrived: self._request_arrived,
            actions.Cancelled: lambda a: self._decide(inputs.CallerCancelled(a.session.owner)),
            actions.Acknowledged: lambda a: self._told(a, inputs.CallerAcknowledged(a.session.owner, a.sdp)),
            actions.AckMissing: lambda a: self._decide(inputs.PhoneEnded(a.session.owner, "lost", 408, "No ACK came")),
            actions.Progressed: lambda a: self._told(a, inputs.CalleeProgressed(a.session.owner, a.status, a.sdp)),
            actions.Answered: self._answered,
            actions.Rejected: lambda a: self._told(a, inputs.CalleeRejected(a.session.owner, a.status, a.reason)),
            actions.Reoffered: lambda a: self._told(a, inputs.PhoneReoffered(a.session.owner, a.sdp)),
            actions.ReofferAnswered: lambda a: self._told(a, inputs.PhoneTookMove(a.session.owner, a.sdp, a.offered)),
            actions.ReofferRefused: lambda a: self._told(a, inputs.PhoneRefusedMove(a.session.owner, a.status)),
            actions.Referred: self._referred,
            actions.RefreshDue: self._refresh_due,
            actions.InfoArrived: self._noted,
            actions.Ended: self._ended,
            actions.Responded: self._responded,
            actions.Dropped: self._dropped,
        }

    def _responded(self, action: actions.Responded) -> None:
        self._trunk_registrar.responded(action, now=self._now)
        self._trunk_probe.responded(action)

    def _dropped(self, action: actions.Dropped) -> None:
        self._log("sip.dropped", source=action.flow.remote, reason=action.reason)
        self.desk.strayed(action.flow, now=self._now, wall_s=self._wall_s)

    def _request_arrived(self, action: actions.RequestArrived) -> None:
        self.desk.take(action.request, action.flow, now=self._now, wall_s=self._wall_s)

    def _told(self, action: _OfSession, given: inputs.Input) -> None:
        """Decide what a session tells, then keep what changed in its dialog even where nothing was decided."""
        self._decide(given)
        self._noted(action)

    def _noted(self, action: _OfSession) -> None:
        leg = self.calls.legs.get(action.session.owner)
        if leg is not None and action.session.changed:
            self._keep_dialogs(leg.conversation_id)

    def _referred(self, action: actions.Referred) -> None:
        """A phone asks for a transfer; one whose target cannot be read or found is refused."""
        owner = action.session.owner
        session, leg = self._performer.sessions.get(owner), self.calls.legs.get(owner)
        if session is None or leg is None:
            return
        target = self.desk.refer_target(action.refer_to, leg.user, now=self._now, wall_s=self._wall_s)
        other = ""
        if target.replaces is not None:
            found = self._ua.session_of(*target.replaces[:3])
            other = found.owner if found is not None else "none"
        given = inputs.TransferAsked(owner, target.number, target.destination, action.subscription, other)
        self._told(action, given)
        session.answer_refer(603, now=self._now)  # where nothing else has been said

    def _ask_for_life(self, leg: str) -> None:
        """A phone that should send is silent: ask it in its dialog; one that is gone ends the call."""
        session = self._performer.sessions.get(leg)
        if session is not None:
            session.options(now=self._now)

    def _refresh_due(self, action: actions.RefreshDue) -> None:
        """Refresh a session by a re-INVITE that changes nothing (RFC 4028 §7.4)."""
        leg = self.calls.legs.get(action.session.owner)
        session = self._performer.sessions.get(action.session.owner)
        if leg is not None and session is not None and leg.local_sdp and not leg.pending_offer:
            session.reinvite(leg.local_sdp, now=self._now)
            self._noted(action)

    def _answered(self, action: actions.Answered) -> None:
        self._told(action, inputs.CalleeAnswered(action.session.owner, action.sdp))

    def _ended(self, action: actions.Ended) -> None:
        how = "bye" if action.status == 200 else "lost"
        self._decide(inputs.PhoneEnded(action.session.owner, how, action.status, action.reason))
