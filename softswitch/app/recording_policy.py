"""Who is recorded, who may pause that, and who is told of it: what the site says of those whom a call concerns.

Precedence: ``never`` of anybody concerned goes before ``always`` of anybody, that before ``on_demand``, and where none
of them says anything the settings' default counts. Concerned are both users who talk, the group or the queue through
which the call came, and the trunk that it came in or goes out by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from softswitch.calls.hearing import talkers
from softswitch.calls.state import Conversation, Leg
from softswitch.directory.site import Queue, Site, User

ALWAYS, ON_DEMAND, NEVER = "always", "on_demand", "never"
_STRENGTH: Final = (NEVER, ALWAYS, ON_DEMAND)


class RecordingPolicy:
    """Reads the site.

    Args:
        site: the site in force.
        default: what holds where nobody says anything.
        trunk_of: returns the trunk by which a conversation came in; empty for none.
        queue_of: returns the queue that an agent serves in a conversation; empty for none.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        default: str,
        *,
        trunk_of: Callable[[str], str],
        queue_of: Callable[[str], str],
    ) -> None:
        self._site = site
        self._default = default
        self._trunk_of = trunk_of
        self._queue_of = queue_of

    def of(self, conversation: Conversation) -> tuple[str, str]:
        """Return the policy for those who talk, and what says so."""
        said = {policy: why for policy, why in self._said(conversation) if policy}
        for policy in _STRENGTH:
            if policy in said:
                return policy, said[policy]
        return self._default, f"the default is {self._default}"

    def may_pause(self, conversation: Conversation, leg: str) -> bool:
        """Tell whether who speaks on a leg may end a recording that has to be: by themselves, or for their queue."""
        user = self._user_of(conversation, leg)
        queue = self._queue(conversation)
        if user is None:
            return False
        return user.recording_pause or (queue is not None and queue.recording_pause and user.name in queue.members)

    def notices(self, conversation: Conversation) -> dict[str, str]:
        """Return who is told that they are recorded, and by which file: callers of a queue by the queue's."""
        there = talkers(conversation)
        users = {leg: self._user_of(conversation, leg) for leg in there}
        told: dict[str, str] = {}
        for leg, user in users.items():
            if user is not None and user.recording_notice:
                told |= {other: user.recording_notice for other in there if other != leg}
        queue = self._queue(conversation)
        if queue is not None and queue.recording_notice:
            callers = [leg for leg, user in users.items() if user is None or user.name not in queue.members]
            told |= dict.fromkeys(callers, queue.recording_notice)
        return told

    def _said(self, conversation: Conversation) -> Iterator[tuple[str, str]]:
        site = self._site()
        for name in talkers(conversation):
            leg: Leg | None = conversation.legs.get(name)
            user = site.users.get(leg.user) if leg is not None else None
            if user is not None:
                yield user.recording, f"user {user.name} is recorded {user.recording}"
            trunk = site.trunks.get(leg.trunk) if leg is not None else None
            if trunk is not None:
                yield trunk.recording, f"trunk {trunk.name} is recorded {trunk.recording}"
        kind, _, name = conversation.guide.partition(":")
        group = site.groups.get(name) if kind == "group" else None
        if group is not None:
            yield group.recording, f"group {group.name} is recorded {group.recording}"
        queue = self._queue(conversation)
        if queue is not None:
            yield queue.recording, f"queue {queue.name} is recorded {queue.recording}"
        came_by = site.trunks.get(self._trunk_of(conversation.conversation_id))
        if came_by is not None:
            yield came_by.recording, f"trunk {came_by.name} is recorded {came_by.recording}"

    def _user_of(self, conversation: Conversation, leg: str) -> User | None:
        known = conversation.legs.get(leg)
        return self._site().users.get(known.user) if known is not None else None

    def _queue(self, conversation: Conversation) -> Queue | None:
        """Return the queue that a call came through, also one that was called back by it."""
        kind, _, name = conversation.guide.partition(":")
        found = name if kind == "queue" else self._queue_of(conversation.conversation_id)
        return self._site().queues.get(found)
