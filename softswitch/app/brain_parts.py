"""The parts that a brain is put together of: who knows what, and who is told of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from softswitch.app.brain_ground import BrainGround
from softswitch.app.brain_settings import BrainSettings
from softswitch.app.conference_desk import ConferenceDesk
from softswitch.app.events.services import PhoneServices
from softswitch.app.folded_state import FoldedState
from softswitch.app.guides import Guides
from softswitch.app.host_desk import HostDesk
from softswitch.app.key_guard import KeyGuard
from softswitch.app.key_info_desk import KeyInfoDesk
from softswitch.app.key_sender import KeySender
from softswitch.app.line_desk import LineDesk
from softswitch.app.moved_phones import MovedPhones
from softswitch.app.name_keeper import NameKeeper
from softswitch.app.quality_watch import QualityWatch
from softswitch.app.queue_calls import QueueCalls
from softswitch.app.queue_desk import KIND as QUEUE
from softswitch.app.queue_desk import QueueDesk
from softswitch.app.queue_notices import QueueNotices
from softswitch.app.recording_desk import RecordingDesk
from softswitch.app.redirects import Redirects
from softswitch.app.refer_desk import ReferDesk
from softswitch.app.refer_targets import ReferTargets
from softswitch.app.registrations import Registrations
from softswitch.app.request_desk import RequestDesk
from softswitch.app.session_desk import SessionDesk
from softswitch.app.source_calls import SourceCalls
from softswitch.app.succession import Succession
from softswitch.app.supervision_desk import SupervisionDesk
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.app.trunk_probe import TrunkProbe
from softswitch.app.trunk_registrar import TrunkRegistrar
from softswitch.app.voicemail_desk import VoicemailDesk
from softswitch.app.wake_ups import Timed
from softswitch.calls.guide import Guide
from softswitch.core.clock import Clock
from softswitch.core.ids import Entropy, new_conversation_id
from softswitch.core.sealed_keys import SealedKeys
from softswitch.directory.authenticator import Authenticator
from softswitch.directory.bans import SourceBanned, SourceGuard
from softswitch.directory.site import Site
from softswitch.journal.sink import FactSink
from softswitch.media.engine import MediaEngine
from softswitch.scenario.errands import Errands
from softswitch.sip.flow import Flow


class BrainParts(BrainGround):
    """Makes the parts, and has them.

    Args:
        clock: both faces of time.
        entropy: tags, branches, ids.
        settings: domain, addresses, limits.
        site: users, numbers, trunks.
        media: the media engine; its events come back to the brain.
        send: lets a datagram or a stream's octets out.
        journal: keeps encoded facts.
        guides: who leads callers that nobody has taken yet, by kind.
        folded: what a snapshot of an earlier brain holds; the brain goes on from there.
        errands: does what scenarios want from outside; the brain is told what comes of it.
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
        folded: FoldedState | None = None,
        errands: Errands | None = None,
        sequence: int = 0,
        log: Callable[..., None] = lambda event, **keys: None,
    ) -> None:
        super().__init__(
            clock=clock,
            entropy=entropy,
            settings=settings,
            media=media,
            send=send,
            journal=journal,
            folded=folded,
            errands=errands,
            sequence=sequence,
            log=log,
        )
        turn = self._turn
        self.recording = self._new_recording_desk()
        self._registrations = Registrations(
            self.locations,
            turn,
            self._wake_ups,
            self.people,
            self._ua,
            settings.domain,
            MovedPhones(self.locations, self.calls, self._performer.sessions, self._ua, self._call_desk.keep_dialogs),
            self.alarm,
        )
        self._trunk_probe = self._new_trunk_probe()
        self._trunk_registrar = self._new_trunk_registrar(clock, entropy)
        self._trunks = TrunkDesk(
            self.calls,
            self._addresses,
            settings.local_for,
            self._trunk_probe.is_silent,
            self._folded.found_hosts.targets,
            lambda trunk, user, number: self._folded.trunk_days.count(trunk, turn.wall_s, user=user, number=number),
        )
        self.desk = self._new_desk(site, entropy)
        self._hosts = HostDesk(self._folded.found_hosts, turn, lambda: self.desk.site, self._trunk_registrar.try_now)
        self.voicemail = self._new_voicemail_desk()
        self.services = PhoneServices(
            folded=self._folded,
            turn=turn,
            ua=self._ua,
            people=self.people,
            sessions=lambda: self._performer.sessions,
            site=lambda: self.desk.site,
            clock=clock,
            entropy=entropy,
            domain=settings.domain,
            mailboxes=self.voicemail,
            alarm=self.alarm,
        )
        turn.listen(self.services.follow, self.services.follows)
        self._guides = made = self._new_guides(entropy)
        self.groups, self.forwards, self._scenarios = made.groups, made.forwards, made.scenarios
        sessions = self._performer.sessions
        self._key_sender = KeySender(self.calls, media, sessions, lambda: turn.now, log)
        self.lines = LineDesk(
            self.calls,
            self.desk,
            self.people,
            self._trunks,
            decide=self._call_desk.decide,
            new_id=lambda: new_conversation_id(turn.wall_s, entropy),
            may_be_told=self._performer.may_be_told,
            send_keys=self._key_sender.send,
            times=lambda: (turn.now, turn.wall_s),
        )
        self.queues, self.queue_notices = self._new_queue_desk(), self._new_queue_notices()
        self._call_desk.led_by({**made.by_kind(), QUEUE: self.queues.guide, **(guides or {})})
        askers = (
            lambda a: self._trunk_registrar.responded(a, now=turn.now),
            self._trunk_probe.responded,
            self.services.messages.responded,
        )
        self._refer_targets = ReferTargets(self._ua, self.desk)
        self.desk.servants = {
            **self.services.servants(),
            "REFER": lambda *asked, **times: self._refer_desk.take(*asked, **times),
        }
        self._keys = KeyInfoDesk(self.calls, self._key_sender.send, self._call_desk.decide, log)
        self._sessions = SessionDesk(
            self._ua,
            self.calls,
            turn,
            self._performer,
            self._call_desk,
            self.desk,
            self._keys,
            askers,
            Redirects(
                self.calls,
                lambda: self.desk.site,
                lambda number, user: self.desk.destination_of(
                    number, user, right="internal", now=turn.now, wall_s=turn.wall_s
                ),
                lambda uri, flow, contact: self.desk.own_names.are_in(uri, flow, contact),
            ).phones,
            self.trace.leg_of,
            self.services.handlers(),
            log,
            self.queues.settle,
            self._refer_targets,
            lambda leg, target, event: self.conferences.referred(leg, target, event),
        )

        self._succession = Succession(
            self._folded,
            turn,
            self._call_desk,
            self._registrations,
            self.people,
            self._ua,
            self._performer,
            media,
            self._wake_ups,
            log,
        )
        self._timed: tuple[Timed, ...] = (
            self._ua,
            self._wake_ups,
            self._registrations,
            self._trunk_registrar,
            self._trunk_probe,
            self.services,
        )

    # Building

    def _new_trunk_probe(self) -> TrunkProbe:
        return TrunkProbe(
            ua=self._ua,
            state=self._folded.silent_hosts,
            record=lambda fact: self._folded.silent_hosts.apply(self._turn.place(fact)),
            site=lambda: self.desk.site,
            local_for=self._settings.local_for,
            domain=self._settings.domain,
            targets_of=self._folded.found_hosts.targets,
            interval_s=self._settings.trunk_probe_s,
            log=self._log,
            alarm=self.alarm,
        )

    def _new_trunk_registrar(self, clock: Clock, entropy: Entropy) -> TrunkRegistrar:
        return TrunkRegistrar(
            ua=self._ua,
            state=self.trunk_registrations,
            clock=clock,
            entropy=entropy,
            site=lambda: self.desk.site,
            addresses=self._addresses,
            local_for=self._settings.local_for,
            targets_of=self._folded.found_hosts.targets,
            credentials_of=self._credentials_of,
            record=lambda fact: self.trunk_registrations.apply(self._turn.place(fact)),
            log=self._log,
            alarm=self.alarm,
        )

    @cached_property
    def _refer_desk(self) -> ReferDesk:
        return ReferDesk(
            self._ua,
            self.calls,
            self._refer_targets,
            self.services.events,
            self.lines,
            self.conferences,
            lambda: self.desk.site,
            self._call_desk.decide,
        )

    def _new_recording_desk(self) -> RecordingDesk:
        made = RecordingDesk(
            self._folded.recordings,
            self.calls,
            self._media,
            self._turn,
            site=lambda: self.desk.site,
            settings=self._settings,
            queue_of=self._queue_of,
            tell=self._call_desk.decide,
            wake_ups=self._wake_ups,
            log=self._log,
        )
        self._call_desk.recorded_by(made)
        return made

    def _queue_of(self, conversation_id: str) -> str:
        """Return the queue of a conversation that is an entry of one; empty for none."""
        entry = self._folded.queues.entry_of(conversation_id)
        return "" if entry is None else entry.queue

    def _new_voicemail_desk(self) -> VoicemailDesk:
        settings = self._settings
        made = VoicemailDesk(
            self._folded.mailboxes,
            self._turn,
            site=lambda: self.desk.site,
            errands=self._errands,
            wake_ups=self._wake_ups,
            storage=settings.storage,
            mail=settings.mail,
            keep_s=settings.voicemail_keep_s,
            log=self._log,
        )
        self._turn.listen(made.follow, made.sees)
        names = NameKeeper(self._folded.names, self._errands, settings.storage)
        self._turn.listen(names.follow, names.sees)
        return made

    @cached_property
    def conferences(self) -> ConferenceDesk:
        """Who carries out commands about conferences."""
        return ConferenceDesk(self.calls, self.desk, self.lines, self._turn, self._call_desk.decide)

    @cached_property
    def supervision(self) -> SupervisionDesk:
        """Who carries out commands about supervision."""
        call_desk = self._call_desk
        return SupervisionDesk(self.calls, self.desk, self.people, self._turn, call_desk.new_id, call_desk.decide)

    def _new_desk(self, site: Site, entropy: Entropy) -> RequestDesk:
        settings = self._settings
        desk = RequestDesk(
            ua=self._ua,
            site=site,
            locations=self.locations,
            calls=self.calls,
            authenticator=Authenticator(settings.nonce_key, settings.domain, entropy),
            addresses=self._addresses,
            limits=settings.registration,
            people=self.people,
            record=self._registrations.record,
            arrive=self._call_desk.arrive,
            guard=SourceGuard(self.bans, settings.allow, settings.guard),
            ban=self._ban,
            may_call=SourceCalls(self.calls, settings.calls_each_source, settings.allow, self._log).may_call,
            trunks=self._trunks,
            replace=self._call_desk.replace,
            keep_offer=self._performer.secrecy.offered,
        )
        desk.supervise = lambda user, extension: self.supervision.dialled(user, extension)
        return desk

    def _dial_for(self, user: str, number: str, auto_answer: bool) -> str:  # as the desk asks
        return self.lines.dial(user, number, auto_answer=auto_answer)

    def _new_guides(self, entropy: Entropy) -> Guides:
        sealed = SealedKeys(self._settings.media_key)
        made = Guides(
            self._settings,
            self.desk,
            self.people,
            self.calls,
            self._trunks,
            lambda: (self._turn.now, self._turn.wall_s),
            counters=self._folded.counters,
            errands=self._errands,
            mailboxes=self._folded.mailboxes,
            sealed=sealed,
        )
        self._call_desk.guarded_by(KeyGuard(self.calls, sealed, made.hides_keys(), entropy).guarded)
        return made

    def _call_up_for(self, user: str, number: str, shown: str, guide: str) -> str:
        return self.lines.call_up(user, number, shown, guide)

    def _new_queue_notices(self) -> QueueNotices:
        return QueueNotices(
            self._folded,
            self._turn,
            site=lambda: self.desk.site,
            errands=self._errands,
            wake_ups=self._wake_ups,
            mail=self._settings.mail,
            log=self._log,
        )

    def _new_queue_desk(self) -> QueueDesk:
        turn = self._turn
        conduct = QueueCalls(
            self.calls,
            lambda: self.desk.site,
            self.people,
            self.desk.phone,
            self._call_desk.decide,
            turn,
            self._dial_for,
            self._call_up_for,
            self._settings.prompts,
        )
        return QueueDesk(self._folded, lambda: self.desk.site, self.people, conduct, turn, self._wake_ups)

    @cached_property
    def _quality(self) -> QualityWatch:
        state = self._folded.phone_quality
        return QualityWatch(state, lambda fact: state.apply(self._turn.place(fact)), self._log)

    # Asked by the desk

    def _ban(self, fact: SourceBanned) -> None:
        self.bans.apply(self._turn.place(fact))
        self._log("source.banned", source=fact.source, reason=fact.reason, times=fact.times)
