"""Keeps each breach of an invariant as a fact with a dump, and cleans it up."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.call_desk import CallDesk
from softswitch.app.invariants import Breach, breaches
from softswitch.app.turn import Turn
from softswitch.calls import facts, inputs
from softswitch.calls.apply import apply as apply_call_fact
from softswitch.calls.perform import Performer
from softswitch.calls.state import CallsState
from softswitch.media.engine import Disagreement, MediaEngine
from softswitch.sip.ua.user_agent import UserAgent


class InvariantKeeper:
    """Looks at what must hold.

    Args:
        calls: the folded state.
        turn: gives facts their place.
        ua: knows which sessions live.
        performer: has the sessions by leg.
        media: knows which ports are open.
        call_desk: decides; has the armed deadlines.
        log: tells an event for people.

    Attributes:
        breached: how many breaches were found.
    """

    def __init__(
        self,
        calls: CallsState,
        turn: Turn,
        ua: UserAgent,
        performer: Performer,
        media: MediaEngine,
        call_desk: CallDesk,
        log: Callable[..., None],
    ) -> None:
        self.breached = 0
        self._calls = calls
        self._turn = turn
        self._ua = ua
        self._performer = performer
        self._media = media
        self._call_desk = call_desk
        self._log = log

    def breaches(self) -> list[Breach]:
        """Return what has lost its owner: nothing, unless we have a defect."""
        live = self._ua.live_sessions()
        return breaches(self._calls, self._performer.sessions, live, self._media.open_legs(), self._call_desk.armed)

    def check(self) -> None:
        """Keep each breach as a fact, and clean up."""
        for breach in self.breaches():
            self.keep(breach)
            self._clean_up(breach)
        for timer in self._ua.stop_stray_timers():
            self.keep(Breach("timer", timer, ""))

    def differed(self, told: Disagreement) -> None:
        """Keep that brain and worker did not know the same legs; the worker has let its own go."""
        for leg in told.unknown:
            self.keep(Breach("worker-leg", leg, f"of worker {told.worker}"))
        for leg in told.missing:
            self.keep(Breach("lost-leg", leg, f"of worker {told.worker}"))

    def keep(self, breach: Breach) -> None:
        """Keep a breach as a fact."""
        self._log("invariant.breached", kind=breach.kind, subject=breach.subject, dump=breach.dump, **breach.about)
        self.breached += 1
        leg = self._calls.legs.get(breach.subject)
        conversation_id = leg.conversation_id if leg is not None else ""
        fact = facts.InvariantBreached(breach.kind, breach.subject, breach.dump)
        apply_call_fact(self._calls, self._turn.place(fact, conversation_id))

    def _clean_up(self, breach: Breach) -> None:
        subject = breach.subject
        if breach.kind == "port":
            self._media.close(subject)
        elif breach.kind == "dialog":
            every = (*self._ua.live_sessions(), *self._performer.sessions.values())
            for session in [one for one in every if one.owner == subject]:
                self._performer.release(session, self._turn.now)
        elif breach.kind == "silent-leg":
            self._call_desk.decide(inputs.PhoneEnded(subject, "lost", 481, "its dialog is gone"))
        elif breach.kind == "deadline":
            self._call_desk.disarm(subject)
        elif breach.kind == "conversation":
            self._call_desk.decide(inputs.EndConversation(subject, "it had no deadline"))
