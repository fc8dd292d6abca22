"""SIP statuses and Q.850 causes, and how one stands for the other (RFC 3326, RFC 3398 §8.2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

_CAUSES: Final = {
    404: (1, "Unallocated number"),
    410: (22, "Number changed"),
    415: (79, "Service or option not implemented"),
    480: (18, "No user responding"),
    482: (25, "Exchange routing error"),
    483: (25, "Exchange routing error"),
    484: (28, "Address incomplete"),
    486: (17, "User busy"),
    487: (16, "Normal call clearing"),
    488: (88, "Incompatible destination"),
    500: (41, "Temporary failure"),
    501: (79, "Service or option not implemented"),
    503: (34, "No circuit or channel available"),
    600: (17, "User busy"),
    603: (21, "Call rejected"),
    604: (1, "Unallocated number"),
    606: (88, "Incompatible destination"),
}
_WORDS: Final = {404: "not-found", 480: "unavailable", 486: "busy", 600: "busy", 603: "declined", 487: "cancelled"}
_NOT_FOR_THE_CALLER: Final = frozenset({401, 402, 403, 407, 408, 421, 423, 481, 482, 483, 491, 494})
"""Statuses that speak of our own request to the phone and would mislead the caller."""


class Failure(NamedTuple):
    """Why a call failed: for the caller's phone and for the record."""

    status: int
    cause: int
    reason: str
    word: str

    def because(self, reason: object) -> Failure:
        """Return the same failure with a reason that tells more."""
        return self._replace(reason=str(reason))


NO_ANSWER: Final = Failure(480, 19, "No answer from user", "no-answer")
NO_PORT: Final = Failure(503, 34, "No media port free", "no-port")
OVERLOAD: Final = Failure(503, 42, "Media workers are too busy", "overload")
NO_MEDIA: Final = Failure(488, 88, "No common media format", "no-common-format")
"""Who knows the codecs says which they are (:meth:`Failure.because`)."""
SRTP_REQUIRED: Final = Failure(488, 88, "Encrypted sound (SRTP) is required", "srtp-required")
SRTP_IMPOSSIBLE: Final = Failure(
    488, 88, "Encrypted sound (SRTP) is required, and signalling is not encrypted", "srtp-impossible"
)
MEDIA_LOST: Final = Failure(503, 41, "Media worker lost", "media-lost")


def cause_of(status: int) -> tuple[int, str]:
    """Return the Q.850 cause and its text for a SIP status."""
    found = _CAUSES.get(status)
    if found is not None:
        return found
    return (31, "Normal, unspecified") if status < 500 else (41, "Temporary failure")


def failure_for_caller(statuses: Iterable[int]) -> Failure:
    """Choose what the caller is told when every phone has refused (RFC 3261 §16.7, step 6).

    A 6xx wins, then the lowest class; within 4xx a busy user tells more than an absent one.
    """
    known = [480 if s in _NOT_FOR_THE_CALLER or (s >= 500 and s < 600) or s < 400 else s for s in statuses]
    status = min(known, default=480, key=lambda s: (s < 600, s // 100, s != 486, s))
    cause, reason = cause_of(status)
    return Failure(status, cause, reason, _WORDS.get(status, "failed"))


def reason_header(cause: int, text: str) -> tuple[str, str]:
    """Write a Reason header with a Q.850 cause (RFC 3326)."""
    return ("Reason", f'Q.850;cause={cause};text="{text}"')


COMPLETED_ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
"""Keeps the phones that lost from showing a missed call (RFC 3326 §3.1)."""
