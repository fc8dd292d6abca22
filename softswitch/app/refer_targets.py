"""Whom a REFER means: the number or the other call that its Refer-To names."""

from __future__ import annotations

from urllib.parse import unquote as percent_decode

from softswitch.app.request_desk import RequestDesk
from softswitch.calls.destinations import Destination, Refuse
from softswitch.core.errors import SipError
from softswitch.core.immutable import immutable
from softswitch.directory.routing import dialled_number
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import parse_address
from softswitch.sip.headers.replaces import Replaces, parse_replaces
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri


@immutable
class ReferTarget:
    """Whom a REFER means."""

    number: str
    destination: Destination
    other: str = ""
    """The leg of the phone's other call that is named; ``none`` where there is no such call; empty: none is named."""
    method: str = "INVITE"
    """What is asked of the target (RFC 3515 §2.1)."""

    @property
    def called(self) -> Destination:
        """Where a call to the target goes; refused where the phone does not ask for a call."""
        if self.method == "INVITE":
            return self.destination
        return Refuse(603, 21, f"Refer-To: nobody is called by {self.method}", "no-call")


class ReferTargets:
    """Finds targets.

    Args:
        ua: knows the dialogs.
        desk: knows where numbers lead.
    """

    def __init__(self, ua: UserAgent, desk: RequestDesk) -> None:
        self._ua = ua
        self._desk = desk

    def find(
        self, refer_to: str, user_name: str, flow: Flow, spoken: tuple[str, ...], *, now: float, wall_s: float
    ) -> ReferTarget:
        """Find whom a REFER of a user's phone means; a party outside may not refer anybody.

        Nobody is called at a domain that is not ours: its numbers are other people's.

        Args:
            refer_to: the value of its Refer-To header.
            user_name: whose phone sent it; empty for a party outside.
            flow: where the phone is.
            spoken: how its request or dialog names it and us.
            now: monotonic seconds.
            wall_s: the time now.
        """
        try:
            uri = parse_address(refer_to).uri
            replaces = _replaces_in(uri)
            number = dialled_number(uri)
        except SipError as error:
            return ReferTarget("", Refuse(400, 28, f"Refer-To: {error}", "malformed"))
        user = self._desk.site.users.get(user_name)
        if user is None:
            return ReferTarget(number, Refuse(403, 21, "Only users of the switch transfer", "forbidden"))
        if replaces is None and not self._desk.own_names.are_in(uri, flow, *spoken):
            elsewhere = Refuse(404, 3, f"{uri.host} is not served here", "foreign-domain")
            return ReferTarget(f"{uri.user}@{uri.host}", elsewhere)  # nobody's number, whoever looks it up
        destination = self._desk.destination_of(number, user, right="transfer_in", now=now, wall_s=wall_s)
        method = (uri.parameters.get("method") or "INVITE").upper()
        return ReferTarget(number, destination, "" if replaces is None else self.leg_of(replaces), method)

    def leg_of(self, dialog: Replaces) -> str:
        """Return the leg of a dialog; ``none`` where there is no such dialog."""
        found = self._ua.session_of(*dialog[:3])
        return "none" if found is None else found.owner


def _replaces_in(uri: Uri) -> Replaces | None:
    """Return the Replaces header that a Refer-To URI asks for (RFC 3891 §4), or None."""
    for part in uri.headers.split("&"):
        name, _, value = part.partition("=")
        if name.lower() == "replaces":
            return parse_replaces(percent_decode(value))
    return None
