"""A lost call is told by a real mail server and a real webhook, which are both away at first, and hold up nobody."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from tests.interop.peers.http_server import serving
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.interop.test_killed_often import kill_brain, supervisor_of
from tests.kept_mail import KeptMail
from tests.waiting import until

pytestmark = pytest.mark.network

MAIL_PORT, HOOK_PORT = 2525, 8098
WAITED_MS = 1500
SITE = f"""\
users:
  - {{name: anna, extension: "101", password: secret-101, preset: mango}}
queues:
  - {{name: support, extension: "700", short_abandon_s: 1, sla_s: 3600, members: [{{user: anna}}],
     notify: {{mail: [vera@example.com], webhook: "http://127.0.0.1:{HOOK_PORT}/hooks/queue"}}}}
trunks:
  - {{name: west, host: 127.0.2.1, port: 5090, transport: udp}}
numbers:
  - {{number: "5700", queue: support}}
"""
MAIL = f'[mail]\nhost = "127.0.0.1"\nport = {MAIL_PORT}\ntls = "none"\nsender = "pbx@example.com"\n'
CHANNELS = ["mail:vera@example.com", "webhook"]


@pytest.fixture
def switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    with ends_well(SwitchProcess(space, folder, site=SITE, more=MAIL)) as found:
        yield found


@contextmanager
def mail_server(space: Namespace) -> Iterator[list[Message]]:
    kept, loop = KeptMail(), asyncio.new_event_loop()
    with space.entered():
        sock = socket.create_server(("127.0.0.1", MAIL_PORT))
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(kept, loop=loop), sock=sock))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield kept.mails
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


class Hook(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", HOOK_PORT), Taking)
        self.told: list[tuple[str, str, dict[str, Any]]] = []


class Taking(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append((self.path, self.headers["Idempotency-Key"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.timeout(600)
@pytest.mark.row("C-35")
def test_a_lost_call_is_told_when_the_servers_are_back_and_callers_are_served_meanwhile(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    anna = SippPhone(space, tmp_path, "101", address="127.0.1.1")
    west = SippPhone(space, tmp_path, "84950000001", address="127.0.2.1", port=5090)
    stack.callback(anna.close)
    stack.callback(west.close)
    west.plays("trunk_talk.xml", dial="5700", talk_ms=str(WAITED_MS))  # nobody is logged in: the caller gives up

    def notice() -> dict[str, Any]:
        (found,) = until(lambda: switch.ask("GET", "queue-notices"))
        return dict(found)

    until(lambda: switch.log().count('"queue.notice_failed"') >= len(CHANNELS), switch.log)
    lost = notice()
    assert (lost["kind"], lost["number"], lost["pending"]) == ("lost", "84950000001", CHANNELS)
    assert sorted(lost["problems"]) == CHANNELS, "it is told why it has not gone out yet"

    anna.plays("register.xml")
    switch.ask("PUT", "users/anna/queues", logged_in=True)
    talk = anna.starts("answer_talk_hang_up.xml", talk_ms="200")
    west.plays("trunk_until_bye.xml", dial="5700")
    talk.finished()
    assert notice()["pending"] == CHANNELS, "a caller was served while the servers are away"

    mails, hook = stack.enter_context(mail_server(space)), stack.enter_context(serving(space, Hook))
    kill_brain(switch, supervisor_of(switch))
    switch.until_ready_again()
    until(lambda: notice()["pending"] == [], lambda: (notice(), switch.log()[-3000:]))
    assert notice()["problems"] == {}
    why = f"softswitch why {lost['conversation_id']}"
    (mail,) = mails
    assert (mail["To"], mail["Subject"]) == ("vera@example.com", "support: lost call of 84950000001")
    assert mail["Date"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert why in mail.get_payload()
    ((path, key, told),) = hook.told
    assert (path, bool(key), told["type"], told["conversation_id"]) == (
        "/hooks/queue", True, "queue.lost", lost["conversation_id"],
    )  # fmt: skip
    assert "The caller hung up, after" in switch.cli(*why.split()[1:])
