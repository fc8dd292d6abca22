"""A real call asks a program elsewhere, leaves a message, and others are told of it; the message is heard by phone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from softswitch.calls.guide_facts import LegKeyPressed
from softswitch.calls.recording.facts import MessageStarted
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import PURE, RATE_HZ, loud_part, loud_s, read_wav, share_of
from tests.interop.peers.http_server import serving
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SITE, SwitchProcess, ends_well
from tests.waiting import until

pytestmark = pytest.mark.network

PROMPTS = Path(__file__).parents[2] / "scenarios" / "small-office" / "scenarios"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PORT = 8099
PIN = "904172"
STEPS = f"""name: main
steps:
  - http:
      url: "http://127.0.0.1:{PORT}/who?phone={{caller}}"
      token_env: CRM_TOKEN
      timeout_s: 30
      into: {{box: "customer.box"}}
      failed: [{{hang_up: {{reason: busy}}}}]
  - if: {{value: "{{box}}", is: boris, steps: [{{voicemail: {{box: boris, file: welcome.ogg, silence_s: 3}}}}]}}
  - hang_up: {{}}
"""
MORE = f"""  - {{number: "+74950000001", scenario: main}}
webhooks:
  - {{name: crm, url: "http://127.0.0.1:{PORT}/calls", secret_env: WEBHOOK_SECRET}}
"""


class Crm(HTTPServer):
    """Knows customers, and is told of calls."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", PORT), Answering)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.told: list[dict[str, Any]] = []


class Answering(BaseHTTPRequestHandler):
    server: Crm

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        self._answer(json.dumps({"customer": {"box": "boris"}}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Webhook(SECRET).verify(body, dict(self.headers.items()))
        self.server.told.append(json.loads(body))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def crm(space: Namespace) -> Iterator[Crm]:
    with serving(space, Crm) as made:
        yield made


@pytest.fixture(scope="module")
def switch(space: Namespace, crm: Crm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    folder = tmp_path_factory.mktemp("switch")
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "main.yaml").write_text(STEPS)
    shutil.copy(PROMPTS / "welcome.ogg", folder / "scenarios")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_TOKEN", "t0ken")
        patch.setenv("WEBHOOK_SECRET", SECRET)
        found = SwitchProcess(space, folder, site=SITE)
    found.site.write_text(SITE.replace("password: secret-102", f'password: secret-102, voicemail_pin: "{PIN}"') + MORE)
    found.cli("load", str(folder))
    with ends_well(found):
        yield found


def messages(switch: SwitchProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = switch.ask("GET", "voicemail")
    return found


def keys_pressed(switch: SwitchProcess) -> int:
    return sum(isinstance(record.fact, LegKeyPressed) for record in switch.journal())


@pytest.mark.row("S-24", "C-36")
def test_a_caller_whom_the_crm_knows_leaves_a_message_that_is_heard_by_phone(
    switch: SwitchProcess, crm: Crm, phone: PhoneMaker, tmp_path: Path
) -> None:
    anna, boris = phone("101"), phone("102")
    until(lambda: (switch.directory / "var" / "webhooks.db").exists())
    anna.command("dial", "74950000001")
    anna.until("CALL_ESTABLISHED")
    (message_path,) = until(
        lambda: [record.fact.path for record in switch.journal() if isinstance(record.fact, MessageStarted)], anna.log
    )
    saying = switch.directory / "var" / message_path
    until(lambda: saying.exists() and loud_s(saying) > 3.5, lambda: "she never said her message")
    anna.command("hangup")
    switch.until_at_rest()
    until(
        lambda: messages(switch) and len(crm.told) >= 2,
        lambda: (messages(switch), crm.told, crm.asked, switch.log()),
        pause_s=0.2,
    )
    ((path, headers),) = crm.asked
    assert path == "/who?phone=101"
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["idempotency-key"].endswith("/1")
    assert {event["type"] for event in crm.told} == {"call.started", "call.ended"}
    (message,) = messages(switch)
    assert (message["box"], message["from_number"]) == ("boris", "101")
    saved = tmp_path / "message.wav"
    switch.cli("voicemail", "save", "boris", message["message"], str(saved))
    said = loud_part(read_wav(saved))
    assert len(said) > 3 * RATE_HZ
    assert share_of(said[RATE_HZ:], 440) > PURE, "the recording holds Anna's tone"
    boris.command("dial", "*97")
    boris.until("CALL_ESTABLISHED")
    for number, key in enumerate(f"{PIN}#", 1):
        boris.command("sndcode", key)
        until(lambda: keys_pressed(switch) == number)  # noqa: B023  # asked at once
    boris.until("CALL_CLOSED")
    heard = loud_part(read_wav(boris.heard()))
    assert max(share_of(heard[at : at + RATE_HZ], 440) for at in range(0, len(heard) - RATE_HZ, RATE_HZ // 2)) > 0.95
    assert messages(switch)[0]["heard"]
    shown = switch.cli("journal", "show")
    keys = [line for line in shown.splitlines() if " leg.key_pressed " in line]
    assert len(keys) == len(PIN) + 1
    assert all('key="•"' in line for line in keys)
    files = (switch.directory / "var" / "journal").iterdir()
    assert PIN.encode() not in b"".join(file.read_bytes() for file in files)
