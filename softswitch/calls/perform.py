"""What follows in the world from a fact: a message to a phone, a note to the media engine.

Effects depend on the fact and the state after it alone, and are asked for only once the fact is recorded. They go into
the user agent and the media engine, which let nothing out before the turn's facts are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from softswitch.calls import conference_facts, facts, transfer_facts
from softswitch.calls.causes import COMPLETED_ELSEWHERE, reason_header
from softswitch.calls.control_facts import LegAnswerAsked, LegHoldAsked
from softswitch.calls.leaving import RECALL
from softswitch.calls.parting import Parting
from softswitch.calls.perform_sound import SOUND_EFFECTS, SoundPerformer
from softswitch.calls.refer import answer_refer, refuse_refer, tell_of_refer
from softswitch.calls.secrecy import Secrecy
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import PortState
from softswitch.media.engine import MediaEngine
from softswitch.sip.headers.address import Address, parse_address
from softswitch.sip.message import Header
from softswitch.sip.ua.client_session import ClientSession
from softswitch.sip.ua.order import InviteOrder, OurCredentials
from softswitch.sip.ua.pressed_keys import HOLD
from softswitch.sip.ua.server_session import ServerSession
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri, parse_uri

Session = ClientSession | ServerSession


class Performer:
    """Carries out what the facts of calls ask for.

    Args:
        state: the calls, already changed by the fact.
        ua: the SIP user agent.
        media: the media engine.
        domain: the host part of the addresses that phones see.
        credentials_of: who we are to a trunk.
        secrecy: reveals the keys that are kept in descriptions.
        focus_of: tells the user part of a conference's URI, where that is what a caller has dialled.
    """

    def __init__(
        self,
        state: CallsState,
        ua: UserAgent,
        media: MediaEngine,
        domain: str,
        credentials_of: Callable[[str], OurCredentials | None] = lambda _: None,
        *,
        secrecy: Secrecy,
        focus_of: Callable[[Conversation], str] = lambda _: "",
    ) -> None:
        self._credentials_of = credentials_of
        self._focus_of = focus_of
        self.secrecy = secrecy
        """Seals and reveals keys in descriptions."""
        self.sound = SoundPerformer(state, media, secrecy)
        """Tells the media engine."""
        self.sessions: dict[str, Session] = {}
        """Live sessions by leg."""
        self._state = state
        self._ua = ua
        self._media = media
        self._domain = domain

    def _server(self, leg: str) -> ServerSession | None:
        session = self.sessions.get(leg)
        return session if isinstance(session, ServerSession) else None

    def _invited(self, fact: facts.LegInvited, now: float) -> None:
        leg = self._state.legs[fact.leg]
        conversation = self._state.conversations[leg.conversation_id]
        order = InviteOrder(
            request_uri=leg.uri,
            flow=leg.flow,
            from_address=parse_address(leg.caller) if leg.caller else self._caller_address(conversation),
            to_address=Address(Uri("sip", leg.number, parse_uri(leg.uri).host if leg.trunk else self._domain)),
            sdp=self.secrecy.vault.reveal(fact.sdp),
            route=leg.route,
            headers=(*(_header(line) for line in leg.headers), *self._referred_by(conversation)),
            max_forwards=leg.max_forwards,
            credentials=self._credentials_of(leg.trunk) if leg.trunk else None,
        )
        self.sessions[fact.leg] = self._ua.invite(order, owner=fact.leg, now=now)

    def _caller_address(self, conversation: Conversation) -> Address:
        if conversation.conference is not None and conversation.conference.inviter in conversation.legs:
            return Address(Uri("sip", conversation.legs[conversation.conference.inviter].number, self._domain))
        waiting = conversation.caller
        moves = conversation.transfer is not None or conversation.consultation is not None
        if moves and not waiting.is_caller:
            return Address(Uri("sip", waiting.number, self._domain))
        number = conversation.from_number or "anonymous"
        return Address(Uri("sip", number, self._domain), conversation.from_name)

    def _referred_by(self, conversation: Conversation) -> tuple[Header, ...]:
        """Name the transferor (RFC 3892); nobody where there is none."""
        transfer = conversation.transfer
        leg = None if transfer is None or transfer.kind == RECALL else conversation.legs.get(transfer.leg)
        return () if leg is None else (("Referred-By", f"<{Uri('sip', leg.number, self._domain)}>"),)

    def _progressed(self, fact: facts.LegProgressed, now: float) -> None:
        if fact.sdp:
            self.sound.set_stream(self._state.legs[fact.leg])

    def _alerted(self, fact: facts.LegAlerted, now: float) -> None:
        session = self._server(fact.leg)
        if session is not None:
            session.focus = self._focus_of(self._state.conversations[self._state.legs[fact.leg].conversation_id])
            session.progress(fact.status, sdp=self.secrecy.vault.reveal(fact.sdp), now=now)
        if fact.source:
            caller = self._state.legs[fact.leg]
            self.sound.set_stream(caller)
            self.sound.seat(caller.conversation_id)

    def _answered(self, fact: facts.LegAnswered, now: float) -> None:
        self.sound.set_stream(self._state.legs[fact.leg])

    def _accepted(self, fact: facts.LegAccepted, now: float) -> None:
        session = self._server(fact.leg)
        if session is not None:
            session.focus = self._focus_of(self._state.conversations[self._state.legs[fact.leg].conversation_id])
            session.accept(self.secrecy.vault.reveal(fact.sdp), now=now)
        self.sound.set_stream(self._state.legs[fact.leg])

    def _acknowledged(self, fact: facts.LegAcknowledged, now: float) -> None:
        if fact.sdp:
            self.sound.set_stream(self._state.legs[fact.leg])

    def _reoffered(self, fact: facts.LegReoffered, now: float) -> None:
        session = self.sessions.get(fact.leg)
        if session is not None:
            session.accept_reoffer(self.secrecy.vault.reveal(fact.local_sdp), now=now)
        leg = self._state.legs[fact.leg]
        if fact.remote_sdp:
            self.sound.set_stream(leg)
        conversation = self._state.conversations[leg.conversation_id]
        if conversation.conference is not None or self._state.supervisors:  # who holds is not heard
            self.sound.seat(leg.conversation_id)
            self.sound.seat_supervised(leg.leg)

    def _reoffer_refused(self, fact: facts.LegReofferRefused, now: float) -> None:
        session = self.sessions.get(fact.leg)
        if session is not None:
            headers = (reason_header(88, fact.reason),) if fact.status == 488 else ()
            session.refuse_reoffer(fact.status, headers=headers, now=now)

    def _reinvited(self, fact: facts.LegReinvited, now: float) -> None:
        """Offer the new port; a phone that sends there before it answers is heard."""
        leg = self._state.legs[fact.leg]
        self.offer_again(leg, now)
        self.sound.set_stream(leg)
        self.sound.say_room_again(self._state.conversations[leg.conversation_id])
        self.sound.seat_supervised(leg.leg)

    def offer_again(self, leg: Leg, now: float) -> None:
        """Send a phone the description that is ours now."""
        session = self.sessions.get(leg.leg)
        if session is not None:
            session.reinvite(self.secrecy.vault.reveal(leg.local_sdp), now=now)

    def _reinvite_answered(self, fact: facts.LegReinviteAnswered, now: float) -> None:
        leg = self._state.legs[fact.leg]
        self.sound.set_stream(leg)
        self.sound.play_on(leg)  # its port is another one

    def _offered(self, fact: facts.LegOffered, now: float) -> None:
        self.offer_pending(self._state.legs[fact.leg], now)

    def offer_pending(self, leg: Leg, now: float) -> None:
        """Offer a phone the description that it has not answered yet, which an earlier brain may have said too."""
        session = self.sessions.get(leg.leg)
        if session is not None:
            session.reinvite(self.secrecy.vault.reveal(leg.pending_offer), now=now)

    def _offer_answered(self, fact: facts.LegOfferAnswered, now: float) -> None:
        self.sound.set_stream(self._state.legs[fact.leg])

    def _transfer_started(self, fact: transfer_facts.TransferStarted, now: float) -> None:
        conversation = self._state.conversations[self._state.legs[fact.leg].conversation_id]
        if conversation.conference is None:
            self._media.set_room(conversation.conversation_id, ())
        session = self.sessions.get(fact.leg)
        if session is not None:
            answer_refer(session, fact.subscription, now)

    def _transfer_told(
        self, fact: transfer_facts.TransferProgressed | transfer_facts.TransferEnded, now: float
    ) -> None:
        session = self.sessions.get(fact.leg)
        if session is not None and fact.subscription:
            tell_of_refer(session, fact.subscription, fact.status, now)

    def _transfer_refused(self, fact: transfer_facts.TransferRefused, now: float) -> None:
        session = self.sessions.get(fact.leg)
        if session is not None:
            refuse_refer(session, fact.subscription, fact.status, now)

    def _conference_invited(self, fact: conference_facts.ConferenceInvited, now: float) -> None:
        session = self.sessions.get(fact.by)
        if session is not None:
            answer_refer(session, fact.subscription, now)

    def _conference_told(self, fact: conference_facts.ConferenceReferTold, now: float) -> None:
        session = self.sessions.get(fact.leg)
        if session is not None:
            session.answer_refer(202, now=now)  # where it is not answered yet
            tell_of_refer(session, fact.subscription, fact.status, now)

    def _answer_asked(self, fact: LegAnswerAsked, now: float) -> None:
        session = self.sessions.get(fact.leg)
        if session is not None:
            session.press_talk(now=now)

    def _hold_asked(self, fact: LegHoldAsked, now: float) -> None:
        session = self.sessions.get(fact.leg)
        if session is not None and session.is_confirmed:
            session.notify(HOLD, now=now)

    def may_be_told(self, leg: str, *events: str) -> bool:
        """Tell whether a leg's phone lets itself be told to answer: its 180 named the event ``talk``, and others."""
        session = self.sessions.get(leg)
        return session is not None and {"talk", *events} <= session.peer_events

    def _leg_ended(self, fact: facts.LegEnded, now: float) -> None:
        leg = self._state.legs.get(fact.leg)
        if leg is not None and leg.port_state is PortState.CLOSING:
            self.sound.close(leg)
        session = self.sessions.get(fact.leg)
        if session is None:
            return
        if not (leg is not None and leg.cancelling):
            del self.sessions[fact.leg]
        if fact.by == "switch":
            _end(session, fact.how, fact.status, fact.cause, fact.reason, now)

    def release(self, session: Session, now: float) -> None:
        """End a dialog that has lost its leg."""
        for leg in [leg for leg, one in self.sessions.items() if one is session]:
            del self.sessions[leg]
        how = "bye" if session.is_confirmed or session.state.value == "accepted" else "reject"
        if not session.is_winding_down:
            _end(session, how, 500, 41, "Temporary failure", now)
        _let_go(session)

    def part_again(self, parting: Parting, session: Session, now: float) -> None:
        """Say to a phone once more that it is over: a brain that has died may have kept the fact and not said it.

        A phone that has heard it answers 481, or takes the same refusal twice.
        """
        _end(session, parting.how, parting.status, parting.cause, parting.reason, now)

    def _cancel_settled(self, fact: facts.LegCancelSettled, now: float) -> None:
        session = self.sessions.pop(fact.leg, None)
        if session is not None:  # the phone may have said nothing, and we wait no longer
            _let_go(session)


