"""Where the calls are led: an input is decided into facts, each is applied at once, and its effects are noted.

A conversation that has a guide is followed by it; what one conversation's facts make of another comes as
:class:`softswitch.calls.elsewhere.Elsewhere`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from softswitch.app.folded_state import FoldedState
from softswitch.app.guidance import Guidance
from softswitch.app.message_trace import MessageTrace
from softswitch.app.recording_desk import FOLLOWED, RecordingDesk
from softswitch.app.request_desk import MakeReplacement
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.calls import conference_inputs, facts, guide_inputs, inputs
from softswitch.calls.apply import CHANGES
from softswitch.calls.apply import apply as apply_call_fact
from softswitch.calls.control_inputs import DialOrdered
from softswitch.calls.decide import decide
from softswitch.calls.dialog_values import dialog_change
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.guide import Guide
from softswitch.calls.perform import EFFECTS, Performer, Session
from softswitch.calls.recording.inputs import RecordingInput
from softswitch.calls.replacing import refusal_of_replacement
from softswitch.calls.state import Conversation
from softswitch.core.facts import Record
from softswitch.core.ids import Entropy, leg_id, new_conversation_id
from softswitch.runtime.log import concern, concern_no_more
from softswitch.sip.flow import Flow
from softswitch.sip.headers.replaces import Replaces
from softswitch.sip.message import Request
from softswitch.sip.ua.user_agent import UserAgent

_OF_CONVERSATIONS: Final = frozenset(
    {
        inputs.CallArrived,
        inputs.ReplacementArrived,
        inputs.DeadlinePassed,
        inputs.ReminderDue,
        inputs.EndConversation,
        guide_inputs.AnswerCaller,
        guide_inputs.PlayToCaller,
        guide_inputs.HushCaller,
        guide_inputs.RingForCaller,
        guide_inputs.RingAlso,
        guide_inputs.StopRinging,
        guide_inputs.StopRingingUser,
        guide_inputs.HandOver,
        guide_inputs.Dismiss,
        conference_inputs.JoinCalls,
        guide_inputs.EnterRoom,
        guide_inputs.PageMembers,
        conference_inputs.SuperviseOrdered,
        conference_inputs.ChangeSupervision,
        conference_inputs.FollowSupervised,
        DialOrdered,
    }
)
"""Inputs that name a conversation and no leg of it."""
_CALL = "call"
"""The kind of a conversation's deadline."""
_HOLD = "hold"
"""The kind of the deadline at which somebody is reminded of whoever waits on hold."""
_GUIDE = "guide"
"""The kind of the deadline of a conversation's guide."""


