"""How a simulated phone registers, refreshes and unregisters (RFC 3261 §10.2)."""

from __future__ import annotations

import asyncio

from softswitch.simulation.phone_core import PhoneCore
from softswitch.simulation.phone_request import Attempt
from softswitch.sip.headers.address import Address as SipAddress
from softswitch.sip.message import Request, Response


class Registration:
    """The registration of one phone: one Call-ID, a growing CSeq, and a refresh at half time.

    Attributes:
        granted_s: what the server granted our own Contact; 0 while not registered.
        contacts: everybody whom the server's last 200 named.
    """

    def __init__(self, phone: PhoneCore) -> None:
        self.granted_s = 0
        self.contacts: list[SipAddress] = []
        self.refreshes = 0
        self._phone = phone
        self._call_id = f"{phone.tag()}@{phone.address[0]}"
        self._cseq = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, contact: str, expires_s: int | None) -> Attempt:
        """Send a REGISTER with that Contact; an empty one only asks who is registered."""
        return Attempt(self._phone, lambda: self._request(contact, expires_s), self._answered)

    def _request(self, contact: str, expires_s: int | None) -> Request:
        domain = self._phone.account.domain
        own = f"<sip:{self._phone.account.user}@{domain}>"
        self._cseq += 1
        request = self._phone.outside_request("REGISTER", f"sip:{domain}", own, self._call_id, self._cseq)
        if contact:
            request.add("Contact", contact)
        if expires_s is not None:
            request.add("Expires", str(expires_s))
        return request

    def _answered(self, response: Response) -> None:
        if response.status != 200:
            return
        self.contacts = response.contacts
        mine = [c for c in self.contacts if str(c.uri) == self._phone.contact_uri]
        self.granted_s = int(mine[0].parameters.get("expires") or response.expires or 0) if mine else 0

    async def register(self, expires_s: int = 3600, *, keep: bool = False) -> int:
        """Register; a 423 is answered with the interval that it asks for.

        Args:
            expires_s: how long to stay registered, in seconds.
            keep: refresh at half of what was granted, until unregistered.

        Returns:
            The final status.
        """
        response = await self.start(self._contact(), expires_s).final
        if response.status == 423:
            response = await self.start(self._contact(), int(response.get("Min-Expires") or "0")).final
        if keep:
            self._plan_refresh()
        return response.status

    def _contact(self) -> str:
        habits = self._phone.habits
        instance = f';+sip.instance="<urn:uuid:{habits.instance}>"' if habits.instance else ""
        return self._phone.contact + instance + habits.contact_parameters

    def _plan_refresh(self) -> None:
        if self.granted_s:
            self._timer = self._phone.later(self.granted_s / 2, self._refresh)

    def _refresh(self) -> None:
        self.refreshes += 1
        attempt = self.start(self._contact(), self.granted_s)
        attempt.final.add_done_callback(lambda _: self._plan_refresh())

    async def unregister(self, *, everybody: bool = False) -> int:
        """Remove our Contact, or with ``Contact: *`` everybody's; returns the final status."""
        self.stop()
        contact = "*" if everybody else self._contact()
        return (await self.start(contact, 0).final).status

    async def fetch(self) -> list[SipAddress]:
        """Ask who is registered for the account."""
        await self.start("", None).final
        return self.contacts

    def stop(self) -> None:
        """Refresh no more."""
        if self._timer is not None:
            self._timer.cancel()