def _header(line: str) -> Header:
    name, _, value = line.partition(": ")
    return name, value


def _let_go(session: Session) -> None:
    if isinstance(session, ClientSession):
        session.let_go()


def _end(session: Session, how: str, status: int, cause: int, why: str, now: float) -> None:
    """Say to the phone that it is over, in the way that its leg's end names."""
    reason: Header = reason_header(cause, why)
    if how == "bye":
        session.bye(headers=(reason,), now=now)
    elif isinstance(session, ServerSession):
        retry = (("Retry-After", "5"),) if status == 503 else ()
        session.reject(status, headers=(reason, *retry), now=now)
    else:
        session.cancel(reason=COMPLETED_ELSEWHERE if status == 200 else reason[1], now=now)


Effect = Callable[[Performer, Any, float], None]


def _on_sound(effect: Callable[[SoundPerformer, Any, float], None]) -> Effect:
    return lambda performer, fact, now: effect(performer.sound, fact, now)


EFFECTS: Final[Mapping[type, Effect]] = {
    **{kind: _on_sound(effect) for kind, effect in SOUND_EFFECTS.items()},
    facts.LegInvited: Performer._invited,
    facts.LegProgressed: Performer._progressed,
    facts.LegAlerted: Performer._alerted,
    facts.LegAnswered: Performer._answered,
    facts.LegAccepted: Performer._accepted,
    facts.LegAcknowledged: Performer._acknowledged,
    facts.LegReoffered: Performer._reoffered,
    facts.LegReofferRefused: Performer._reoffer_refused,
    facts.LegReinvited: Performer._reinvited,
    facts.LegReinviteAnswered: Performer._reinvite_answered,
    facts.LegOffered: Performer._offered,
    facts.LegOfferAnswered: Performer._offer_answered,
    transfer_facts.TransferStarted: Performer._transfer_started,
    transfer_facts.TransferProgressed: Performer._transfer_told,
    transfer_facts.TransferEnded: Performer._transfer_told,
    transfer_facts.TransferRefused: Performer._transfer_refused,
    facts.LegEnded: Performer._leg_ended,
    facts.LegCancelSettled: Performer._cancel_settled,
    LegAnswerAsked: Performer._answer_asked,
    LegHoldAsked: Performer._hold_asked,
    conference_facts.ConferenceInvited: Performer._conference_invited,
    conference_facts.ConferenceReferTold: Performer._conference_told,
}
"""What follows from facts, by their type; gets the fact, which is applied, and monotonic seconds."""
