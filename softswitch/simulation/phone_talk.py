"""What a person does with a call that is up: hold, resume, keys, transfer."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from softswitch.simulation.phone_core import PhoneCore
from softswitch.simulation.phone_dialog import Dialog
from softswitch.simulation.phone_sdp import Description
from softswitch.sip.message import Header, Response

_GLARE_WAIT_S: Final = {True: 3.0, False: 1.0}
"""How long after a 491 the one that made the call, and the other, try again (RFC 3261 §14.1)."""
_MOST_GLARES: Final = 3


class Talk(Dialog):
    """A dialog whose other end is held, moved, and told keys.

    Attributes:
        outgoing: whether the phone made the call.
        reinviting: whether a re-INVITE of the phone's has no final answer yet.
    """

    def __init__(
        self, phone: PhoneCore, *, outgoing: bool, sip_call_id: str, local_party: str, remote_party: str
    ) -> None:
        super().__init__(phone, sip_call_id=sip_call_id, local_party=local_party, remote_party=remote_party)
        self.outgoing = outgoing
        self.reinviting = False

    async def hold(self, form: str = "sendonly") -> int:
        """Put the other on hold by re-INVITE.

        Args:
            form: ``sendonly``, ``inactive`` or ``zero`` (c=0.0.0.0, RFC 2543's way).

        Returns:
            The re-INVITE's final status.
        """
        if form == "zero":
            return await self.reinvite(self.here("sendrecv", "0.0.0.0"))  # noqa: S104  # not bound: it says hold
        return await self.reinvite(self.here(form))

    async def resume(self) -> int:
        """Take the other off hold, or tell it of a new address; returns the re-INVITE's final status."""
        return await self.reinvite(self.here())

    async def reinvite(self, offer: Description | None) -> int:
        """Send a re-INVITE with that offer or without one; after a glare (491) again. Returns its final status.

        One that is refused leaves our description as it was (RFC 6141 §3.1).
        """
        before = self.local
        for _ in range(_MOST_GLARES):
            self.reinviting = True
            content = self.content(offer)
            response = await self.attempt(
                "INVITE", content, self._offer_answered if offer else self._offerless_answered
            ).final
            self.reinviting = False
            if response.status >= 300:
                self.local = before
            if response.status != 491:
                break
            await self.phone.sleep(_GLARE_WAIT_S[self.outgoing])
        return response.status

    async def info(self, content_type: str, body: str) -> int:
        """Send an INFO within the call, as phones do that tell keys so; returns its final status."""
        headers: tuple[Header, ...] = (("Content-Type", content_type),)
        return (await self.attempt("INFO", (headers, body.encode())).final).status

    async def refer(self, number: str, *, to_call: Dialog | None = None, silent: bool = False, method: str = "") -> int:
        """Ask by REFER that the other end is transferred (RFC 3515); returns its final status.

        Args:
            number: the target, or its URI.
            to_call: our call to the target, which the new one shall replace (RFC 3891).
            silent: whether we want no NOTIFY (RFC 4488).
            method: what is asked of the target, where it is not INVITE.
        """
        target = number if number.startswith("sip:") else f"sip:{number}@{self.phone.account.domain}"
        target += f";method={method}" if method else ""
        if to_call is not None:
            text = f"{to_call.sip_call_id};to-tag={to_call.remote_tag};from-tag={to_call.local_tag}"
            target += f"?Replaces={quote(text, safe='')}"
        headers: tuple[Header, ...] = (("Refer-To", f"<{target}>"),)
        headers += (("Refer-Sub", "false"),) if silent else ()
        return (await self.attempt("REFER", (headers, b"")).final).status

    def _offer_answered(self, response: Response) -> None:
        self._reinvite_answered(response, offered=True)

    def _offerless_answered(self, response: Response) -> None:
        self._reinvite_answered(response, offered=False)

    def _reinvite_answered(self, response: Response, *, offered: bool) -> None:
        if 200 <= response.status < 300:
            self.retarget(response)
            self.acknowledge(response, offered=offered)
