"""The package ``refer``: what became of a REFER that was sent outside of any dialog (RFC 3515 §2.4).

The subscription is made by the REFER itself, is about one call, transfer or invitation, and is over with the NOTIFY of
its final status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from softswitch.app.events.package import Content, Telling
from softswitch.calls import conference_facts, facts, transfer_facts
from softswitch.calls.control_facts import CallDialledOn, ConversationAnswered
from softswitch.calls.state import CallsState, Conversation
from softswitch.calls.tables import ConversationState, LegState
from softswitch.core.errors import SipError
from softswitch.core.facts import Record
from softswitch.directory.site import User
from softswitch.sip.message import REASON_PHRASES, Request
from softswitch.sip.ua.subscription import Duration

CONTENT_TYPE: Final = "message/sipfrag;version=2.0"
CALL, TRANSFER, INVITATION, DONE = "call", "transfer", "invitation", "done"
"""What a resource begins with; a conversation, a leg, or a conversation with the number of an attempt follows."""
_UNKNOWN: Final = 480
"""It is over, and this brain did not see how."""


def resource_of(kind: str, *names: str | int) -> str:
    """Name what a REFER is about."""
    return ":".join((kind, *map(str, names)))


class ReferPackage:
    """Tells how far it has come with what a phone asked for.

    Args:
        calls: the calls.
        is_watched: tells whether anybody is to hear of something.
    """

    name = "refer"
    content_types = (CONTENT_TYPE, "message/sipfrag")
    duration = Duration(least_s=1, usual_s=180, most_s=180)
    follows = frozenset(
        {
            facts.LegAlerted,
            facts.LegProgressed,
            facts.SegmentStarted,
            facts.ConversationEnded,
            transfer_facts.TransferStarted,
            transfer_facts.TransferProgressed,
            transfer_facts.TransferEnded,
            transfer_facts.TransferRefused,
            conference_facts.ConferenceJoined,
            conference_facts.ConferenceInvitationEnded,
            CallDialledOn,
            ConversationAnswered,
        }
    )
    listed = False

    def __init__(self, calls: CallsState, is_watched: Callable[[str], bool]) -> None:
        self._calls = calls
        self._is_watched = is_watched
        self._ended: dict[str, int] = {}
        """The final status of what has just ended; forgotten when it was told."""

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Refuse a SUBSCRIBE: only a REFER makes such a subscription (RFC 3515 §2.4.4)."""
        raise SipError("this event is subscribed to by REFER alone", 403)

    def touched(self, record: Record) -> Iterable[str]:
        """Return what a fact may change, and remember how it ended where it did."""
        made, found = record.fact, self._about(record)
        status = _final_of(made)
        for resource in found:
            if status and resource.partition(":")[0] == _ENDS.get(type(made)) and self._is_watched(resource):
                self._ended.setdefault(resource, status)
        return found

    def _about(self, record: Record) -> list[str]:
        found = [resource_of(CALL, record.conversation_id)]
        conversation = self._calls.conversations.get(record.conversation_id)
        if conversation is not None:
            found.append(resource_of(INVITATION, record.conversation_id, conversation.attempt))
        if isinstance(record.fact, _OF_TRANSFERS):
            found.append(resource_of(TRANSFER, record.fact.leg))
        elif conversation is not None and conversation.transfer is not None:
            found.append(resource_of(TRANSFER, conversation.transfer.leg))
        return found

    def state(self, resource: str) -> int:
        """Return the status that whoever asked would see."""
        kind, _, names = resource.partition(":")
        return self._ended.get(resource) or _STATES[kind](self._calls, names)

    def is_over(self, state: int) -> bool:
        """Tell whether nothing comes after a status."""
        return state >= 200

    def write(self, telling: Telling) -> Content:
        """Write the status line."""
        status: int = telling.state
        if self.is_over(status):
            self._ended.pop(telling.watch.resource, None)
        phrase = REASON_PHRASES.get(status, "Unknown")
        return Content(CONTENT_TYPE, f"SIP/2.0 {status} {phrase}\r\n".encode())


_OF_TRANSFERS: Final = (
    transfer_facts.TransferStarted,
    transfer_facts.TransferProgressed,
    transfer_facts.TransferEnded,
    transfer_facts.TransferRefused,
)
_ENDS: Final = {
    transfer_facts.TransferEnded: TRANSFER,
    transfer_facts.TransferRefused: TRANSFER,
    conference_facts.ConferenceInvitationEnded: INVITATION,
    facts.ConversationEnded: CALL,
}
"""Facts with which something is over."""


def _final_of(made: object) -> int:
    """Return the status with which something is over by a fact; 0 where it is not."""
    if isinstance(
        made, transfer_facts.TransferEnded | transfer_facts.TransferRefused | conference_facts.ConferenceInvitationEnded
    ):
        return made.status
    if isinstance(made, facts.ConversationEnded):
        return made.status if made.status >= 300 else _UNKNOWN
    return 0


def _call(calls: CallsState, conversation_id: str) -> int:
    """100 until a phone of whoever asked has answered, 180 while the number is rung, 200 when they talk."""
    conversation = calls.conversations.get(conversation_id)
    if conversation is None or conversation.state is ConversationState.ENDED:
        return _UNKNOWN
    if conversation.answered_at_s is not None or conversation.state is ConversationState.TALKING:
        return 200
    rung = (leg for leg in conversation.legs.values() if leg.side != "dialler")
    return 180 if any(leg.state is LegState.RINGING for leg in rung) else 100


def _transfer(calls: CallsState, name: str) -> int:
    """200 as soon as the transferor is let go; 603 where it still talks, and nothing is done."""
    leg, conversation = calls.legs.get(name), calls.conversation_of(name)
    if leg is None or conversation is None or not leg.is_live:
        return 200
    if conversation.transfer is None or conversation.transfer.leg != name:
        return 603
    return 180 if conversation.is_ringing else 100


def _invitation(calls: CallsState, names: str) -> int:
    conversation_id, _, attempt = names.rpartition(":")
    conversation = calls.conversations.get(conversation_id)
    rung = [] if conversation is None else [one for one in conversation.legs.values() if one.attempt == int(attempt)]
    if conversation is not None and any(leg.leg in _members(conversation) for leg in rung):
        return 200
    live = [leg for leg in rung if leg.is_live]
    if not live:
        return _UNKNOWN
    return 180 if any(leg.state is LegState.RINGING for leg in live) else 100


def _members(conversation: Conversation) -> Iterable[str]:
    return () if conversation.conference is None else conversation.conference.members


_STATES: Final[dict[str, Callable[[CallsState, str], int]]] = {
    CALL: _call,
    TRANSFER: _transfer,
    INVITATION: _invitation,
    DONE: lambda calls, names: 200,
}
