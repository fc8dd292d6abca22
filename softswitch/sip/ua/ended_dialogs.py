"""Dialogs that a peer ended towards a former process, whose 200 to the BYE may never have left."""

from __future__ import annotations


class EndedDialogs:
    """Which BYEs are to be answered 200 though their dialog is not known any more.

    Without it a phone that repeats its BYE would be told 481, as if there had never been a call.

    Args:
        keep_s: how long a phone may repeat its BYE: 64 x T1 (RFC 3261 §17.1.2.2, timer F).
    """

    __slots__ = ("_keep_s", "_known", "_until")

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._known: set[tuple[str, str]] = set()
        self._until = 0.0

    def add(self, sip_call_id: str, local_tag: str, now: float) -> None:
        """Remember one; only a process that begins does so, hence one limit for all."""
        self._known.add((sip_call_id, local_tag))
        self._until = now + self._keep_s

    def holds(self, sip_call_id: str, local_tag: str, now: float) -> bool:
        """Tell whether the dialog is one of them."""
        if self._known and now > self._until:
            self._known.clear()
        return (sip_call_id, local_tag) in self._known
