"""The handler of a mail server that keeps what comes."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

from aiosmtpd.handlers import AsyncMessage


class KeptMail(AsyncMessage):
    """Keeps mails.

    Attributes:
        mails: those that came, in their order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    async def handle_message(self, message: Message) -> None:
        """Be told of a mail by aiosmtpd."""
        self.mails.append(message_from_bytes(bytes(message)))
