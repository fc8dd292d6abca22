"""Deciding what becomes of a leg's port, and of our offers to its phone, where that concerns no other leg.

So it is where several are mixed, in conferences and for supervisors; two who talk stand and fall together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from softswitch.calls import facts, inputs
from softswitch.calls.causes import MEDIA_LOST, NO_PORT, Failure, cause_of
from softswitch.calls.description import audio_of, has_speech
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState, PortState
from softswitch.calls.talking import offer_answered, offer_refused

Facts = list[Any]

_WAITING: Final = frozenset({LegState.NEW, LegState.INVITED, LegState.RINGING})
_AGAIN: Final = frozenset({491, 500})
"""Statuses after which an offer is made again, as in :mod:`softswitch.calls.moving`."""


@dataclass(frozen=True, slots=True)
class OwnPort:
    """Decisions about the port of one leg.

    Args:
        given_up: ends a leg that cannot live, with what follows from that.
    """

    given_up: Callable[[Conversation, Leg, Failure], Facts]

    def media_refused(self, state: CallsState, given: inputs.MediaRefused) -> Facts:
        """No port: nobody comes, or somebody cannot stay."""
        leg, conversation = state.leg_and_conversation(given.leg)
        if leg.port_state not in {PortState.OPENING, PortState.CLOSING}:
            return []
        out: Facts = [facts.LegMediaRefused(leg.leg, given.reason)]
        return out + self.given_up(conversation, leg, NO_PORT) if leg.is_live else out

    def media_lost(self, state: CallsState, given: inputs.MediaLost) -> Facts:
        """A leg's worker died: it gets another port; a phone that only rings is given up."""
        leg, conversation = state.leg_and_conversation(given.leg)
        if leg.port_state is PortState.NONE:
            return []
        if leg.is_live and (leg.port_state is PortState.OPENING or leg.state not in _WAITING):
            return [facts.LegMediaLost(leg.leg)]
        closed = facts.LegMediaClosed(leg.leg, 0, 0, 0, 0.0, 0)
        return [*(self.given_up(conversation, leg, MEDIA_LOST) if leg.is_live else []), closed]

    def took_offer(self, state: CallsState, given: inputs.PhoneTookMove) -> Facts:
        """A phone took a re-INVITE of ours."""
        leg, conversation = state.leg_and_conversation(given.leg)
        if not leg.moving:
            return offer_answered(state, given)
        if not leg.is_live or leg.port_state is not PortState.OPEN:
            return []
        if given.offered != leg.local_sdp:
            return [facts.LegReinvited(leg.leg, leg.local_sdp)]
        audio = audio_of(given.sdp)
        if audio is None or not has_speech(audio.formats):
            return self.given_up(conversation, leg, MEDIA_LOST)
        return [facts.LegReinviteAnswered(leg.leg, given.sdp, held=audio.on_hold)]

    def refused_offer(self, state: CallsState, given: inputs.PhoneRefusedMove) -> Facts:
        """A phone refused a re-INVITE of ours: without a port it has no sound, and leaves."""
        leg, conversation = state.leg_and_conversation(given.leg)
        if not leg.moving:
            return offer_refused(state, given)
        if not leg.is_live or leg.port_state is not PortState.OPEN:
            return []
        if given.status in _AGAIN:
            return [facts.LegReinvited(leg.leg, leg.local_sdp)]
        return self.given_up(conversation, leg, MEDIA_LOST)


def already_over(leg: Leg) -> Facts | None:
    """Return what follows where a phone speaks of a leg that is over; None where it is not."""
    if leg.cancelling:
        return [facts.LegCancelSettled(leg.leg)]
    return None if leg.is_live else []


def rejection(given: inputs.CalleeRejected) -> facts.LegEnded:
    """Say that a phone refused."""
    return facts.LegEnded(given.leg, "phone", "reject", given.status, cause_of(given.status)[0], given.reason)
