"""Who hears whom in a conversation: the rows of its room, from the state alone."""

from __future__ import annotations

from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.media.engine import EVERYBODY, Hear


def rows_of(state: CallsState, conversation: Conversation) -> tuple[Hear, ...]:
    """Return the rows of a conversation's room; none where nobody hears anybody."""
    there = talkers(conversation)
    supervisors = _supervisors(state, conversation.conversation_id) if there else []
    if supervisors:
        return _supervised(conversation, there, supervisors)
    if conversation.conference is not None:
        return tuple(
            Hear(name, () if conversation.legs[name].held_by else (EVERYBODY,), (), voice)
            for name, voice in _voices(conversation, there).items()
        )
    pair = conversation.talking or _early(conversation)
    if pair is None:
        return ()
    one, other = pair
    if one == other:
        return (Hear(one, (one,)),)
    return _row(conversation, one, other), _row(conversation, other, one)


def talkers(conversation: Conversation) -> tuple[str, ...]:
    """Return the legs that talk in a conversation."""
    if conversation.conference is not None:
        return tuple(conversation.conference.members)
    return tuple(dict.fromkeys(conversation.talking or ()))


def _supervisors(state: CallsState, conversation_id: str) -> list[tuple[Leg, str, str]]:
    """Return the legs that supervise a conversation, with mode and whom they whisper to."""
    found = []
    for name in state.supervisors:
        own = state.conversations[name]
        if own.supervision is not None and own.supervision.watched == conversation_id:
            connected = (leg for leg in own.legs.values() if leg.state in {LegState.ANSWERED, LegState.TALKING})
            found += [(leg, own.supervision.mode, own.supervision.target) for leg in connected]
    return found


def _supervised(
    conversation: Conversation, there: tuple[str, ...], supervisors: list[tuple[Leg, str, str]]
) -> tuple[Hear, ...]:
    voices = _voices(conversation, there)
    rows = []
    for name in there:
        heard = {other: voice for other, voice in voices.items() if other != name or len(there) == 1}
        if conversation.legs[name].held_by:
            heard = {}
        for leg, mode, target in supervisors:
            if mode == "barge" or (mode == "whisper" and target == name):
                heard[leg.leg] = _voice(leg)
        rows.append(_hear(name, heard))
    for leg, _, _ in supervisors:
        # Those who barge in are part of the talk; nobody hears who listens, and only one who whispers.
        others = {one.leg: _voice(one) for one, loud, _ in supervisors if one is not leg and loud == "barge"}
        rows.append(_hear(leg.leg, {**voices, **others}))
    return tuple(rows)


def _hear(listener: str, heard: dict[str, float]) -> Hear:
    gains = tuple(heard.values())
    return Hear(listener, tuple(heard), () if all(gain == 1.0 for gain in gains) else gains)


def _row(conversation: Conversation, listener: str, speaker: str) -> Hear:
    leg = conversation.legs.get(speaker)
    return Hear(listener, (speaker,), (0.0,) if leg is not None and leg.muted else ())


def is_heard(conversation: Conversation, leg: Leg) -> bool:
    """Tell whether the others hear somebody who talks in a conversation."""
    return _voices(conversation, (leg.leg,))[leg.leg] > 0


def _voices(conversation: Conversation, there: tuple[str, ...]) -> dict[str, float]:
    """Return how loud each of those who talk is to the others."""
    conference = conversation.conference
    return {
        name: _voice(conversation.legs[name]) if conference is None or conference.is_heard(name) else 0.0
        for name in there
    }


def _voice(leg: Leg) -> float:
    """A phone that holds may play music of its own; nobody else of a conference wants to hear that."""
    return 0.0 if leg.muted or leg.held or leg.held_by else 1.0


def _early(conversation: Conversation) -> tuple[str, str] | None:
    """Return the caller and whose early media it hears."""
    caller = conversation.caller
    hears = caller.early and caller.early != caller.leg and caller.state is not LegState.TALKING
    return (caller.leg, caller.early) if hears else None
