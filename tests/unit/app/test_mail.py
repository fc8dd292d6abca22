"""Mail with a recording in it, to a real mail server on the loopback interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from softswitch.app.mail import send_mail
from softswitch.scenario.errands import ErrandOver
from tests.kept_mail import KeptMail

pytestmark = pytest.mark.network


@pytest.fixture
async def server() -> AsyncIterator[tuple[KeptMail, int]]:
    kept = KeptMail()
    made = await asyncio.get_running_loop().create_server(lambda: SMTP(kept), "127.0.0.1", 0)
    yield kept, made.sockets[0].getsockname()[1]
    made.close()


def order(port: int, path: Path) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "username": "",
        "password_env": "",
        "sender": "pbx@example.net",
        "to": "anna@example.net",
        "id": "1m81-message-01",
        "subject": "Сообщение от Ромашки",
        "text": "+79161112233\n",
        "path": str(path),
    }


@pytest.mark.row("S-24")
async def test_a_message_goes_out_with_its_recording(server: tuple[KeptMail, int], tmp_path: Path) -> None:
    kept, port = server
    recording = tmp_path / "message.wav"
    recording.write_bytes(b"RIFF" + bytes(1000))
    assert await send_mail(order(port, recording)) == ErrandOver(True, "done", {})
    (mail,) = kept.mails
    assert mail["To"] == "anna@example.net"
    assert mail["Message-ID"] == "<1m81-message-01@example.net>"
    (attached,) = [part for part in mail.walk() if part.get_content_type() == "audio/wav"]
    assert attached.get_payload(decode=True) == recording.read_bytes()


async def test_a_notice_without_a_recording_goes_out_as_text(server: tuple[KeptMail, int], tmp_path: Path) -> None:
    kept, port = server
    assert await send_mail({**order(port, tmp_path), "path": ""}) == ErrandOver(True, "done", {})
    (mail,) = kept.mails
    assert mail.get_content_type() == "text/plain"
    assert "+79161112233" in mail.get_payload()
    assert parsedate_to_datetime(mail["Date"]).tzinfo
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_a_server_that_is_not_there_and_a_file_that_is_gone_are_told(
    server: tuple[KeptMail, int], tmp_path: Path
) -> None:
    kept, port = server
    gone = await send_mail(order(port, tmp_path / "nowhere.wav"))
    assert (gone.ok, gone.word.partition(":")[0]) == (False, "FileNotFoundError")
    (tmp_path / "message.wav").write_bytes(b"RIFF")
    nobody = await send_mail(order(9, tmp_path / "message.wav"))
    assert (nobody.ok, nobody.word.partition(":")[0]) == (False, "SMTPConnectError")
    assert kept.mails == []
