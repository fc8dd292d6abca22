"""Forwarding as the guide of callers: from the first ring until somebody answers.

Only calls to users who forward are guided so. A user who is forwarded to may forward in turn; whoever a call has come
past already, or the caller, is not reached by it again, and after five forwards it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from softswitch.calls.causes import NO_ANSWER, cause_of
from softswitch.calls.control_facts import ConversationHanded
from softswitch.calls.destinations import Refuse, RingPhones
from softswitch.calls.facts import ConversationEnded, LegMediaOpened, SegmentStarted
from softswitch.calls.guide_facts import AttemptEnded, ConversationGuided
from softswitch.calls.guide_inputs import Dismiss, HandOver, RingForCaller
from softswitch.calls.inputs import Input
from softswitch.core.facts import Record
from softswitch.core.ids import leg_id
from softswitch.queues.agents.state import Forward
from softswitch.queues.forwards.facts import ForwardDone, ForwardGivenUp, ForwardToMailbox, ForwardTried

KIND: Final = "forward"
MOST_HOPS: Final = 5
MAILBOX: Final = "*mailbox"
"""The target of a forward that leads to the user's own mailbox; no number can be dialled like that."""
OTHERWISE: Final = "otherwise"
"""When a forward applies that applies whenever no other one does."""
RING_S: Final = 60.0
"""How long phones ring where no forward says otherwise."""

_LOOP: Final = ForwardGivenUp(482, 25, "Calls are forwarded in a circle", "forward-loop")
_TOO_MANY: Final = ForwardGivenUp(482, 25, f"Forwarded more than {MOST_HOPS} times", "forward-loop")
_NOBODY: Final = ForwardGivenUp(480, 20, "Nobody of the group can be reached", "nobody-reachable")

Step = ForwardTried | ForwardGivenUp | ForwardToMailbox


class ForwardWorld(Protocol):
    """What forwarding must know of everything else; the application fills it."""

    def called(self, conversation_id: str) -> str:
        """Return the name of the user whom the conversation's caller wants."""
        ...

    def caller(self, conversation_id: str) -> str:
        """Return the name of the user who calls; empty for somebody outside."""
        ...

    def forwards(self, user: str) -> Mapping[str, Forward]:
        """Return where a user's calls go, by ``always``, ``busy``, ``no_answer``, ``offline`` and ``otherwise``."""
        ...

    def refusal(self, conversation_id: str, user: str) -> Refuse | None:
        """Return why a user's phones may not be rung now, or None."""
        ...

    def user_at(self, number: str) -> str:
        """Return the name of the user who has an extension, or an empty text."""
        ...

    def begin_group(self, conversation_id: str, number: str) -> tuple[tuple[str, ...], float] | None:
        """Begin to search the group of an extension: where that is, and how long each try lasts; None: no group."""
        ...

    def go_on(self, conversation_id: str, memory: tuple[str, ...], status: int, word: str) -> tuple[str, ...]:
        """Go on with that search when a try is over; empty where it is over."""
        ...

    def phones(self, conversation_id: str, tried: ForwardTried) -> RingPhones | Refuse:
        """Return the phones to be rung, or why there are none."""
        ...

    def mailbox(self, user: str) -> str:
        """Return the guide of callers who may leave a message for a user."""
        ...


