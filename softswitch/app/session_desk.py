"""What the user agent tells: messages to send, requests to answer, and what happened in the sessions of the legs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from softswitch.app.call_desk import CallDesk
from softswitch.app.key_info_desk import KeyInfoDesk
from softswitch.app.refer_targets import ReferTarget, ReferTargets
from softswitch.app.request_desk import RequestDesk
from softswitch.app.turn import Turn
from softswitch.calls import destinations, inputs
from softswitch.calls.perform import Performer
from softswitch.calls.refer import tell_of_refer
from softswitch.calls.secrecy import DESCRIBED
from softswitch.calls.state import CallsState, Leg
from softswitch.core.errors import CommandError
from softswitch.sip.message import Response
from softswitch.sip.ua import actions
from softswitch.sip.ua.party import Party
from softswitch.sip.ua.user_agent import UserAgent


class _OfSession(Protocol):
    """What the user agent tells of one session."""

    @property
    def session(self) -> Party:
        """The session it is about."""
        ...


class SessionDesk:
    """Passes on what the user agent tells, as inputs of the calls.

    Args:
        ua: the user agent.
        calls: the calls; only read.
        turn: takes what is to be sent.
        performer: has the sessions by leg.
        call_desk: decides.
        desk: takes requests outside of dialogs.
        keys: takes INFOs.
        askers: are told of final responses to requests outside of dialogs, be they theirs or not.
        redirected: finds the phones that a phone's 3xx names.
        leg_of: finds the leg that a dialog's Call-ID belongs to, also a moment after its end.
        more: who else is told of what, by the type of action.
        log: tells an event for people.
        settle: lets those follow who look at a turn's facts as a whole; tells whether anything followed.
        targets: finds whom a REFER means.
        refer_to_focus: carries out what a member's phone asks of its conference by REFER: gets its leg, whom it means,
            and the Event header of NOTIFYs to it.
    """

    def __init__(
        self,
        ua: UserAgent,
        calls: CallsState,
        turn: Turn,
        performer: Performer,
        call_desk: CallDesk,
        desk: RequestDesk,
        keys: KeyInfoDesk,
        askers: tuple[Callable[[actions.Responded], None], ...],
        redirected: Callable[[str, Response | None], tuple[destinations.Phone, ...]],
        leg_of: Callable[[str], str],
        more: Mapping[type, Callable[[Any], None]],
        log: Callable[..., None],
        settle: Callable[[], bool],
        targets: ReferTargets,
        refer_to_focus: Callable[[str, ReferTarget, str], None],
    ) -> None:
        self._ua = ua
        self._calls = calls
        self._turn = turn
        self._performer = performer
        self._sessions = performer.sessions
        self._secrecy = performer.secrecy
        self._call_desk = call_desk
        self._decide = call_desk.decide
        self._desk = desk
        self._keys = keys
        self._askers = askers
        self._redirected = redirected
        self._leg_of = leg_of
        self._log = log
        self._settle = settle
        self._targets = targets
        self._refer_to_focus = refer_to_focus
        self._more = more

    def run(self) -> None:
        """Take what the user agent has to tell, and let the queues follow, until neither has anything more."""
        sealed = self._secrecy.sealed
        while True:
            batch = self._ua.actions()
            for action in batch:
                kind = type(action)
                told = sealed(action) if kind in DESCRIBED else action  # type: ignore[arg-type]  # as said
                if kind in _HANDLERS:
                    _HANDLERS[kind](self, told)
                else:
                    self._more[kind](told)
            if not batch and not self._settle():
                return

    def ask_for_life(self, leg: str) -> None:
        """A phone that should send is silent: ask it in its dialog; one that is gone ends the call."""
        session = self._sessions.get(leg)
        if session is not None:
            session.options(now=self._turn.now)

    # Outside of dialogs

    def _request_arrived(self, action: actions.RequestArrived) -> None:
        self._desk.take(action.request, action.flow, now=self._turn.now, wall_s=self._turn.wall_s)

    def _responded(self, action: actions.Responded) -> None:
        for asker in self._askers:
            asker(action)

    def _dropped(self, action: actions.Dropped) -> None:
        leg = self._leg_of(action.sip_call_id)
        named = {"leg": leg} if leg else {}
        self._log("sip.dropped", source=action.flow.remote, reason=action.reason, **named)
        self._desk.strayed(action.flow, now=self._turn.now, wall_s=self._turn.wall_s)

    # Of sessions

    def _info_arrived(self, action: actions.InfoArrived) -> None:
        self._keys.arrived(action)
        self._noted(action)

    def _told(self, action: _OfSession, given: inputs.Input) -> None:
        """Decide what a session tells, then keep what changed in its dialog even where nothing was decided."""
        self._decide(given)
        self._noted(action)

    def _rejected(self, action: actions.Rejected) -> None:
        owner = action.session.owner
        moved = self._redirected(owner, action.response)
        self._told(action, inputs.CalleeRejected(owner, action.status, action.reason, moved))

    def _noted(self, action: _OfSession) -> None:
        leg = self._calls.legs.get(action.session.owner)
        if leg is not None and action.session.changed:
            self._call_desk.keep_dialogs(leg.conversation_id)

    def _referred(self, action: actions.Referred) -> None:
        """A phone asks for a transfer; one whose target cannot be read or found is refused."""
        owner = action.session.owner
        session, leg = self._sessions.get(owner), self._calls.legs.get(owner)
        if session is None or leg is None:
            return
        ends = (session.dialog.local, session.dialog.remote)
        target = self._targets.find(
            action.refer_to, leg.user, session.flow, ends, now=self._turn.now, wall_s=self._turn.wall_s
        )
        if self._asked_of_focus(action, leg, target):
            return
        given = inputs.TransferAsked(owner, target.number, target.called, action.subscription, target.other)
        self._told(action, given)
        session.answer_refer(603, now=self._turn.now)  # where nothing else has been said

    def _asked_of_focus(self, action: actions.Referred, leg: Leg, target: ReferTarget) -> bool:
        """Carry out what a member's phone asks of its conference (RFC 4579 §5.5, §5.6); tell whether it could be.

        Where people were brought together their phones know of no conference: they mean to transfer.
        """
        conversation, session = self._calls.conversations[leg.conversation_id], self._sessions[leg.leg]
        if conversation.conference is None or not conversation.conference.room:
            return False
        try:
            self._refer_to_focus(leg.leg, target, action.subscription)
        except CommandError:
            return False
        self._noted(action)
        session.answer_refer(202, now=self._turn.now)  # where nothing else has been said
        if target.method == "BYE" and action.subscription:
            tell_of_refer(session, action.subscription, 200, self._turn.now)
        return True

    def _refresh_due(self, action: actions.RefreshDue) -> None:
        """Refresh a session by a re-INVITE that changes nothing (RFC 4028 §7.4)."""
        leg = self._calls.legs.get(action.session.owner)
        session = self._sessions.get(action.session.owner)
        if leg is not None and session is not None and leg.local_sdp and not leg.pending_offer:
            self._performer.offer_again(leg, self._turn.now)
            self._noted(action)

    def _ended(self, action: actions.Ended) -> None:
        how = "bye" if action.status == 200 else "lost"
        self._decide(inputs.PhoneEnded(action.session.owner, how, action.status, action.reason))


_HANDLERS: Final[Mapping[type, Callable[[SessionDesk, Any], None]]] = {
    actions.RequestArrived: SessionDesk._request_arrived,
    actions.Cancelled: lambda desk, a: desk._decide(inputs.CallerCancelled(a.session.owner)),
    actions.Acknowledged: lambda desk, a: desk._told(a, inputs.CallerAcknowledged(a.session.owner, a.sdp)),
    actions.AckMissing: lambda desk, a: desk._decide(inputs.PhoneEnded(a.session.owner, "lost", 408, "No ACK came")),
    actions.Progressed: lambda desk, a: desk._told(a, inputs.CalleeProgressed(a.session.owner, a.status, a.sdp)),
    actions.Answered: lambda desk, a: desk._told(a, inputs.CalleeAnswered(a.session.owner, a.sdp)),
    actions.Rejected: SessionDesk._rejected,
    actions.Reoffered: lambda desk, a: desk._told(a, inputs.PhoneReoffered(a.session.owner, a.sdp)),
    actions.ReofferAnswered: lambda desk, a: desk._told(a, inputs.PhoneTookMove(a.session.owner, a.sdp, a.offered)),
    actions.ReofferRefused: lambda desk, a: desk._told(a, inputs.PhoneRefusedMove(a.session.owner, a.status)),
    actions.Referred: SessionDesk._referred,
    actions.RefreshDue: SessionDesk._refresh_due,
    actions.InfoArrived: SessionDesk._info_arrived,
    actions.Ended: SessionDesk._ended,
    actions.Responded: SessionDesk._responded,
    actions.Dropped: SessionDesk._dropped,
}
"""Who is told what of sessions and requests."""
