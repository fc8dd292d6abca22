"""What the API shows of the queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softswitch.api.queues_view import AgentFigures, EntryView, NoticeView, QueueView
from softswitch.app.brain import Brain
from softswitch.core.clock import Clock, iso_utc
from softswitch.core.errors import CommandError
from softswitch.directory.site import Queue
from softswitch.queues.figures.estimate import Outlook
from softswitch.queues.figures.state import SERVICE_LEVEL, QueueDay
from softswitch.queues.router.state import Entry, EntryState


class BrainQueues:
    """Implements :class:`softswitch.api.queues_view.QueuesView`.

    Args:
        brain: what is shown.
        clock: gives the age of things.
    """

    def __init__(self, brain: Brain, clock: Clock) -> None:
        self._brain = brain
        self._clock = clock

    def queues(self) -> Sequence[QueueView]:
        """List all queues."""
        return [self._queue(queue) for queue in self._brain.desk.site.queues.values()]

    def queue(self, name: str) -> QueueView:
        """Return one queue."""
        found = self._brain.desk.site.queues.get(name)
        if found is None:
            raise CommandError(f"There is no queue {name}", status=404, error_id="unknown-queue", field="queue")
        return self._queue(found)

    def notices(self) -> Sequence[NoticeView]:
        """List the last notices to supervisors."""
        notices = self._brain.queue_notices
        return [
            NoticeView(
                each.raised.notice,
                iso_utc(each.at_s),
                each.raised.queue,
                each.raised.kind,
                each.raised.number,
                round(each.raised.waited_s),
                tuple(sorted(each.pending)),
                notices.problems(each),
                each.raised.conversation_id,
            )
            for each in notices.state.notices.values()
        ]

    def agent_figures(self) -> Sequence[AgentFigures]:
        """List what agents have done today."""
        now, figures = self._clock.wall(), self._brain.queues.figures
        figures.turn_to(now)
        return [
            AgentFigures(
                user,
                day.offered,
                day.answered,
                day.rejected,
                day.missed,
                round(day.talked_s),
                round(day.logged_in_s(now)),
                day.occupancy(now),
            )
            for user, day in sorted(figures.agents.items())
        ]

    def _queue(self, queue: Queue) -> QueueView:
        now, desk = self._clock.wall(), self._brain.queues
        desk.figures.turn_to(now)
        day = desk.figures.queues.get(queue.name, QueueDay())
        entries = [entry for entry in desk.state.entries.values() if entry.queue == queue.name]
        waiting = sorted((each for each in entries if each.state is not EntryState.SERVED), key=lambda e: e.order)
        waits = [now - each.arrived_s for each in waiting]
        places = {entry.entry: place for place, entry in enumerate(waiting, 1)}
        outlooks = {
            skills: Outlook(desk.state, desk.figures.paces, queue.name, skills, now)
            for skills in {each.skills for each in waiting}
        }
        return QueueView(
            name=queue.name,
            extension=queue.extension,
            strategy=queue.strategy,
            priority=queue.priority,
            supervisors=queue.supervisors,
            waiting=len(waiting),
            longest_wait_s=round(max(waits, default=0.0)),
            served=len(entries) - len(waiting),
            agents={user: self._state_of(queue, user) for user in queue.members},
            entered=day.entered,
            answered=day.answered,
            answered_in_time=day.answered_in_time,
            abandoned=day.abandoned,
            abandoned_at_once=day.abandoned_at_once,
            left=day.left,
            callbacks=day.callbacks,
            mean_wait_s=round(day.waited_s / day.answered, 1) if day.answered else 0.0,
            longest_s=round(day.longest_s),
            mean_talk_s=round(day.talk_s, 1),
            mean_handling_s=round(day.handling_s, 1),
            sla_s=queue.sla_s,
            short_abandon_s=queue.short_abandon_s,
            service_level=day.service_level,
            service_level_formula=SERVICE_LEVEL,
            waiting_entries=tuple(
                self._entry(entry, places.get(entry.entry, 0), now, outlooks)
                for entry in sorted(entries, key=lambda e: e.order)
            ),
        )

    def _state_of(self, queue: Queue, user: str) -> str:
        state = self._brain.queues.state.queues.get(queue.name)
        if state is None or user not in state.logged_in:
            return "logged out"
        slot = self._brain.queues.state.slot(user)
        return "free" if slot.free else slot.why

    def _entry(self, entry: Entry, position: int, now: float, outlooks: Mapping[tuple[str, ...], Outlook]) -> EntryView:
        return EntryView(
            entry=entry.entry,
            conversation_id=entry.conversation_id,
            number=entry.number,
            kind=entry.kind,
            state=entry.state.value,
            position=position,
            waited_s=max(0, round((entry.answered_s or now) - entry.arrived_s)),
            estimated_wait_s=outlooks[entry.skills].wait_s(entry) if position else None,
            agents=entry.offered or ((entry.user,) if entry.user else ()),
            arrived_at=iso_utc(entry.arrived_s),
            phase=entry.phase,
        )