class CallDesk:
    """The one who writes the state of the calls.

    Args:
        folded: the calls, and who answered last.
        turn: gives facts their place.
        ua: has the sessions.
        performer: lets effects follow from facts.
        trace: learns which dialogs are a conversation's.
        wake_ups: wakes us at the conversations' deadlines.
        entropy: for ids.

    Attributes:
        guidance: the guides; there are none before :meth:`led_by`.
        armed: deadlines of conversations as they were armed, in wall time.
    """

    guidance: Guidance

    def __init__(
        self,
        folded: FoldedState,
        turn: Turn,
        ua: UserAgent,
        performer: Performer,
        trace: MessageTrace,
        wake_ups: WakeUps,
        entropy: Entropy,
    ) -> None:
        self.armed: dict[str, float] = {}
        self._reminders: dict[str, float] = {}
        self._calls = folded.calls
        self._also_applied: Mapping[type, Callable[[Record], None]] = {
            facts.LegAnswered: folded.agents.apply,
            facts.LegAdded: folded.trunk_days.apply,
        }
        """Facts of calls that change other states, too."""
        self._turn = turn
        self._ua = ua
        self._performer = performer
        self._trace = trace
        self._wake_ups = wake_ups
        self._entropy = entropy
        self._guard: Callable[[inputs.KeyPressed], inputs.KeyPressed] = lambda given: given
        wake_ups.serve(_CALL, self._due)
        wake_ups.serve(_HOLD, self._reminder_due)
        wake_ups.serve(_GUIDE, lambda conversation_id: self.guidance.due(conversation_id, turn.wall_s))

    def led_by(self, guides: Mapping[str, Guide]) -> None:
        """Take the guides, by kind: they are made last, of those who know this desk."""
        self.guidance = Guidance(
            self._calls,
            guides,
            decide=lambda given: self._decide_one(given)[2],
            place=self._turn.place,
            arm=lambda conversation_id, wall_s: self._wake_ups.arm(_GUIDE, conversation_id, wall_s),
        )

    def guarded_by(self, guard: Callable[[inputs.KeyPressed], inputs.KeyPressed]) -> None:
        """Take who seals the keys of codes."""
        self._guard = guard

    def recorded_by(self, recording: RecordingDesk) -> None:
        """Take who decides about recordings, which follow calls."""
        self._recording = recording

    # Calls that begin

    def arrive(self, request: Request, flow: Flow, make: Callable[[str], inputs.CallArrived]) -> None:
        """Begin a call: its session first, so that the facts may answer it."""
        conversation_id = self.new_id()
        leg = leg_id(conversation_id, 1)
        self._performer.sessions[leg] = self._ua.accept_invite(request, flow, owner=leg, now=self._turn.now)
        self.decide(make(conversation_id))

    def replace(self, request: Request, flow: Flow, replaces: Replaces | str, make: MakeReplacement) -> int:
        """Let an INVITE take the place of a leg (RFC 3891 §3); return the status that refuses it, or 0.

        ``replaces`` is a dialog, or a leg that rings.
        """
        found = None if isinstance(replaces, str) else self._ua.session_of(*replaces[:3])
        replaced = self._calls.legs.get(replaces if isinstance(replaces, str) else found.owner if found else "")
        if replaced is None:
            return 481
        conversation = self._calls.conversations[replaced.conversation_id]
        leg = leg_id(conversation.conversation_id, conversation.next_leg())
        given = make(conversation.conversation_id, leg, replaced.leg)
        early_only = isinstance(replaces, str) or replaces.early_only
        status = refusal_of_replacement(self._calls, replaced.leg, given.from_user, early_only=early_only)
        if status == 0:
            self._performer.sessions[leg] = self._ua.accept_invite(request, flow, owner=leg, now=self._turn.now)
            self.decide(given)
        return status

    def new_id(self) -> str:
        """Make the id of a conversation that begins now."""
        return new_conversation_id(self._turn.wall_s, self._entropy)

    # Calls that go on

    def decide(self, given: inputs.Input) -> None:
        """Decide what follows from an input; where the conversation has a guide, let it follow as well."""
        if isinstance(given, inputs.KeyPressed):
            given = self._guard(given)
        conversation_id, guide, decided = self._decide_one(given)
        if guide:
            own = [fact for fact in decided if type(fact) is not Elsewhere]
            self.guidance.after(conversation_id, guide, own, self._turn.wall_s)

    def tell_guide(self, conversation_id: str, happened: object) -> None:
        """Let a conversation's guide, if there is one still, follow what happened outside of the calls."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is not None and conversation.guide:
            self.guidance.after(conversation_id, conversation.guide, (happened,), self._turn.wall_s)

    def _decide_one(self, given: inputs.Input | RecordingInput) -> tuple[str, str, list[Any]]:
        """Decide what follows from an input; return the conversation, its guide, and the facts."""
        if isinstance(given, RecordingInput):
            return self._decide_recording(given)
        decided = decide(self._calls, given)
        if not decided:
            return "", "", decided
        conversation_id = self._conversation_id(given)
        # Each as it was before: it may be over when its facts are applied.
        touched = {conversation_id: self._calls.conversations.get(conversation_id)}
        followed = self._take(conversation_id, decided, touched)
        if followed:
            decided = [*decided, *followed]
        self._see_to(touched, conversation_id, decided)
        conversation = touched[conversation_id]
        return conversation_id, "" if conversation is None else conversation.guide, decided

    def _take(self, conversation_id: str, decided: list[Any], touched: dict[str, Conversation | None]) -> list[Any]:
        """Apply facts one after the other, each with its effects; return those that followed for recordings.

        Every fact of every call passes here, so look-ups by its type stand in place of calls that mostly do nothing.
        """
        calls, place, now = self._calls, self._turn.place, self._turn.now
        followed: list[Any] = []
        before = concern((conversation_id, ""))
        try:
            for fact in decided:
                kind, where = type(fact), conversation_id
                if kind is Elsewhere:
                    where, fact = fact.conversation_id, fact.fact
                    kind = type(fact)
                    touched.setdefault(where, calls.conversations.get(where))
                if kind is facts.LegEnded:
                    self._keep_dialog_of(fact.leg, where)  # its end may have to be said again
                record = place(fact, where)
                if kind in CHANGES:
                    CHANGES[kind](calls, record, fact)
                if kind in self._also_applied:
                    self._also_applied[kind](record)
                led = touched[where]
                if led is None and where == conversation_id:  # it begins with this fact
                    led = touched[where] = calls.conversations.get(where)
                if led is not None and led.guide:
                    self.guidance.apply(record)
                if kind in EFFECTS:
                    concern((where, getattr(fact, "leg", "")))
                    EFFECTS[kind](self._performer, fact, now)
                if kind in FOLLOWED:
                    followed += self._recorded(record, led, conversation_id)
        finally:
            concern_no_more(before)
        return followed

    def _recorded(self, record: Record, led: Conversation | None, conversation_id: str) -> list[Any]:
        """Let recordings follow a fact; return what comes of that, as facts of the conversation that is decided of."""
        made = self._recording.follow(record)
        for each in made:
            self._guide_applies(led, each)
        where = record.conversation_id
        return [each.fact if where == conversation_id else Elsewhere(where, each.fact) for each in made]

    def _see_to(self, touched: dict[str, Conversation | None], conversation_id: str, decided: list[Any]) -> None:
        """Keep and arm what has changed in conversations, and let guides and supervisors follow."""
        conversations = self._calls.conversations
        for where in touched:
            conversation = conversations.get(where)
            if conversation is not None:
                self._keep_changed(conversation)
            self._arm(where, conversation, 0.0)
        if len(touched) > 1:
            self._guide_elsewhere(touched, conversation_id, decided)
        if self._calls.supervisors:
            for supervisor in list(self._calls.supervisors):
                self._decide_one(conference_inputs.FollowSupervised(supervisor))

    def _decide_recording(self, given: RecordingInput) -> tuple[str, str, list[Any]]:
        """Decide what a guide asks to be recorded."""
        conversation = self._calls.conversations.get(given.conversation_id)
        made = self._recording.decide(given)
        for record in made:
            self._guide_applies(conversation, record)
        guide = conversation.guide if conversation is not None else ""
        return given.conversation_id, guide, [record.fact for record in made]

    def told_of_recordings(self, made: Sequence[Record]) -> None:
        """Let guides follow what workers told of recordings of their callers."""
        for record in made:
            conversation = self._calls.conversations.get(record.conversation_id)
            self._guide_applies(conversation, record)
            if conversation is not None and conversation.guide:
                self.guidance.after(record.conversation_id, conversation.guide, (record.fact,), self._turn.wall_s)

    def _guide_applies(self, conversation: Conversation | None, record: Record) -> None:
        if conversation is not None and conversation.guide:
            self.guidance.apply(record)

    def _guide_elsewhere(
        self, touched: dict[str, Conversation | None], conversation_id: str, decided: list[Any]
    ) -> None:
        """Let the guides of other conversations follow what has become of these."""
        for where, other in touched.items():
            if where != conversation_id and other is not None and other.guide:
                told = [fact.fact for fact in decided if type(fact) is Elsewhere and fact.conversation_id == where]
                self.guidance.after(where, other.guide, told, self._turn.wall_s)

    def _conversation_id(self, given: inputs.Input) -> str:
        if type(given) in _OF_CONVERSATIONS:
            return given.conversation_id  # type: ignore[union-attr]  # as said there
        return self._calls.legs[given.leg].conversation_id  # type: ignore[union-attr]  # all others name a leg

    # What must outlive this process, and when to look again

    def keep_dialogs(self, conversation_id: str) -> None:
        """Record what changed in the dialogs of a conversation, for a brain that comes after this one."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is not None:
            self._keep_changed(conversation)

    def _keep_changed(self, conversation: Conversation) -> None:
        sessions = self._performer.sessions
        for leg in conversation.legs:
            session = sessions.get(leg)
            if session is not None and session.changed:
                self._keep_dialog(leg, session, conversation.conversation_id)

    def _keep_dialog_of(self, leg: str, conversation_id: str) -> None:
        """The same for a leg that ends; what its phone has ended already is said again from before that."""
        session = self._performer.sessions.get(leg)
        if session is not None and session.changed and not session.is_over:
            self._keep_dialog(leg, session, conversation_id)

    def _keep_dialog(self, leg: str, session: Session, conversation_id: str) -> None:
        snapshot = self._performer.secrecy.snapshot(session.snapshot())
        fact = dialog_change(leg, self._calls.legs[leg].dialog, snapshot)
        self._trace.belongs(leg, session.dialog.sip_call_id)
        apply_call_fact(self._calls, self._turn.place(fact, conversation_id))

    def know_dialogs(self) -> None:
        """Let the trace know whose the dialogs are that an earlier brain has left."""
        for leg, session in self._performer.sessions.items():
            self._trace.belongs(leg, session.dialog.sip_call_id)

    def arm(self, conversation_id: str, *, not_before_s: float = 0.0) -> None:
        """Have us woken at a conversation's deadline, or later where that comes too soon (wall time)."""
        self._arm(conversation_id, self._calls.conversations.get(conversation_id), not_before_s)

    def _arm(self, conversation_id: str, conversation: Conversation | None, not_before_s: float) -> None:
        remind_at_s = wall_s = None
        if conversation is not None:
            remind_at_s, wall_s = conversation.remind_at_s, conversation.deadline_s
        if remind_at_s != self._reminders.get(conversation_id):
            self._arm_reminder(conversation_id, remind_at_s)
        if wall_s == self.armed.get(conversation_id):
            return
        if wall_s is None:
            self.disarm(conversation_id)
        else:
            self.armed[conversation_id] = wall_s
            self._wake_ups.arm(_CALL, conversation_id, max(wall_s, not_before_s))

    def disarm(self, conversation_id: str) -> None:
        """Drop a conversation's deadline."""
        del self.armed[conversation_id]
        self._wake_ups.arm(_CALL, conversation_id, None)

    def _due(self, conversation_id: str) -> None:
        """Tell a conversation that its deadline has come, unless a clock step or a fact has moved it."""
        conversation = self._calls.conversations.get(conversation_id)
        self.armed.pop(conversation_id, None)
        if conversation is None or conversation.deadline_s is None:
            return
        self.decide(inputs.DeadlinePassed(conversation_id))

    def _arm_reminder(self, conversation_id: str, wall_s: float | None) -> None:
        if wall_s is None:
            del self._reminders[conversation_id]
        else:
            self._reminders[conversation_id] = wall_s
        self._wake_ups.arm(_HOLD, conversation_id, wall_s)

    def _reminder_due(self, conversation_id: str) -> None:
        self._reminders.pop(conversation_id, None)
        self.decide(inputs.ReminderDue(conversation_id))
