"""How a brain takes over from an earlier one: it folds its facts, then agrees with the workers about the legs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from softswitch import __version__
from softswitch.app.call_desk import CallDesk
from softswitch.app.folded_state import FoldedState
from softswitch.app.people import People
from softswitch.app.registrations import Registrations
from softswitch.app.resumption import restore_sessions
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.calls import facts, inputs
from softswitch.calls.apply import apply as apply_call_fact
from softswitch.calls.perform import Performer
from softswitch.calls.soundness import unsound
from softswitch.calls.tables import ConversationState, PortState
from softswitch.core.ids import conversation_of
from softswitch.journal.facts import GapFound
from softswitch.journal.reading import Gap
from softswitch.media.engine import MediaEngine
from softswitch.sip.ua.user_agent import UserAgent

GUARD_S: Final = 3.0
"""What the switch allows its own parts, so long at least from a start on: for ports to open, to move, to close."""
HEARD_FIRST_S: Final = 0.25
"""From when phones are heard again: an answer that waits in a socket comes before the end of the wait for it."""


class Succession:
    """Takes over.

    Args:
        folded: empty as yet, or what a snapshot holds.
        turn: gives facts their place.
        call_desk: leads the calls.
        registrations: where the phones are.
        people: statuses.
        ua: gets the sessions.
        performer: gets them by leg, and says again what may not have been said.
        media: holds legs of the earlier brain.
        wake_ups: deadlines, some of which have passed meanwhile.
        log: tells an event for people.
    """

    def __init__(
        self,
        folded: FoldedState,
        turn: Turn,
        call_desk: CallDesk,
        registrations: Registrations,
        people: People,
        ua: UserAgent,
        performer: Performer,
        media: MediaEngine,
        wake_ups: WakeUps,
        log: Callable[..., None],
    ) -> None:
        self._folded = folded
        self._calls = folded.calls
        self._turn = turn
        self._call_desk = call_desk
        self._registrations = registrations
        self._people = people
        self._ua = ua
        self._performer = performer
        self._media = media
        self._wake_ups = wake_ups
        self._log = log

    def resume(self, records: Iterable[bytes | Gap]) -> None:
        """Fold facts of an earlier brain and go on where it was.

        Sessions are made again from their last snapshots, deadlines at their original wall times. A gap in the records
        becomes a fact, once.

        Args:
            records: those behind what is folded already, with the gaps between them.
        """
        turn, guidance = self._turn, self._call_desk.guidance
        for record in self._folded.kept_records():
            guidance.apply(record)
        self._folded.fold(records, guidance.fold)
        turn.sequence = max(turn.sequence, self._folded.sequence)
        turn.look_at_clock()
        since_s = self._folded.last_s - self._calls.deadlines.parting_s
        apply_call_fact(self._calls, turn.place(facts.BrainResumed(__version__, since_s)))
        self._wake_ups.sleep_until(turn.now + GUARD_S)
        damaged = self._tell_missing()
        restore_sessions(self._calls, self._ua, self._performer, wall_s=turn.wall_s, now=turn.now)
        self._call_desk.know_dialogs()
        for conversation in self._calls.conversations.values():
            own_work = conversation.state not in {ConversationState.RINGING, ConversationState.ATTENDED}
            self._call_desk.arm(conversation.conversation_id, not_before_s=turn.wall_s + GUARD_S if own_work else 0.0)
        guidance.resume()
        if damaged:
            self._end_unsound()
        self._registrations.resume()
        self._people.look_again(wall_s=turn.wall_s)

    def listening(self) -> None:
        """Phones are heard from now on: what has become due meanwhile is due after what they have said meanwhile."""
        self._wake_ups.sleep_until(self._turn.now + HEARD_FIRST_S)

    def _tell_missing(self) -> bool:
        """Make facts of what is missing, say how many of the others did not fit because of it; whether anything is."""
        damaged = bool(self._folded.untold or self._folded.unfit)
        for gap in list(self._folded.untold.values()):
            fact = GapFound(gap.why.value, gap.where, gap.first_sequence, gap.last_sequence)
            self._folded.apply(self._turn.place(fact))
        unfit = self._folded.unfit
        if unfit:
            self._log("facts.unfit", count=len(unfit), first=f"{unfit[0][0]}: {unfit[0][1]}")
        return damaged

    def _end_unsound(self) -> None:
        """End conversations of which too much is missing to go on with."""
        for conversation_id, conversation in list(self._calls.conversations.items()):
            reason = unsound(conversation)
            if reason:
                self._log("conversation.doubted", conversation_id=conversation_id, reason=reason)
                apply_call_fact(self._calls, self._turn.place(facts.ConversationDoubted(reason), conversation_id))
                self._call_desk.decide(inputs.EndConversation(conversation_id, "facts-missing"))
                self._media.set_room(conversation_id, ())

    def settle_media(self) -> None:
        """Agree with the workers about the legs, once they have told which they hold.

        What an earlier brain kept as a fact but did not live to let out is said again; saying it twice changes
        nothing. A leg that one side does not know is closed.
        """
        held = self._media.open_legs()
        known = {name for name, leg in self._calls.legs.items() if leg.port_state is not PortState.NONE}
        for name in held - known:
            self._media.close(name)
            if (room := conversation_of(name)) not in self._calls.conversations:
                self._media.set_room(room, ())
        # Ports that were named and not given come first: a leg that asks for any port must not get one of them.
        missing = [leg for leg in self._calls.legs.values() if leg.port_state is PortState.OPEN and leg.leg not in held]
        lost = {leg.leg for leg in missing if not self._performer.sound.reclaim(leg)}
        for name, leg in list(self._calls.legs.items()):
            if name in lost:
                self._call_desk.decide(inputs.MediaLost(name))
            else:
                self._performer.sound.say_leg_again(leg)
                if leg.moving and leg.port_state is PortState.OPEN:
                    self._performer.offer_again(leg, self._turn.now)
                elif leg.pending_offer and leg.is_live:
                    self._performer.offer_pending(leg, self._turn.now)
        for conversation in self._calls.conversations.values():
            self._performer.sound.say_room_again(conversation)
