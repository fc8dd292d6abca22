"""What the API shows of conferences, and the commands about them and about supervision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from softswitch.api.conference_view import ConferenceView, MemberView
from softswitch.api.control_view import LineCallView
from softswitch.app.control_view import BrainControl
from softswitch.calls.state import Conversation, Leg
from softswitch.core.clock import iso_utc


class BrainConferences(BrainControl):
    """Implements :class:`softswitch.api.conference_view.TogetherView`."""

    def conferences(self) -> Sequence[ConferenceView]:
        """List the conferences."""
        return [
            ConferenceView(
                one.conversation_id,
                one.conference.room,
                tuple(_members(one)),
                iso_utc(one.started_at_s),
                one.conference.page,
            )
            for one in self._brain.calls.conversations.values()
            if one.conference is not None
        ]

    def conference(self, leg: str, number: str) -> LineCallView:
        """Do what the conference button does for a user's call."""
        return self._of_leg(leg, lambda: self._brain.conferences.press(leg, number))

    def mute(self, leg: str, *, wanted: bool) -> LineCallView:
        """Let a leg not be heard, or be heard again."""
        return self._of_leg(leg, lambda: self._brain.conferences.mute(leg, wanted=wanted))

    def supervise(self, leg: str, supervisor: str, mode: str, follow: str) -> LineCallView:
        """Let a supervisor hear the talk of a leg."""
        return self._of_leg(leg, lambda: self._brain.supervision.supervise(supervisor, leg, mode, follow))


def _members(conversation: Conversation) -> Iterator[MemberView]:
    members = {} if conversation.conference is None else conversation.conference.members
    for name in members:
        leg = conversation.legs[name]
        yield _member(conversation, leg, "held" if leg.held or leg.held_by else "talking")
    for leg in conversation.invited():
        yield _member(conversation, leg, "ringing")


def _member(conversation: Conversation, leg: Leg, state: str) -> MemberView:
    conference = conversation.conference
    moderates = conference is not None and leg.leg in conference.moderators
    return MemberView(leg.leg, leg.user, leg.number, state, leg.muted, moderates)
