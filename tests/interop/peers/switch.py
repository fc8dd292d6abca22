"""The switch as its administrator runs it: ``softswitch run`` with a configuration and a site file."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.interop.peers.namespace import Namespace

PROGRAM = str(Path(sys.executable).with_name("softswitch"))

TRUNK = ("127.0.2.1", 5090)
"""The address of the trunk, and the port that its line names."""
_NUMBERED = range(201, 291)
SITE = f"""\
users:
  - {{name: anna, extension: "101", password: secret-101, display_name: Anna}}
  - {{name: boris, extension: "102", password: secret-102}}
  - {{name: vera, extension: "103", password: secret-103}}
{"".join(f'  - {{name: u{n}, extension: "{n}", password: secret-{n}}}' + chr(10) for n in _NUMBERED)}
  - {{name: dora, extension: "191", password: secret-191, preset: mango}}
  - {{name: egor, extension: "192", password: secret-192}}
  - {{name: inna, extension: "193", password: secret-193}}
groups:
  - {{name: desks, extension: "600", members: [{{user: egor}}, {{user: inna}}]}}
trunks:
  - {{name: city, host: {TRUNK[0]}, port: {TRUNK[1]}, transport: udp}}
numbers:
  - {{number: "+74950000290", user: u290}}
"""
"""Three people whose phones are softphones, and users for tests that want one of their own."""


class SwitchProcess:
    """A running switch in a namespace.

    Args:
        space: the namespace.
        directory: an empty folder: configuration, site and ``var`` lie there.
        listen: the SIP sockets.
        site: the site file's text.
        more: further lines of the configuration.
    """

    def __init__(
        self,
        space: Namespace,
        directory: Path,
        *,
        listen: tuple[str, ...] = ("udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"),
        site: str = SITE,
        more: str = "",
        sip: str = "",
    ) -> None:
        self._space = space
        self.directory = directory
        self.config = directory / "softswitch.toml"
        self.site = directory / "site.yaml"
        self.site.write_text(site)
        self.config.write_text(
            f'[sip]\nlisten = {json.dumps(list(listen))}\n{sip}\n[storage]\ndirectory = "{directory / "var"}"\n{more}\n'
        )
        self._log = (directory / "switch.log").open("wb")
        command = [PROGRAM, "run", "--config", str(self.config), "--site", str(self.site)]
        self.process = subprocess.Popen(
            space.command(command), stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def until_ready_again(self) -> None:
        """Wait until it can be asked, after one of its processes has died."""
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 180  # a busy machine starts slowly
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the switch ended:\n{self.log()}")
            try:
                self.status()
            except (OSError, ValueError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"the switch is not ready:\n{self.log()}")

    def cli(self, *words: str) -> str:
        """Run a command against this switch; return its stdout."""
        command = self._space.command([PROGRAM, *words, "--config", str(self.config)])
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout

    def status(self) -> dict[str, Any]:
        """Return what ``status --json`` prints, asked for over the same socket without a program's start."""
        found: dict[str, Any] = self._get("status")
        return found

    def _get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        return self.ask("GET", path)

    def ask(self, method: str, path: str, **body: object) -> Any:  # noqa: ANN401  # JSON
        """Ask the HTTP API, with a body of JSON where one is given; return the answer."""
        content = json.dumps(body).encode() if body else b""
        head = f"{method} /api/v1/{path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(60)  # a loaded machine is slow, and no finding
            sock.connect(str(self.directory / "var" / "run" / "switch.sock"))
            sock.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + content)
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    def registrations(self) -> list[dict[str, Any]]:
        """Return what ``registrations --json`` prints."""
        found: list[dict[str, Any]] = self._get("registrations")
        return found

    def until_at_rest(self, *, timeout_s: float = 15.0) -> None:
        """Wait until nothing is live any more, as the contract counts."""
        deadline = time.monotonic() + timeout_s
        names = ("calls", "legs", "dialogs", "transactions", "ports", "timers")
        while True:
            counts = {name: self.status()[name] for name in names}
            if not any(counts.values()):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"still live: {counts}\n{self.log()[-3000:]}")
            time.sleep(0.2)

    def until_ringing(self, *, timeout_s: float = 10.0) -> None:
        """Wait until a call rings somewhere."""
        deadline = time.monotonic() + timeout_s
        while not any(call["state"] == "ringing" for call in self._get("calls")):
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not ring: {self._get('calls')}")
            time.sleep(0.05)

    def log(self) -> str:
        """Return what it printed."""
        return (self.directory / "switch.log").read_text(errors="replace")

    def complaints(self) -> list[str]:
        """Return the lines of the log that tell of errors, and what stands there that is no line of a log."""
        lines = self.log().splitlines()
        return [line for line in lines if "Traceback" in line or '"level": "error"' in line or '"critical"' in line]

    def until_nobody_is_registered(self, *, timeout_s: float = 15.0) -> None:
        """Wait until every phone is gone, so that none of them rings in the next test."""
        deadline = time.monotonic() + timeout_s
        while self.status()["registrations"]:
            if time.monotonic() > deadline:
                raise AssertionError(f"still registered: {self.cli('registrations', '--json')}")
            time.sleep(0.05)

    def records(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table of the call records."""
        database = self.directory / "var" / "softswitch.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608  # our own names

    def call_of(self, number: str, *, timeout_s: float = 10.0) -> dict[str, Any]:
        """Return the record of the call from that number once it is complete, a moment after it has ended."""
        deadline = time.monotonic() + timeout_s
        while True:
            calls = [call for call in self.records("conversations") if call["from_number"] == number]
            if calls and calls[-1]["ended_at"] is not None:
                return calls[-1]
            if time.monotonic() > deadline:
                raise AssertionError(f"no complete record: {calls}")
            time.sleep(0.05)

    def close(self) -> int:
        """Stop it as Ctrl-C does; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(5)
        self._log.close()
        return code
