"""Commands about conferences: which of a user's calls are meant, and who is invited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.app.line_desk import LineDesk
from softswitch.app.refer_targets import ReferTarget
from softswitch.app.request_desk import RequestDesk
from softswitch.app.turn import Turn
from softswitch.calls.conference_inputs import GatherConsultation, InviteToConference, JoinCalls, MuteLeg
from softswitch.calls.control_inputs import HangUpOrdered
from softswitch.calls.destinations import RingPhones
from softswitch.calls.refusals import live_leg, refused, usable
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState

RING_S: Final = 60.0
"""How long somebody is rung who is invited."""
_PURPOSE: Final = "conference"


class ConferenceDesk:
    """Carries out what people ask for about conferences.

    Args:
        calls: the calls; only read.
        desk: knows where numbers lead.
        lines: lets a user ask somebody while the other party waits.
        turn: the time.
        decide: decides and carries out an input of the calls.
    """

    def __init__(
        self, calls: CallsState, desk: RequestDesk, lines: LineDesk, turn: Turn, decide: Callable[[Any], None]
    ) -> None:
        self._calls = calls
        self._desk = desk
        self._lines = lines
        self._turn = turn
        self._decide = decide

    def press(self, name: str, number: str = "") -> None:
        """Do what the conference button does for the call of a user's leg.

        With a number: in a call of two the other party waits while the number is called (I-12); into a conference
        the number is called at once. Without one: whoever waits comes in, be it in this call (I-13), or in another
        call of the user, which joins the one in which the user talks (I-16).

        Raises:
            CommandError: it does not fit; nothing has changed.
        """
        conversation, leg = live_leg(self._calls, name)
        if leg.user not in self._desk.site.users:
            raise refused(f"{name} is the leg of nobody here: name the leg of a user", "not-ours")
        if number and conversation.conference is None:
            self._lines.consult(name, number, purpose=_PURPOSE)
        elif number:
            self._invite(leg, number)
        elif conversation.consultation is not None and conversation.consultation.leg == name:
            self._decide(GatherConsultation(name))
        else:
            into, joining = self._calls_of(conversation, leg)
            self._decide(JoinCalls(into.conversation_id, into.leg, joining.leg))

    def referred(self, name: str, target: ReferTarget, subscription: str) -> None:
        """Do what a member's phone asks of its conference by REFER (RFC 4579 §5.5, §5.6, §5.11).

        Args:
            name: the leg of the phone.
            target: whom it means: one who is called, by ``method=BYE`` one who shall leave, or by ``Replaces`` the
                party of the phone's other call.
            subscription: the Event header of NOTIFYs to the phone.

        Raises:
            CommandError: it does not fit; nothing has changed.
        """
        conversation, leg = live_leg(self._calls, name)
        if leg.user not in self._desk.site.users:
            raise refused(f"{name} is the leg of nobody here: name the leg of a user", "not-ours")
        if target.method == "BYE":
            self._let_go(conversation, leg, target.number)
        elif target.other:
            live_leg(self._calls, target.other)
            self._decide(JoinCalls(conversation.conversation_id, name, target.other, subscription))
        elif target.method != "INVITE":
            raise refused(f"Nobody is called by {target.method}", "no-call", "number")
        else:
            self._invite(leg, target.number, subscription)

    def _let_go(self, conversation: Conversation, leg: Leg, number: str) -> None:
        """Hang up a member, for whoever began the conference."""
        members = {} if conversation.conference is None else conversation.conference.members
        found = next((one for one in members if conversation.legs[one].number == number), None)
        if conversation.from_user != leg.user or found is None:
            raise refused(f"{number} is not a member whom {leg.user} may let go", "not-a-member", "number")
        self._decide(HangUpOrdered(found))

    def mute(self, name: str, *, wanted: bool) -> None:
        """Let a leg not be heard, or be heard again.

        Raises:
            CommandError: there is no such leg.
        """
        self._decide(MuteLeg(name, wanted))

    def _invite(self, leg: Leg, number: str, subscription: str = "") -> None:
        user = self._desk.site.users[leg.user]
        found = usable(self._desk.destination_of(number, user, right="", now=self._turn.now, wall_s=self._turn.wall_s))
        if not isinstance(found, RingPhones):
            raise refused(f"{number} is no phone, and only phones are called into a conference", "no-phone", "number")
        self._decide(InviteToConference(leg.leg, found.phones, RING_S, found.detours, subscription))

    def _calls_of(self, conversation: Conversation, leg: Leg) -> tuple[Leg, Leg]:
        """Return the user's leg in the call that becomes the conference, and the one in the call that joins it.

        Of the call that was chosen the party joins where it waits; where the user talks in it, whoever waits in the
        one other call does.
        """
        others = [one for one in self._calls.legs.values() if one is not leg and self._is_call_of(one, leg.user)]
        active = [one for one in others if not self._waits(one)]
        if self._waits(leg) and len(active) == 1:
            return active[0], leg
        if not self._waits(leg) and len(others) == 1:
            return leg, others[0]
        if not others:
            raise refused("There is no other call to join with: name a number to call", "nothing-to-join")
        if self._waits(leg):
            raise refused("Talk with somebody first: whoever waits in this call joins them", "not-talking")
        raise refused("Several calls wait: choose the one whose party joins", "choose-one")

    def _is_call_of(self, leg: Leg, user: str) -> bool:
        return leg.user == user and leg.state is LegState.TALKING

    def _waits(self, leg: Leg) -> bool:
        """Tell whether the other party of a user's call waits: held by the phone's own key, or by a command."""
        conversation = self._calls.conversations[leg.conversation_id]
        return leg.held or (conversation.talking is None and conversation.held_by(leg.leg) is not None)
