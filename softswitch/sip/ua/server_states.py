"""Where a call that came in can stand (RFC 3261 §13.3, §15).

::

        INVITE          1xx            2xx              ACK
    ---------> RECEIVED ---> EARLY ---------> ACCEPTED -----> CONFIRMED
                  |            |                | |               |
                  |   300-699, CANCEL, BYE      | | bye()         | BYE of either side,
                  +------------+                | V               | or the dialog died
                               |   BYE, no ACK  | ENDING          |
                               V                V |  ACK, no ACK  V
                              ENDED <-------------+--------------ENDED

A callee may not send BYE before the ACK has come or can come no more (RFC 3261 §15), which ENDING waits for.
"""

from __future__ import annotations

from typing import Final

from softswitch.core.state_table import StateTable, Word


class ServerState(Word):
    """Where a call that came in stands."""

    RECEIVED = "received"
    EARLY = "early"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    ENDING = "ending"
    ENDED = "ended"


class ServerInput(Word):
    """What can happen to it."""

    PROVISIONAL = "1xx from the owner"
    ACCEPT = "2xx from the owner"
    REFUSE = "300-699 from the owner, CANCEL, early BYE, or the limit"
    ACK = "ACK"
    LOSE = "no ACK, or the dialog died"
    HANG_UP = "BYE from the owner"
    BYE = "BYE from the peer"


TABLE: Final = StateTable(
    "call that came in",
    {
        (ServerState.RECEIVED, ServerInput.PROVISIONAL): ServerState.EARLY,
        (ServerState.RECEIVED, ServerInput.ACCEPT): ServerState.ACCEPTED,
        (ServerState.RECEIVED, ServerInput.REFUSE): ServerState.ENDED,
        (ServerState.EARLY, ServerInput.PROVISIONAL): ServerState.EARLY,
        (ServerState.EARLY, ServerInput.ACCEPT): ServerState.ACCEPTED,
        (ServerState.EARLY, ServerInput.REFUSE): ServerState.ENDED,
        (ServerState.ACCEPTED, ServerInput.ACK): ServerState.CONFIRMED,
        (ServerState.ACCEPTED, ServerInput.LOSE): ServerState.ENDED,
        (ServerState.ACCEPTED, ServerInput.HANG_UP): ServerState.ENDING,
        (ServerState.ACCEPTED, ServerInput.BYE): ServerState.ENDED,
        (ServerState.CONFIRMED, ServerInput.LOSE): ServerState.ENDED,
        (ServerState.CONFIRMED, ServerInput.HANG_UP): ServerState.ENDED,
        (ServerState.CONFIRMED, ServerInput.BYE): ServerState.ENDED,
        (ServerState.ENDING, ServerInput.ACK): ServerState.ENDED,
        (ServerState.ENDING, ServerInput.LOSE): ServerState.ENDED,
        (ServerState.ENDING, ServerInput.BYE): ServerState.ENDED,
    },
)
