"""What follows from a fact for the media engine: ports, streams, who hears whom, what is played."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from softswitch.calls import conference_facts, facts, guide_facts, supervision_facts
from softswitch.calls.control_facts import CallParked, LegHeld, LegRetrieved
from softswitch.calls.description import stream_of
from softswitch.calls.hearing import rows_of
from softswitch.calls.secrecy import Secrecy
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import PortState
from softswitch.core.errors import SdpError
from softswitch.media.engine import MediaEngine, OpenLeg, Playing, Srtp, Stream

_HELD = frozenset({PortState.OPEN, PortState.OPENING})


class SoundPerformer:
    """Tells the media engine what the facts of calls ask of it.

    Args:
        state: the calls, already changed by the fact.
        media: the media engine.
        secrecy: reveals the keys that are kept in descriptions.
    """

    def __init__(self, state: CallsState, media: MediaEngine, secrecy: Secrecy) -> None:
        self._state = state
        self._media = media
        self._secrecy = secrecy

    def say_leg_again(self, leg: Leg) -> None:
        """Tell the media engine once more what it should know of a leg."""
        if leg.port_state is PortState.OPENING:
            self._media.open(OpenLeg(leg.leg, leg.conversation_id, leg.media_address))
        elif leg.port_state is PortState.CLOSING:
            self.close(leg)
        elif leg.port_state is PortState.OPEN:
            self.set_stream(leg)
            if leg.plays and not leg.sounds:  # that it hears nothing more may not have been said
                self._media.play(leg.leg, None)
            self.play_on(leg)

    def reclaim(self, leg: Leg) -> bool:
        """Give a leg its port again that no worker gave to anybody; tell whether there is such a one."""
        return self._media.reclaim(OpenLeg(leg.leg, leg.conversation_id, leg.media_address, leg.port))

    def play_on(self, leg: Leg) -> None:
        """Let a leg whose port plays nothing yet hear what it should, from where it stands."""
        if leg.sounds:
            self._media.play(leg.leg, _playing_of(leg))

    def say_room_again(self, conversation: Conversation) -> None:
        """Tell the media engine once more who hears whom in a conversation, if it has a room still."""
        if not _has_ports(conversation):
            return
        rows = rows_of(self._state, conversation)
        if rows or conversation.has_held or conversation.parked is not None:
            self._media.set_room(conversation.conversation_id, rows)

    def seat(self, conversation_id: str) -> None:
        """Let people hear one another as the state says."""
        conversation = self._state.conversations.get(conversation_id)
        if conversation is not None:
            self._media.set_room(conversation_id, rows_of(self._state, conversation))

    def seat_supervised(self, leg: str) -> None:
        """The same for the conversation that a supervisor's leg hears."""
        own = self._state.conversations[self._state.legs[leg].conversation_id]
        if own.supervision is not None:
            self.seat(own.supervision.watched)

    def _supervisor_came(self, fact: supervision_facts.SupervisionConnected, now: float) -> None:
        self.seat_supervised(fact.leg)

    def _supervisor_moved(
        self, fact: supervision_facts.SupervisionMoved | supervision_facts.SupervisionEnded, now: float
    ) -> None:
        self.seat(fact.left)
        if isinstance(fact, supervision_facts.SupervisionMoved):
            self.seat(fact.watched)

    def _supervisor_changed(self, fact: supervision_facts.SupervisionModeChosen, now: float) -> None:
        for name in self._state.supervisors:
            own = self._state.conversations[name].supervision
            if own is not None:
                self.seat(own.watched)

    def _hearing_changed(
        self,
        fact: conference_facts.ConferenceJoined | conference_facts.ConferenceLeft | conference_facts.LegMuted,
        now: float,
    ) -> None:
        self.seat(self._state.legs[fact.leg].conversation_id)
        self.seat_supervised(fact.leg)

    def _playing(self, fact: guide_facts.LegPlaying, now: float) -> None:
        self._media.play(fact.leg, Playing(fact.number, fact.sounds, fact.repeat))

    def _play_steered(self, fact: guide_facts.LegPlaySteered, now: float) -> None:
        self._media.play(fact.leg, _playing_of(self._state.legs[fact.leg]))

    def _play_ended(self, fact: guide_facts.LegPlayEnded, now: float) -> None:
        if fact.stopped:
            self._media.play(fact.leg, None)

    def _nobody_talks(self, fact: LegHeld | CallParked, now: float) -> None:
        self.seat(self._state.legs[fact.leg].conversation_id)

    def _retrieved(self, fact: LegRetrieved, now: float) -> None:
        conversation = self._state.conversations[self._state.legs[fact.leg].conversation_id]
        if conversation.conference is not None:  # else a segment follows
            self.seat(conversation.conversation_id)

    def _segment_started(self, fact: facts.SegmentStarted, now: float) -> None:
        self.seat(self._state.legs[fact.leg_a].conversation_id)

    def set_stream(self, leg: Leg) -> None:
        """Tell the media engine what was agreed with a leg's phone."""
        stream = stream_of(leg)
        if stream is not None:
            self._media.set_stream(leg.leg, stream if stream.srtp is None else self._with_keys(stream, stream.srtp))

    def _with_keys(self, stream: Stream, kept: Srtp) -> Stream:
        """Return a stream with the keys that the media plane needs; a silent one where they cannot be read."""
        try:
            keys = [self._secrecy.vault.key(kept.suite, key) for key in (kept.send_key, kept.receive_key)]
        except SdpError:
            return replace(stream, receive=False, send=False, srtp=None)
        return replace(stream, srtp=Srtp(kept.suite, *(b64encode(key).decode() for key in keys)))

    def close(self, leg: Leg) -> None:
        """Free a leg's port."""
        self._media.close(leg.leg)
        if not _has_ports(self._state.conversations[leg.conversation_id]):  # the room goes with the last of its legs
            self._media.set_room(leg.conversation_id, ())

    def _added(self, fact: facts.LegAdded, now: float) -> None:
        if fact.media_address:
            leg = self._state.legs[fact.leg]
            self._media.open(OpenLeg(fact.leg, leg.conversation_id, fact.media_address))

    def _media_lost(self, fact: facts.LegMediaLost, now: float) -> None:
        leg = self._state.legs[fact.leg]
        self._media.open(OpenLeg(fact.leg, leg.conversation_id, leg.media_address))


