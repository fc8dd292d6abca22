"""What the router must know of a queue: the part of the site's lines that decides who gets which call."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from softswitch.core.immutable import immutable

CUSTOMER_RING_S: Final = 45.0
"""How long a customer who is called back before an agent is rung may take to answer."""
RANKS: Final = {"high": 0, "normal": 1, "low": 2}
"""A queue's priority and its rank: callers of a lower rank are served first, strictly (C-14)."""


class Member(NamedTuple):
    """Somebody whom a queue lists."""

    user: str
    priority: int = 1
    skills: tuple[str, ...] = ()


@immutable
class QueueRules:
    """One queue."""

    name: str
    rank: int = 1
    strategy: str = "longest_idle"
    ring_s: float = 15.0
    """How long an agent's phone rings."""
    retry_s: float = 10.0
    """After all who are free have been asked: how long until they are asked again."""
    max_wait_s: float = 0.0
    """How long a caller waits at most; 0: for ever."""
    max_length: int = 0
    """How many may wait; 0: any number."""
    leave_without_agents: bool = False
    """Whether callers leave when nobody is logged in."""
    relax_after_s: float = 0.0
    """After how long a caller's last required skill is dropped, then the one before it ...; 0: never."""
    sticky_s: float = 0.0
    """For how long after a call its caller is preferably given to the same agent; 0: not at all."""
    sticky_wait_s: float = 0.0
    """How long a caller waits for that agent before anybody else is asked."""
    keep_callback_place: bool = True
    """Whether a callback keeps the place in the line (C-37); else it queues anew from when it was asked for."""
    callback_tries: int = 3
    callback_retry_s: float = 300.0
    callback_expiry_s: float = 86_400.0
    sla_s: float = 20.0
    """Within which time callers should be answered; decides nothing, is counted by."""
    short_abandon_s: float = 5.0
    """Who gives up sooner does not count."""
    customer_first: bool = False
    """Whether the customer of a callback is rung before the agent, who is reserved meanwhile."""
    members: tuple[Member, ...] = ()

    def values(self) -> tuple[Any, ...]:
        """Return the rules as plain values, for a fact."""
        return (*(getattr(self, name) for name in _PLAIN), tuple(tuple(member) for member in self.members))

    @staticmethod
    def of(values: tuple[Any, ...]) -> QueueRules:
        """Return the rules from what :meth:`values` gave."""
        members = tuple(Member(*member) for member in values[-1])
        return QueueRules(**dict(zip(_PLAIN, values[:-1], strict=False)), members=members)  # earlier ones have fewer


_PLAIN: Final = tuple(name for name in QueueRules.__slots__ if name != "members")  # type: ignore[attr-defined]
