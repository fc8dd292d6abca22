"""A request of a simulated phone with its second try: answered 401, it is sent again with credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from softswitch.simulation.phone_core import PhoneCore
from softswitch.sip.message import Request, Response

_MOST_TRIES: Final = 4


class Attempt:
    """What a person means by one request, however many it takes.

    Args:
        phone: who asks.
        build: makes the request anew for each try, with its own branch and CSeq number.
        on_response: called with each answer that is not a challenge taken up.
    """

    def __init__(
        self, phone: PhoneCore, build: Callable[[], Request], on_response: Callable[[Response], None] = lambda _: None
    ) -> None:
        self.final: asyncio.Future[Response] = phone.network.loop.create_future()
        self.cancelled = False
        self._phone = phone
        self._build = build
        self._on_response = on_response
        self._tries = 0
        self._send()

    def _send(self) -> None:
        self._tries += 1
        self.request = self._build()
        authorization = self._phone.credentials.authorization(self.request.method, self.request.uri)
        if authorization:
            self.request.add("Authorization", authorization)
        self.exchange = self._phone.start(self.request, self._answered)

    def _answered(self, response: Response) -> None:
        if response.status == 401 and self._takes_up(response):
            self._send()
            return
        if response.status >= 200:
            self._phone.credentials.forget_unless_reused()
            self._phone.last_response = response
        self._on_response(response)
        if response.status >= 200 and not self.final.done():
            self.final.set_result(response)
        self._phone.changed()

    def _takes_up(self, challenged: Response) -> bool:
        """Learn the challenge and tell whether to try again: once, and whenever only the nonce was stale."""
        had_credentials = self.request.get("Authorization") is not None
        stale = self._phone.credentials.learn(challenged.get_all("WWW-Authenticate"))
        if self.cancelled or self._tries >= _MOST_TRIES:
            return False
        return stale or not had_credentials or self._tries == 1
