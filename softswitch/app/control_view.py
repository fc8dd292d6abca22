"""What the API shows of users' calls, and the commands about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch.api.control_view import CardView, InformationView, LineCallView, NoteView, ParkedView, TargetView
from softswitch.app.brain import Brain
from softswitch.app.targets import Target
from softswitch.calls.description import codec_of_leg
from softswitch.calls.information_apply import origin_of
from softswitch.calls.refusals import live_leg
from softswitch.calls.state import Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.calls.undertakings import Parked
from softswitch.core.clock import iso_utc
from softswitch.directory.site import Site


class BrainControl:
    """Implements :class:`softswitch.api.control_view.ControlView`.

    Args:
        brain: whose calls they are.
        in_turn: does something in the brain and ends the turn.
    """

    def __init__(self, brain: Brain, in_turn: Callable[[Callable[[], None]], None]) -> None:
        self._brain = brain
        self._in_turn = in_turn

    def line(self, user: str) -> Sequence[LineCallView]:
        """List a user's calls."""
        return [line_call(conversation, leg) for conversation, leg in self._brain.lines.legs_of(user)]

    def may_command(self, user: str, leg: str) -> bool:
        """Tell whether a leg is a user's own, or takes part in a conference that they moderate."""
        calls = self._brain.calls
        found, conversation = calls.legs.get(leg), calls.conversation_of(leg)
        if found is None or conversation is None:
            return True  # the command itself says that there is none
        moderators = () if conversation.conference is None else conversation.conference.moderators
        return found.user == user or any(conversation.legs[name].user == user for name in moderators)

    def targets(self, user: str, *, everybody: bool) -> Sequence[TargetView]:
        """List whom a user can transfer to now."""
        found: list[TargetView] = []
        self._do(lambda: found.extend(map(_target, self._brain.lines.targets(user))))
        return [one for one in found if everybody or one.available]

    def dial(self, user: str, number: str, route: str, caller_id: str, *, auto_answer: bool) -> Sequence[LineCallView]:
        """Ring a user's phones, then a number."""
        lines = self._brain.lines
        self._do(lambda: lines.dial(user, number, route=route, caller_id=caller_id, auto_answer=auto_answer))
        return self.line(user)

    def pick_up(self, user: str, number: str) -> Sequence[LineCallView]:
        """Let a user's phones take a call that rings at a number."""
        self._do(lambda: self._brain.lines.pick_up(user, number))
        return self.line(user)

    def answer(self, leg: str) -> LineCallView:
        """Let the phone of a leg that rings answer."""
        return self._of_leg(leg, lambda: self._brain.lines.answer(leg))

    def hold(self, leg: str) -> LineCallView:
        """Let the other party wait with music."""
        return self._of_leg(leg, lambda: self._brain.lines.hold(leg))

    def connect(self, leg: str) -> LineCallView:
        """Talk again with whoever waits."""
        return self._of_leg(leg, lambda: self._brain.lines.connect(leg))

    def hang_up(self, leg: str) -> LineCallView:
        """End a call."""
        return self._of_leg(leg, lambda: self._brain.lines.hang_up(leg))

    def transfer(self, leg: str, number: str, route: str, caller_id: str) -> LineCallView:
        """Transfer the other party at once."""
        lines = self._brain.lines
        return self._of_leg(leg, lambda: lines.transfer(leg, number, route=route, caller_id=caller_id))

    def consult(self, leg: str, number: str, route: str, caller_id: str) -> LineCallView:
        """Ask somebody while the other party waits."""
        lines = self._brain.lines
        return self._of_leg(leg, lambda: lines.consult(leg, number, route=route, caller_id=caller_id))

    def confirm(self, leg: str, other_leg: str) -> LineCallView:
        """Bring together whom the leg talks with in turn, or has in two calls."""
        return self._of_leg(leg, lambda: self._brain.lines.confirm(leg, other_leg))

    def cancel(self, leg: str) -> LineCallView:
        """End a consultation."""
        return self._of_leg(leg, lambda: self._brain.lines.cancel(leg))

    def toggle(self, leg: str) -> LineCallView:
        """Talk with the other one of the two."""
        return self._of_leg(leg, lambda: self._brain.lines.toggle(leg))

    def keys(self, leg: str, keys: str) -> LineCallView:
        """Send the other party keys."""
        return self._of_leg(leg, lambda: self._brain.lines.keys(leg, keys))

    def information(self, leg: str) -> InformationView:
        """Return what is known about the call of a leg."""
        conversation, _ = live_leg(self._brain.calls, leg)
        return _information(conversation, self._brain.lines.site)

    def tag(self, leg: str, tags: Sequence[str]) -> InformationView:
        """Say what the call of a leg is about."""
        self._do(lambda: self._brain.lines.tag(leg, tags))
        return self.information(leg)

    def note(self, leg: str, text: str) -> InformationView:
        """Write the note of a leg's user about their call."""
        self._do(lambda: self._brain.lines.note(leg, text))
        return self.information(leg)

    def playback(self, leg: str, *, paused: bool | None, sound: int | None, at_s: float | None) -> LineCallView:
        """Let what a leg hears stand still, go on or move."""
        return self._of_leg(leg, lambda: self._brain.lines.playback(leg, paused=paused, sound=sound, at_s=at_s))

    def park(self, leg: str, slot: str) -> ParkedView:
        """Let the other party wait in a slot."""
        taken: list[str] = []
        self._do(lambda: taken.append(self._brain.lines.park(leg, slot)))
        return next(one for one in self.parked() if one.slot == taken[0])

    def parked(self) -> Sequence[ParkedView]:
        """List who waits in slots."""
        return [_parked(conversation, found) for conversation, found in self._brain.lines.parked()]

    def retrieve(self, user: str, slot: str) -> Sequence[LineCallView]:
        """Let a user's phones take whoever waits in a slot."""
        self._do(lambda: self._brain.lines.retrieve(user, slot))
        return self.line(user)

    def _of_leg(self, name: str, work: Callable[[], object]) -> LineCallView:
        """Do something about a leg, and show it as it is then; it may be over."""
        conversation, leg = live_leg(self._brain.calls, name)
        self._do(work)
        return line_call(self._brain.calls.conversations.get(leg.conversation_id, conversation), leg)

    def _do(self, work: Callable[[], object]) -> None:
        self._in_turn(lambda: self._brain.command(work))


