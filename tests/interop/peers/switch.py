"""The switch as its administrator runs it: ``softswitch run`` with a configuration and a site file."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from softswitch.core.facts import Record
from softswitch.journal.reading import read_records
from tests.interop.peers.namespace import Namespace
from tests.waiting import PATIENCE_S, until

PROGRAM = str(Path(sys.executable).with_name("softswitch"))

QUICK_START_S = 3.0
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
  - {{name: crowd, extension: "690", ring_s: 300, members: [{{user: egor}}]}}
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
        began = time.monotonic()
        command = [PROGRAM, "run", "--config", str(self.config), "--site", str(self.site)]
        self.process = subprocess.Popen(
            space.command(command), stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise
        self.slowness = min(6.0, max(1.0, (time.monotonic() - began) / QUICK_START_S))
        """How many times as long as on a quiet machine of today its start took: so long do calls last."""

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
        return json.loads(self._answer(method, f"/api/v1/{path}", content))

    def metric(self, name: str) -> float:
        """Return what ``/metrics`` tells of one thing."""
        (value,) = self.metrics(f"{name} ")
        return value

    def metrics(self, begin: str) -> list[float]:
        """Return the values of all lines of ``/metrics`` that begin so."""
        lines = self._answer("GET", "/metrics").decode().splitlines()
        return [float(line.split()[-1]) for line in lines if line.startswith(f"softswitch_{begin}")]

    def until_workers_have_room(self) -> None:
        """Wait until no media worker is too busy for new calls, so that each takes its share of those that come."""
        until(lambda: not any(self.metrics("worker_full{")), lambda: self.metrics("worker_"))

    def _answer(self, method: str, path: str, content: bytes = b"") -> bytes:
        head = f"{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(60)  # a loaded machine is slow, and no finding
            sock.connect(str(self.directory / "var" / "run" / "switch.sock"))
            sock.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + content)
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        return answer.partition(b"\r\n\r\n")[2]

    def registrations(self) -> list[dict[str, Any]]:
        """Return what ``registrations --json`` prints."""
        found: list[dict[str, Any]] = self._get("registrations")
        return found

    def until_at_rest(self) -> None:
        """Wait until nothing is live any more, as the contract counts."""
        until(lambda: not any(self._live().values()), lambda: f"still live: {self._live()}\n{self.log()[-3000:]}")

    def until_settled(self) -> None:
        """Wait until no transaction is open: each request has its response, each 200 of an INVITE its ACK."""
        until(lambda: not self.status()["transactions"], lambda: f"still open: {self._live()}\n{self.log()[-3000:]}")

    def _live(self) -> dict[str, int]:
        status = self.status()
        return {name: status[name] for name in ("calls", "legs", "dialogs", "transactions", "ports", "timers")}

    def until_ringing(self) -> None:
        """Wait until a call rings somewhere."""
        until(
            lambda: any(call["state"] == "ringing" for call in self._get("calls")),
            lambda: f"it does not ring: {self._get('calls')}",
        )

    def log(self) -> str:
        """Return what it printed."""
        return (self.directory / "switch.log").read_text(errors="replace")

    def complaints(self) -> list[str]:
        """Return the lines of the log that tell of errors, and what stands there that is no line of a log."""
        lines = self.log().splitlines()
        return [line for line in lines if "Traceback" in line or '"level": "error"' in line or '"critical"' in line]

    def until_nobody_is_registered(self) -> None:
        """Wait until every phone is gone, so that none of them rings in the next test."""
        until(
            lambda: not self.status()["registrations"],
            lambda: f"still registered: {self.cli('registrations', '--json')}",
        )

    def journal(self) -> list[Record]:
        """Return all facts so far, once all of them are on disk."""
        until(lambda: not self.metric("journal_lag_facts"))
        return list(read_records(self.directory / "var" / "journal"))

    def records(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table of the call records, once they tell of all facts so far."""
        last = max((record.sequence for record in self.journal()), default=0)
        until(lambda: any(row["sequence"] >= last for row in self._rows("projections")))
        return self._rows(table)

    def _rows(self, table: str) -> list[dict[str, Any]]:
        database = self.directory / "var" / "softswitch.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608  # our own names

    def call_of(self, number: str) -> dict[str, Any]:
        """Return the record of the last call from that number once it is complete, a moment after it has ended."""

        def ended() -> dict[str, Any] | None:
            calls = [call for call in self.records("conversations") if call["from_number"] == number]
            return calls[-1] if calls and calls[-1]["ended_at"] is not None else None

        return until(ended, lambda: f"not complete: {self.records('conversations')}") or {}

    def close(self) -> int:
        """Stop it as Ctrl-C does; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._log.close()
        return code


@contextmanager
def ends_well(switch: SwitchProcess) -> Iterator[SwitchProcess]:
    """Have a switch for a while; in the end it must stop cleanly and have nothing to regret."""
    try:
        yield switch
    finally:
        code = switch.close()
    assert code == 0
    assert not switch.complaints()
