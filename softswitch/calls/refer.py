"""What a transferor is told of its REFER: 202, then NOTIFYs with the progress (RFC 3515 §2.4, RFC 3420, RFC 4488)."""

from __future__ import annotations

from typing import Protocol

from softswitch.sip.message import REASON_PHRASES, Header


class Transferor(Protocol):
    """The session of whoever sent a REFER."""

    def answer_refer(self, status: int, *, headers: tuple[Header, ...] = (), now: float) -> None:
        """Answer it."""
        ...

    def notify(self, headers: tuple[Header, ...], body: bytes = b"", *, now: float) -> None:
        """Send a NOTIFY within the dialog."""
        ...


def answer_refer(session: Transferor, subscription: str, now: float) -> None:
    """Take the REFER; where it wants to hear of it, begin with 100."""
    if not subscription:
        session.answer_refer(200, headers=(("Refer-Sub", "false"),), now=now)
        return
    session.answer_refer(202, now=now)
    tell_of_refer(session, subscription, 100, now)


def refuse_refer(session: Transferor, subscription: str, status: int, now: float) -> None:
    """Refuse the REFER, which changes nothing.

    Said by NOTIFY where one is wanted: some final statuses to a request within a dialog end it (RFC 5057), and phones
    take the talk up again when a NOTIFY says that the transfer came to nothing.
    """
    if not subscription:
        session.answer_refer(603, now=now)
        return
    session.answer_refer(202, now=now)
    tell_of_refer(session, subscription, status, now)


def tell_of_refer(session: Transferor, subscription: str, status: int, now: float) -> None:
    """Send the NOTIFY of a status: with a final one the subscription is over."""
    state = "active;expires=60" if status < 200 else "terminated;reason=noresource"
    headers: tuple[Header, ...] = (
        ("Event", subscription),
        ("Subscription-State", state),
        ("Content-Type", "message/sipfrag;version=2.0"),
    )
    phrase = REASON_PHRASES.get(status, "Unknown")
    session.notify(headers, f"SIP/2.0 {status} {phrase}\r\n".encode(), now=now)