def _has_ports(conversation: Conversation) -> bool:
    return any(leg.port_state in _HELD for leg in conversation.legs.values())


def _playing_of(leg: Leg) -> Playing:
    """Return what a leg hears now, where it stands."""
    order = leg.plays, leg.sounds, leg.sounds_repeat
    return Playing(*order, leg.play_paused, leg.play_moves, leg.play_sound, leg.play_at_ms)


SOUND_EFFECTS: Final[Mapping[type, Callable[[SoundPerformer, Any, float], None]]] = {
    supervision_facts.SupervisionConnected: SoundPerformer._supervisor_came,
    supervision_facts.SupervisionMoved: SoundPerformer._supervisor_moved,
    supervision_facts.SupervisionEnded: SoundPerformer._supervisor_moved,
    supervision_facts.SupervisionModeChosen: SoundPerformer._supervisor_changed,
    conference_facts.ConferenceJoined: SoundPerformer._hearing_changed,
    conference_facts.ConferenceLeft: SoundPerformer._hearing_changed,
    conference_facts.LegMuted: SoundPerformer._hearing_changed,
    guide_facts.LegPlaying: SoundPerformer._playing,
    guide_facts.LegPlaySteered: SoundPerformer._play_steered,
    guide_facts.LegPlayEnded: SoundPerformer._play_ended,
    LegHeld: SoundPerformer._nobody_talks,
    CallParked: SoundPerformer._nobody_talks,
    LegRetrieved: SoundPerformer._retrieved,
    facts.SegmentStarted: SoundPerformer._segment_started,
    facts.LegAdded: SoundPerformer._added,
    facts.LegMediaLost: SoundPerformer._media_lost,
}
"""What follows from facts, by their type; gets the fact, which is applied, and monotonic seconds."""
