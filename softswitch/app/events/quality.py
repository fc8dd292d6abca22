"""Takes phones' reports of quality: PUBLISH with ``Event: vq-rtcpxr`` (RFC 6035), during a call or just after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from softswitch.calls.quality_facts import PhoneQualityReported
from softswitch.calls.state import CallsState
from softswitch.core.errors import SipError
from softswitch.core.ids import conversation_of
from softswitch.directory.site import User
from softswitch.sip.bodies.vq_report import CONTENT_TYPE, read_report
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.ua.snapshot import SessionSnapshot

PACKAGE: Final = "vq-rtcpxr"


class QualityDesk:
    """Keeps reports as facts of the calls that they are about.

    Args:
        calls: the calls, and those that ended a moment ago.
        record: keeps a fact of a conversation.
    """

    def __init__(self, calls: CallsState, record: Callable[[object, str], None]) -> None:
        self._calls = calls
        self._record = record

    def take(self, request: Request, flow: Flow, user: User) -> None:
        """Take a report; one about a call that nobody remembers is accepted, and says nothing to anybody.

        Raises:
            SipError: it cannot be read.
        """
        if request.content_type != CONTENT_TYPE:
            raise SipError(f"a report is {CONTENT_TYPE}", 415)
        report = read_report(request.body)
        leg = self._leg_of(report.sip_call_id, user)
        if leg:
            fact = PhoneQualityReported(leg, user.name, report.kind, *report[2:])
            self._record(fact, self._conversation_of(leg))

    def _leg_of(self, sip_call_id: str, user: User) -> str:
        at = SessionSnapshot._fields.index("sip_call_id")
        for leg in self._calls.legs.values():
            if leg.user == user.name and leg.dialog and leg.dialog[at] == sip_call_id:
                return leg.leg
        ended = (one for one in self._calls.partings if one.dialog and one.dialog[at] == sip_call_id)
        return next((one.leg for one in ended), "")

    def _conversation_of(self, leg: str) -> str:
        found = self._calls.legs.get(leg)
        return conversation_of(leg) if found is None else found.conversation_id
