"""Calls without SIP and media: inputs in, facts out, and the fold of those facts."""

from __future__ import annotations

from typing import Any

from softswitch.calls import destinations, inputs
from softswitch.calls.apply import apply
from softswitch.calls.decide import decide
from softswitch.calls.state import CallsState
from softswitch.core.facts import Record, decode, encode
from softswitch.sip.flow import Flow

ANNA = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.101", 5060))
BORIS = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.102", 5060))
DESK = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.103", 5060))


def sdp(address: str = "10.0.0.101", port: int = 4000, formats: str = "8 0 101", direction: str = "sendrecv") -> str:
    """Write a phone's description."""
    maps = "".join(
        f"a=rtpmap:{pt} {name}\r\n"
        for pt, name in (("0", "PCMU/8000"), ("8", "PCMA/8000"), ("101", "telephone-event/8000"))
        if pt in formats.split()
    )
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {formats}\r\n{maps}a={direction}\r\n"
    )


def place(flow: Flow) -> destinations.Place:
    return destinations.Place(f"sip:x@{flow.remote[0]}", flow, flow.local[0], flow.local[0])


def phone(name: str, flow: Flow) -> destinations.Phone:
    return destinations.Phone(name, "102", place(flow))


class World:
    """A calls state with its journal."""

    def __init__(self) -> None:
        self.state = CallsState()
        self.records: list[Record] = []
        self.now_s = 1_000.0

    def tell(self, given: inputs.Input) -> list[Any]:
        """Decide and apply; return the new facts."""
        decided = decide(self.state, given)
        conversation_id = getattr(given, "conversation_id", "")
        if not conversation_id and decided:
            conversation_id = self.state.legs[given.leg].conversation_id  # type: ignore[union-attr]
        for fact in decided:
            record = Record(len(self.records) + 1, self.now_s, conversation_id, fact)
            # Through the bytes, as a restarted brain would read it.
            record = decode(encode(record.sequence, record.wall_s, record.conversation_id, record.fact))
            self.records.append(record)
            apply(self.state, record)
        return decided

    def call(
        self, destination: destinations.Destination, offer: str | None = None, conversation_id: str = "c"
    ) -> list[Any]:
        """Let Anna call."""
        return self.tell(
            inputs.CallArrived(
                conversation_id,
                "101",
                "Анна",
                "anna",
                "",
                "102",
                place(ANNA),
                sdp() if offer is None else offer,
                70,
                destination,
            )
        )

    def ring(self, *phones: destinations.Phone) -> None:
        """Let Anna call phones, up to their invitations."""
        self.call(destinations.RingPhones(phones or (phone("boris", BORIS),)))
        for number, leg in enumerate(list(self.state.legs)):
            self.tell(inputs.MediaOpened(leg, 20000 + 2 * number))

    def talk(self) -> None:
        """Let Anna and Boris talk: c.1 and c.2."""
        self.ring()
        self.tell(inputs.CalleeProgressed("c.2", 180, ""))
        self.tell(inputs.CalleeAnswered("c.2", sdp("10.0.0.102", 5000)))
        self.tell(inputs.CallerAcknowledged("c.1", ""))

    def refolded(self) -> CallsState:
        """Fold all facts anew."""
        state = CallsState()
        for record in self.records:
            apply(state, record)
        return state

    def names(self, facts: list[Any]) -> list[str]:
        return [type(fact).__name__ for fact in facts]
