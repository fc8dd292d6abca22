"""Who may hear whose talks."""

from __future__ import annotations

from softswitch.directory.site import Site


def may_supervise(site: Site, supervisor: str, user: str) -> bool:
    """Tell whether a user may supervise another one: by name, or as a supervisor of a group or a queue of theirs."""
    known = site.users.get(supervisor)
    if known is None or supervisor == user:
        return False
    if user in known.supervises:
        return True
    groups = ((group.supervisors, [name for name, _ in group.members]) for group in site.groups.values())
    queues = ((queue.supervisors, list(queue.members)) for queue in site.queues.values())
    return any(supervisor in supervisors and user in members for supervisors, members in (*groups, *queues))
