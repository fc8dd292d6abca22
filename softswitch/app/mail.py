"""Sending a mail, with a recording in it where there is one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from pathlib import Path
from typing import Any

import aiosmtplib

from softswitch.scenario.errands import ErrandOver


async def send_mail(values: Mapping[str, Any]) -> ErrandOver:
    """Send a mail; what goes wrong is told, not raised.

    Args:
        values: ``host port tls username password_env sender to id subject text path``; without a path nothing is
            attached. The same id gives the same Message-ID, by which a mail that comes twice can be told.
    """
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = values["sender"], values["to"], values["subject"]
    made["Date"] = format_datetime(localtime())
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers of absent people
    made["Message-ID"] = f"<{values['id']}@{values['sender'].rpartition('@')[2] or 'softswitch.local'}>"
    made.set_content(values["text"])
    try:
        if values["path"]:
            recording = await asyncio.to_thread(Path(values["path"]).read_bytes)
            made.add_attachment(recording, maintype="audio", subtype="wav", filename="message.wav")
        await aiosmtplib.send(
            made,
            hostname=values["host"],
            port=values["port"],
            username=values["username"] or None,
            password=os.environ.get(values["password_env"], "") or None,
            use_tls=values["tls"] == "tls",
            start_tls={"tls": False, "none": False, "starttls": True}.get(values["tls"]),
        )
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return ErrandOver(False, f"{type(error).__name__}: {error}"[:200], {})
    return ErrandOver(True, "done", {})