def _information(conversation: Conversation, site: Site) -> InformationView:
    origin = origin_of(conversation)
    contact = site.contact_of(origin.number)
    card = None if contact is None else CardView(contact.name, contact.numbers, contact.email, contact.responsible)
    notes = tuple(NoteView(note.user, note.text, iso_utc(note.at_s)) for note in conversation.notes)
    return InformationView(
        conversation.conversation_id,
        origin.number,
        origin.name,
        origin.dialled,
        card,
        conversation.tags,
        notes,
    )


def _parked(conversation: Conversation, found: Parked) -> ParkedView:
    parker = conversation.legs.get(found.by)
    return ParkedView(
        found.slot,
        conversation.conversation_id,
        found.leg,
        conversation.legs[found.leg].number,
        "" if parker is None else parker.user,
        iso_utc(conversation.deadline_s or 0.0),
    )


def _target(found: Target) -> TargetView:
    available = not found.why_not
    return TargetView(found.kind, found.name, found.number, found.title, available, found.why_not, found.status)


def line_call(conversation: Conversation, leg: Leg) -> LineCallView:
    """Show one leg as its user sees the call."""
    party = _party(conversation, leg)
    asks = conversation.consultation
    return LineCallView(
        leg.leg,
        leg.user,
        leg.number,
        state_word(conversation, leg),
        codec_of_leg(leg),
        conversation.conversation_id,
        _number(conversation, leg, party),
        _name(conversation, leg, party),
        party.leg if party is not None else "",
        "out" if leg.is_caller else "in",
        asks.state.value if asks is not None and asks.leg == leg.leg else "",
        iso_utc(conversation.started_at_s),
        _held_since(conversation, leg),
    )


def _held_since(conversation: Conversation, leg: Leg) -> str:
    waits = leg if leg.held_by else conversation.held_by(leg.leg)
    if waits is None:  # or a phone holds by its own key
        peer = conversation.peer_of(leg.leg)
        waits = next((one for one in (leg, peer) if one is not None and one.held), None)
    return "" if waits is None else iso_utc(waits.held_at_s)


def state_word(conversation: Conversation, leg: Leg) -> str:
    """Say in one word how a leg stands."""
    if leg.state is not LegState.TALKING:
        return str(leg.state.value)
    lets_wait = conversation.talking is None and conversation.held_by(leg.leg) is not None
    asks = conversation.consultation is not None and conversation.consultation.leg == leg.leg
    return "held" if leg.held or leg.held_by or (lets_wait and not asks) else "talking"


def _party(conversation: Conversation, leg: Leg) -> Leg | None:
    found = conversation.peer_of(leg.leg) or conversation.held_by(leg.leg) or conversation.legs.get(leg.held_by)
    if found is not None and found is not leg:
        return found
    if leg.is_caller:
        return next((one for one in conversation.callees if one.is_live), None)
    return conversation.caller if conversation.caller is not leg else None


def _number(conversation: Conversation, leg: Leg, party: Leg | None) -> str:
    if party is not None and not (party.side == "caller" and not party.user):
        return party.number
    return conversation.to_number if leg.is_caller else conversation.from_number


def _name(conversation: Conversation, leg: Leg, party: Leg | None) -> str:
    caller = next(iter(conversation.legs.values()), None)
    return conversation.from_name if party is not None and party is caller else ""
