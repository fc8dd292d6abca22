"""From the site to what the router decides by: a queue's rules, a caller's priority."""

from __future__ import annotations

from softswitch.calls.state import Conversation
from softswitch.directory.site import Queue, Site
from softswitch.queues.router.rules import RANKS, Member, QueueRules


def rules_of(queue: Queue) -> QueueRules:
    """Return what the router must know of a queue."""
    priorities = queue.member_priorities or (1,) * len(queue.members)
    skills = queue.member_skills or ((),) * len(queue.members)
    return QueueRules(
        queue.name,
        RANKS.get(queue.priority, RANKS["normal"]),
        queue.strategy,
        queue.ring_s,
        queue.retry_s,
        queue.max_wait_s,
        queue.max_length,
        queue.leave_without_agents,
        queue.relax_after_s,
        queue.sticky_s,
        queue.sticky_wait_s,
        queue.callback_keep_place,
        queue.callback_tries,
        queue.callback_retry_s,
        queue.callback_expires_s,
        queue.sla_s,
        queue.short_abandon_s,
        queue.callback_first == "customer",
        tuple(Member(*member) for member in zip(queue.members, priorities, skills, strict=True)),
    )


def priority_of(conversation: Conversation, site: Site) -> int:
    """Return what a caller has of it by the number that they dialled, and as a known contact."""
    number, contact = site.number(conversation.to_number), site.contact_of(conversation.caller.number)
    return max(0 if number is None else number.priority, 0 if contact is None else contact.priority)