class ForwardGuide:
    """Implements :class:`softswitch.calls.guide.Guide`.

    Args:
        world: everything else.
    """

    def __init__(self, world: ForwardWorld) -> None:
        self.calls: dict[str, ForwardTried] = {}
        """The last try of each call that nobody has answered yet."""
        self._world = world

    def group_rung(self, conversation_id: str) -> str:
        """Return the group that rings for a caller now, to whom a call was forwarded; an empty text where none does."""
        tried = self.calls.get(conversation_id)
        return tried.group[0] if tried is not None and tried.group else ""

    def unanswered(self, group: str) -> int:
        """Count the callers who were forwarded to a group that nobody has answered for yet."""
        return sum(self.group_rung(conversation_id) == group for conversation_id in self.calls)

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Return what follows from what happened to a conversation of its own."""
        call = self.calls.get(conversation_id)
        if call is None:
            begins = isinstance(happened, ConversationHanded | ConversationGuided) or (
                isinstance(happened, LegMediaOpened) and happened.leg == leg_id(conversation_id, 1)
            )
            return (self._user(conversation_id, self._world.called(conversation_id), (), ""),) if begins else ()
        if isinstance(happened, AttemptEnded):
            return (self._after(conversation_id, call, happened),)
        if isinstance(happened, SegmentStarted | ConversationEnded):
            return (ForwardDone(),)
        return ()

    sees: Final = frozenset({ForwardTried, ForwardGivenUp, ForwardDone, ForwardToMailbox})

    def apply(self, record: Record) -> None:
        """Fold a fact."""
        if isinstance(record.fact, ForwardTried):
            self.calls[record.conversation_id] = record.fact
        elif isinstance(record.fact, ForwardGivenUp | ForwardDone | ForwardToMailbox):
            self.calls.pop(record.conversation_id, None)

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input]:
        """Return what forwarding wants of the calls."""
        if isinstance(fact, ForwardGivenUp):
            return (Dismiss(conversation_id, fact.status, fact.cause, fact.reason, fact.word),)
        if isinstance(fact, ForwardToMailbox):
            return (HandOver(conversation_id, self._world.mailbox(fact.user), fact.why),)
        if not isinstance(fact, ForwardTried):
            return ()
        found = self._world.phones(conversation_id, fact)
        if isinstance(found, Refuse):
            return (Dismiss(conversation_id, found.status, found.cause, found.reason, found.word),)
        return (RingForCaller(conversation_id, found.phones, fact.ring_s, found.detours),)

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return None: each try has the calls' own deadline."""
        return None

    def _after(self, conversation_id: str, call: ForwardTried, ended: AttemptEnded) -> Step:
        failed = ForwardGivenUp(ended.status, *cause_of(ended.status), ended.word)
        if ended.word == NO_ANSWER.word:
            failed = ForwardGivenUp(*NO_ANSWER)
        if call.group:
            memory = self._world.go_on(conversation_id, call.group, ended.status, ended.word)
            return replace(call, group=memory) if memory else failed
        kind = "no_answer" if ended.word == NO_ANSWER.word else "busy" if ended.status in {486, 600} else ""
        forward = _applying(self._world.forwards(call.user), kind) if call.user else None
        if forward is None:
            return failed
        return self._forward(conversation_id, call.user, forward, call.hops, kind, failed.word)

    def _user(self, conversation_id: str, user: str, hops: tuple[str, ...], reason: str) -> Step:
        """Ring a user, or go where that user's calls go."""
        forwards = self._world.forwards(user)
        if "always" in forwards:
            return self._forward(conversation_id, user, forwards["always"], hops, "always")
        why = self._world.refusal(conversation_id, user)
        if why is None:
            ring_s = forwards["no_answer"].after_s if "no_answer" in forwards else RING_S
            return ForwardTried(user, "", (), hops, reason, ring_s)
        kind = "offline" if why.word == "offline" else "busy" if why.status == 486 else ""
        forward = _applying(forwards, kind)
        if forward is not None:
            return self._forward(conversation_id, user, forward, hops, kind, why.word)
        return ForwardGivenUp(why.status, why.cause, why.reason, why.word)

    def _forward(
        self, conversation_id: str, user: str, forward: Forward, hops: tuple[str, ...], reason: str, word: str = ""
    ) -> Step:
        """Go where a user's calls go."""
        if forward.target == MAILBOX:
            return ForwardToMailbox(user, word)
        hops = (*hops, user)
        if len(hops) > MOST_HOPS:
            return _TOO_MANY
        found = self._world.user_at(forward.target)
        if found:
            passed = found in hops or found == self._world.caller(conversation_id)
            return _LOOP if passed else self._user(conversation_id, found, hops, reason)
        group = self._world.begin_group(conversation_id, forward.target)
        if group is None:
            return ForwardTried("", forward.target, (), hops, reason, RING_S)
        memory, ring_s = group
        return ForwardTried("", "", memory, hops, reason, ring_s) if memory else _NOBODY


def _applying(forwards: Mapping[str, Forward], kind: str) -> Forward | None:
    """Return the forward that applies in a case; ``kind`` is empty where no kind of forward is for it."""
    return forwards.get(kind) or forwards.get(OTHERWISE)
