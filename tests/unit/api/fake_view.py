"""A switch that only shows."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

from softswitch.api.people_view import AgentView, ForwardView, StatusRowView
from softswitch.api.phones_view import ResyncView, SubscriptionView
from softswitch.api.queues_view import AgentFigures, EntryView, NoticeView, QueueView
from softswitch.api.view import (
    BanView,
    CallView,
    LegView,
    MessageView,
    MetricsView,
    ProcessView,
    RegistrationView,
    StatusView,
    TrunkView,
    WorkerView,
)
from softswitch.api.voicemail_view import VoicemailView
from softswitch.core.errors import CommandError, ConfigurationError, Problem
from tests.unit.api.fake_control import FakeControl
from tests.unit.api.fake_recordings import FakeRecordings


class FakeFacts:
    """Facts that a test tells; after the last one it is too slow."""

    def __init__(self, *, patient: bool) -> None:
        self.closed = False
        self._patient = patient
        self._left = [
            [_fact(1, "c1", "leg.held"), _fact(2, "c2", "leg.held")],
            [_fact(3, "c1", "segment.ended")],
        ]

    async def next(self) -> list[dict[str, object]]:
        if not self._left and self._patient:
            await asyncio.Event().wait()
        if not self._left:
            raise CommandError("The watcher is too slow", status=503, error_id="too-slow")
        return self._left.pop(0)

    def close(self) -> None:
        self.closed = True


def _fact(sequence: int, conversation_id: str, name: str) -> dict[str, object]:
    at = "2026-11-22T10:00:00.000Z"
    return {"sequence": sequence, "at": at, "conversation_id": conversation_id, "name": name, "fields": {}}


class FakeView(FakeControl, FakeRecordings):
    """One call between anna and boris, of whom only anna is registered."""

    def __init__(self) -> None:
        FakeControl.__init__(self)
        FakeRecordings.__init__(self)
        self.is_ready = True
        self.message_file = "/nowhere"
        self.deleted: list[str] = []
        self.patient = False
        self.call_count = 1
        self.loaded: list[tuple[bytes, bool]] = []
        self._anna = AgentView(
            user="anna",
            extension="101",
            display_name="Анна",
            preset="mango",
            status="on_line",
            label_ru="На линии",
            label_en="On line",
            since="2026-11-22T10:00:00.000Z",
            in_status_s=3725,
            phones=1,
            reachable=True,
            why_unreachable="",
            busy=True,
            queues=(),
            respect_status=True,
        )

    def ready(self) -> bool:
        return self.is_ready

    def status(self) -> StatusView:
        processes = (ProcessView("brain", 41), ProcessView("worker", 42))
        return StatusView(1, 2, 2, 0, 2, 1, 1, processes, "0.1.0", "2026-11-22T10:00:00.000Z", ("disk full",))

    def metrics(self) -> MetricsView:
        workers = (WorkerView(0, 2, 1.5, 3, ticks=((0.005, 990), (math.inf, 1000))),)
        return MetricsView(
            self.status(), self.is_ready, 4096, 12, 2.5, 0, 0, {"brain": 2}, {"udp:127.0.0.1:5060": 7}, workers
        )

    def trunks(self) -> Sequence[TrunkView]:
        moment = "2026-11-22T11:00:00.000Z"
        refused = TrunkView("spare", "192.0.2.8", True, "", "403 Forbidden", moment, 0)
        return [TrunkView("pstn", "192.0.2.9", True, moment, "", "", 2), refused]

    def registrations(self) -> Sequence[RegistrationView]:
        return [RegistrationView("101", "sip:101@10.0.0.7:5062", "udp:10.0.0.7:5062", 3312)]

    def calls(self) -> Sequence[CallView]:
        legs = (LegView("c1.1", "anna", "101", "talking", "PCMA"), LegView("c1.2", "", "102", "talking", "PCMA"))
        numbers = range(1, self.call_count + 1)
        return [CallView(f"c{number}", "talking", legs, "2026-11-22T10:00:00.000Z") for number in numbers]

    def trace(self, conversation_id: str) -> Sequence[MessageView]:
        if conversation_id != "c1":
            raise CommandError("There are no messages.", status=404, error_id="no-messages", field="conversation_id")
        return [MessageView("2026-11-22T10:00:00.000Z", True, "udp", "10.0.0.1:5060", "10.0.0.7:5062", "BYE ...")]

    def subscriptions(self) -> Sequence[SubscriptionView]:
        return [SubscriptionView("101", "dialog", "102", "sip:101@10.0.0.7:5062", "quiet", 3000)]

    def resync(self, extension: str, *, reboot: bool, contact: str) -> Sequence[ResyncView]:
        if extension != "101":
            raise CommandError("Nobody has it.", status=404, error_id="unknown-extension", field="extension")
        return [ResyncView(contact or "sip:101@10.0.0.7:5062", "check-sync;reboot=true" if reboot else "check-sync")]

    def voicemail(self, box: str) -> Sequence[VoicemailView]:
        left = VoicemailView("anna", "m-1", "+79161112233", "", "2026-11-22T10:00:00.000Z", 7.5, False, True)
        return [left] if box in {"", "anna"} else []

    def voicemail_file(self, box: str, message: str) -> str:
        if (box, message) != ("anna", "m-1"):
            raise CommandError("There is none.", status=404, error_id="no-message", field="message")
        return self.message_file

    def delete_voicemail(self, box: str, message: str) -> None:
        self.voicemail_file(box, message)
        self.deleted.append(message)

    def bans(self) -> Sequence[BanView]:
        return [BanView("203.0.113.7", "2026-11-22T10:10:00.000Z", "guessing", 1)]

    def lift_ban(self, source: str) -> BanView:
        if source != "203.0.113.7":
            raise CommandError(f"{source} is not shut out.", status=404, error_id="not-banned", field="source")
        return self.bans()[0]

    def statuses(self) -> Sequence[StatusRowView]:
        rights = {"direct": "true", "queue": "false"}
        return [StatusRowView("mango", "break", "Перерыв", "Break", "2", "user", True, False, 480, rights)]

    def agents(self) -> Sequence[AgentView]:
        return [self.agent("anna")]

    def agent(self, user: str) -> AgentView:
        if user != "anna":
            raise CommandError(f"There is no user {user}", status=404, error_id="unknown-user", field="user")
        return self._anna

    def choose_status(self, user: str, status: str) -> AgentView:
        if status != "break":
            raise CommandError("No such status", status=422, error_id="unknown-status", field="status")
        self._anna = replace(self.agent(user), status=status, label_ru="Перерыв", label_en="Break")
        return self._anna

    def log_into_queues(self, user: str, queue: str, *, logged_in: bool) -> AgentView:
        self._anna = replace(self.agent(user), queues=(queue or "support",) if logged_in else ())
        return self._anna

    def end_wrap_up(self, user: str) -> AgentView:
        return self.agent(user)

    def unblock(self, user: str) -> AgentView:
        raise CommandError(f"{user} is not blocked", status=409, error_id="not-blocked", field="user")

    def queues(self) -> Sequence[QueueView]:
        return [self.queue("support")]

    def queue(self, name: str) -> QueueView:
        if name != "support":
            raise CommandError(f"There is no queue {name}", status=404, error_id="unknown-queue", field="queue")
        entry = EntryView(7, "c1", "7001", "call", "waiting", 1, 65, 90, (), "2026-11-22T10:00:00.000Z")
        counts = (9, 5, 4, 2, 1, 0, 1, 12.5, 70, 180.0, 195.0, 20.0, 5.0, 66.7, "in time / all that count")
        agents = {"anna": "free", "boris": "logged out"}
        return QueueView("support", "700", "longest_idle", "normal", ("vera",), 1, 65, 2, agents, *counts, (entry,))

    def notices(self) -> Sequence[NoticeView]:
        return [NoticeView(1, "2026-11-22T10:00:00.000Z", "support", "lost", "7001", 40, ("webhook",), {})]

    def agent_figures(self) -> Sequence[AgentFigures]:
        return [AgentFigures("anna", 6, 5, 1, 0, 900, 3600, 25.0)]

    def forward(self, user: str, kind: str, target: str, after_s: float) -> AgentView:
        forwards = {kind: ForwardView(target, after_s)} if target else {}
        self._anna = replace(self.agent(user), forwards=forwards)
        return self._anna

    def refuse_calls(self, user: str, *, wanted: bool) -> AgentView:
        self._anna = replace(self.agent(user), do_not_disturb=wanted)
        return self._anna

    def facts(self) -> FakeFacts:
        self.watched = FakeFacts(patient=self.patient)
        return self.watched

    async def load_site(self, compiled: bytes, *, dry_run: bool) -> Sequence[str]:
        if compiled == b"broken":
            raise ConfigurationError([Problem("the compiled site", "it is of another domain", "load the site again")])
        if compiled == b"busy":
            raise CommandError("Another load is going on.", status=409, error_id="load-running", field="site")
        self.loaded.append((compiled, dry_run))
        return ["+ user anna"]
