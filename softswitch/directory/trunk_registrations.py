"""Registrations of ours at carriers, folded from facts: a restart goes on with the same Call-ID, CSeq and expiry.

Every REGISTER is a fact before it leaves, so that no CSeq is used twice (RFC 3261 §10.2.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from softswitch.core.facts import Record, fact


@fact("trunk.register_sent")
class TrunkRegisterSent:
    """A REGISTER leaves; what comes of it is another fact."""

    trunk: str
    account: str
    """Who registers where: the address of record and the registrar; another one begins anew."""
    sip_call_id: str
    cseq: int
    expires_s: int
    """What is asked for."""


@fact("trunk.registered")
class TrunkRegistered:
    """The carrier took our Contact."""

    trunk: str
    until_s: float
    """Wall time."""
    refresh_at_s: float
    """Wall time."""


@fact("trunk.register_failed")
class TrunkRegisterFailed:
    """The carrier did not take our Contact, or did not answer."""

    trunk: str
    status: int
    """408 where no answer came, 503 where it cannot be reached."""
    reason: str
    again_at_s: float
    """Wall time of the next attempt."""


@fact("trunk.register_dropped")
class TrunkRegisterDropped:
    """The site does not want the trunk to be registered any more."""

    trunk: str


@dataclass(frozen=True, slots=True)
class TrunkRegistration:
    """How the registration at one trunk stands."""

    trunk: str
    account: str
    sip_call_id: str
    cseq: int
    expires_s: int
    until_s: float = 0.0
    """Wall time; 0: never registered."""
    next_s: float = 0.0
    """Wall time of the next REGISTER."""
    waits: bool = True
    """Whether the last REGISTER has no answer yet."""
    failures: int = 0
    """In a row."""
    status: int = 0
    """Of the last failure since the last success."""
    reason: str = ""
    failed_at_s: float = 0.0


class TrunkRegistrations:
    """All of them by trunk; changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self._by_trunk: dict[str, TrunkRegistration] = {}

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is TrunkRegisterSent:
            self._sent(made)
        elif type(made) is TrunkRegistered:
            self._registered(made)
        elif type(made) is TrunkRegisterFailed:
            self._failed(made, record.wall_s)
        elif type(made) is TrunkRegisterDropped:
            self._by_trunk.pop(made.trunk, None)

    def _sent(self, made: TrunkRegisterSent) -> None:
        known = self._by_trunk.get(made.trunk)
        if known is None or known.account != made.account:
            known = TrunkRegistration(made.trunk, made.account, made.sip_call_id, made.cseq, made.expires_s)
        self._by_trunk[made.trunk] = replace(
            known, sip_call_id=made.sip_call_id, cseq=made.cseq, expires_s=made.expires_s, waits=True
        )

    def _registered(self, made: TrunkRegistered) -> None:
        self._by_trunk[made.trunk] = replace(
            self._by_trunk[made.trunk],
            until_s=made.until_s,
            next_s=made.refresh_at_s,
            waits=False,
            failures=0,
            status=0,
            reason="",
            failed_at_s=0.0,
        )

    def _failed(self, made: TrunkRegisterFailed, wall_s: float) -> None:
        known = self._by_trunk[made.trunk]
        self._by_trunk[made.trunk] = replace(
            known,
            next_s=made.again_at_s,
            waits=False,
            failures=known.failures + 1,
            status=made.status,
            reason=made.reason,
            failed_at_s=wall_s,
        )

    def get(self, trunk: str) -> TrunkRegistration | None:
        """Return how the registration at a trunk stands; None where there never was one."""
        return self._by_trunk.get(trunk)

    def __iter__(self) -> Iterator[TrunkRegistration]:
        return iter(tuple(self._by_trunk.values()))

    def values(self) -> tuple[tuple[object, ...], ...]:
        """Return all as plain values, for a snapshot."""
        return tuple(astuple(each) for each in self._by_trunk.values())

    def restore(self, values: Sequence[Sequence[Any]]) -> None:
        """Put into an empty state what :meth:`values` gave.

        Raises:
            TypeError: these are not the values of registrations.
        """
        for row in values:
            each = TrunkRegistration(*row)
            self._by_trunk[each.trunk] = each
