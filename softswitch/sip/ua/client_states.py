"""Where a call that went out can stand (RFC 3261 §13.2, §9.1, §15).

::

         INVITE         1xx          2xx, ACK sent
    ------------> CALLING ---> EARLY --------------------------------> CONFIRMED
                    |  |         |  |  2xx without       acknowledge()    ^  |
                    |  |         |  |  an offer of ours                   |  |
                    |  |         |  +--------------> ANSWERED ------------+  | BYE of either side,
           cancel() |  | 300-699, time-out               | BYE              | or the dialog died
                    V  V         V                       V                  V
               CANCELLING ------------------------------------------------> ENDED
                        300-699; 2xx (ACK and BYE sent); time-out
"""

from __future__ import annotations

from typing import Final

from softswitch.core.state_table import StateTable, Word


class ClientState(Word):
    """Where a call that went out stands."""

    CALLING = "calling"
    EARLY = "early"
    CANCELLING = "cancelling"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class ClientInput(Word):
    """What can happen to it."""

    PROVISIONAL = "101-199"
    ANSWER = "2xx"
    OPEN_ANSWER = "2xx without an offer of ours"
    REJECTION = "300-699, time-out, or transport error"
    CANCEL = "CANCEL from the owner, or an early BYE"
    ACKNOWLEDGE = "ACK from the owner"
    LOSE = "the dialog died"
    HANG_UP = "BYE from the owner"
    BYE = "BYE from the peer"


TABLE: Final = StateTable(
    "call that went out",
    {
        (ClientState.CALLING, ClientInput.PROVISIONAL): ClientState.EARLY,
        (ClientState.CALLING, ClientInput.ANSWER): ClientState.CONFIRMED,
        (ClientState.CALLING, ClientInput.OPEN_ANSWER): ClientState.ANSWERED,
        (ClientState.CALLING, ClientInput.REJECTION): ClientState.ENDED,
        (ClientState.CALLING, ClientInput.CANCEL): ClientState.CANCELLING,
        (ClientState.EARLY, ClientInput.PROVISIONAL): ClientState.EARLY,
        (ClientState.EARLY, ClientInput.ANSWER): ClientState.CONFIRMED,
        (ClientState.EARLY, ClientInput.OPEN_ANSWER): ClientState.ANSWERED,
        (ClientState.EARLY, ClientInput.REJECTION): ClientState.ENDED,
        (ClientState.EARLY, ClientInput.CANCEL): ClientState.CANCELLING,
        (ClientState.CANCELLING, ClientInput.PROVISIONAL): ClientState.CANCELLING,
        (ClientState.CANCELLING, ClientInput.ANSWER): ClientState.ENDED,
        (ClientState.CANCELLING, ClientInput.REJECTION): ClientState.ENDED,
        (ClientState.ANSWERED, ClientInput.ACKNOWLEDGE): ClientState.CONFIRMED,
        (ClientState.ANSWERED, ClientInput.LOSE): ClientState.ENDED,
        (ClientState.ANSWERED, ClientInput.HANG_UP): ClientState.ENDED,
        (ClientState.ANSWERED, ClientInput.BYE): ClientState.ENDED,
        (ClientState.CONFIRMED, ClientInput.LOSE): ClientState.ENDED,
        (ClientState.CONFIRMED, ClientInput.HANG_UP): ClientState.ENDED,
        (ClientState.CONFIRMED, ClientInput.BYE): ClientState.ENDED,
    },
)
