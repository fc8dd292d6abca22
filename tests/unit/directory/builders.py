"""Requests, flows and users for the directory's tests, with everything that a test does not name filled in."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.core.facts import Record
from softswitch.directory.location import LocationState
from softswitch.directory.registrar import RegisterAnswer, RegistrationLimits, decide_register
from softswitch.directory.site import User
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request

ANNA = User("anna", "101", "Анна", "0" * 32, "0" * 64)
BORIS = User("boris", "102", "Борис", "1" * 32, "1" * 64)
HERE = ("192.0.2.1", 5060)


def flow_from(host: str = "192.0.2.50", port: int = 5060, transport: str = "udp", connection: int = 0) -> Flow:
    return Flow(transport, HERE, (host, port), connection)


def register(
    *contacts: str,
    call_id: str = "call-1",
    cseq: int = 1,
    expires: int | None = None,
    user: str = "101",
    via: str = "192.0.2.50:5060",
    headers: Iterable[Header] = (),
) -> Request:
    lines: list[Header] = [
        ("Via", f"SIP/2.0/UDP {via};branch=z9hG4bK{call_id}{cseq};rport"),
        ("From", f"<sip:{user}@softswitch.local>;tag=a"),
        ("To", f"<sip:{user}@softswitch.local>"),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} REGISTER"),
        *(("Contact", contact) for contact in contacts),
        *headers,
    ]
    if expires is not None:
        lines.append(("Expires", str(expires)))
    return Request("REGISTER", "sip:softswitch.local", lines)


class Registrar:
    """A location state and the registrar above it, as the brain puts them together."""

    def __init__(self, limits: RegistrationLimits | None = None, user: User = ANNA) -> None:
        self.state = LocationState()
        self.limits = limits or RegistrationLimits()
        self.user = user
        self.records: list[Record] = []
        self.wall_s = 1_000_000.0

    def take(self, request: Request, flow: Flow | None = None) -> RegisterAnswer:
        answer = decide_register(
            self.state, request, flow or flow_from(), self.user, wall_s=self.wall_s, limits=self.limits
        )
        self.keep(answer.facts)
        return answer

    def keep(self, facts: Iterable[object]) -> None:
        for fact in facts:
            record = Record(len(self.records) + 1, self.wall_s, "", fact)
            self.records.append(record)
            self.state.apply(record)

    def contacts(self) -> list[str]:
        return [binding.contact for binding in self.state.contacts_of(self.user.name, wall_s=self.wall_s)]


def contact_headers(answer: RegisterAnswer) -> list[str]:
    return [value for name, value in answer.headers if name == "Contact"]
