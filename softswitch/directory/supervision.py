"""Who may hear whose talks, and be heard in them."""

from __future__ import annotations

from softswitch.directory.site import Queue, Site
from softswitch.directory.supervision_modes import SUPERVISION


def permitted(site: Site, supervisor: str, user: str, queue: str = "") -> tuple[str, ...]:
    """Return what a user may do in the talks of another one: of ``listen``, ``whisper`` and ``barge``; empty: nothing.

    Whoever supervises somebody by name, or as a supervisor of a group of theirs, may do all. A queue says itself what
    its supervisors may do in its calls; in calls of no queue they may do what any queue gives them that both share.

    Args:
        site: who there is.
        supervisor: name of whoever wants to hear.
        user: name of whoever talks.
        queue: name of the queue that the talk came by; empty for none.
    """
    known = site.users.get(supervisor)
    if known is None or supervisor == user:
        return ()
    groups = (group for group in site.groups.values() if supervisor in group.supervisors)
    if user in known.supervises or any(user == name for group in groups for name, _ in group.members):
        return SUPERVISION
    given = {mode for each in _queues(site, queue) for mode in _of_queue(each, supervisor, user)}
    return tuple(mode for mode in SUPERVISION if mode in given)


def barred(site: Site, supervisor: str, user: str, modes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the guides of queues in whose calls a supervisor of a user has not all of these rights."""
    return tuple(
        f"queue:{queue.name}"
        for queue in site.queues.values()
        if user in queue.members and not set(modes) <= set(permitted(site, supervisor, user, queue.name))
    )


def _queues(site: Site, queue: str) -> tuple[Queue, ...]:
    found = site.queues.get(queue)
    return tuple(site.queues.values()) if found is None else (found,)


def _of_queue(queue: Queue, supervisor: str, user: str) -> tuple[str, ...]:
    return queue.supervision if supervisor in queue.supervisors and user in queue.members else ()
