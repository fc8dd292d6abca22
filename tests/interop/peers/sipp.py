"""SIPp: plays one side of a call from a scenario file and fails when the other side does not keep to it.

A file under ``tests/interop/sipp`` may name values, ``{{dial}}``, and take in a part, ``{{> invite}}``, from ``parts``;
both are put in before SIPp reads it. Square brackets are SIPp's own.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.interop.peers.namespace import Namespace
from tests.waiting import PATIENCE_S, until

SCENARIOS: Final = Path(__file__).parent.parent / "sipp"
LIMIT_S: Final = 300.0
"""A scenario does not last longer, however slow the machine is."""
_PLACE: Final = re.compile(r"\{\{(> )?([\w-]+)\}\}")


class Counts(NamedTuple):
    """What SIPp counted."""

    calls: int
    successful: int
    failed: int
    retransmissions: int


class SippError(AssertionError):
    """The other side did not keep to the scenario; the text is SIPp's log."""


class Sipp:
    """One running SIPp.

    Args:
        space: the namespace it runs in.
        directory: a folder for its files.
        scenario: the name of a file under ``tests/interop/sipp``, or ``-sn`` and a built-in one, as ``-sn uas``.
        address: its IP address.
        port: its SIP port.
        remote: the switch.
        calls: after how many calls it ends.
        values: what stands for the places in the scenario.
        options: further words of its command line, as ``-t t1``.
    """

    def __init__(
        self,
        space: Namespace,
        directory: Path,
        scenario: str,
        *,
        address: str,
        port: int,
        remote: str,
        calls: int = 1,
        values: Mapping[str, str],
        options: Sequence[str] = (),
    ) -> None:
        self.scenario = scenario
        self._space = space
        self._directory = directory
        self._address, self._port = address, port
        self._calls = calls
        self._phases = 0
        if scenario.startswith("-sn"):
            chosen = scenario.split()
        else:
            (directory / "scenario.xml").write_text(_filled((SCENARIOS / scenario).read_text(), values))
            chosen = ["-sf", "scenario.xml"]
        command = [
            *("sipp", remote, *chosen, "-i", address, "-p", str(port), "-m", str(calls), "-nostdin"),
            *("-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"),
            *("-trace_logs", "-log_file", "log"),
            *("-trace_stat", "-stf", "counts", "-timeout", str(int(LIMIT_S)), "-timeout_error", *options),
        ]
        with (directory / "screen").open("wb") as screen:
            self._process = subprocess.Popen(
                space.command(command),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
            )

    def until_listening(self, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until its port is open, or its scenario was so short that it has ended."""
        deadline = time.monotonic() + timeout_s
        octets = reversed([int(part) for part in self._address.split(".")])
        wanted = f"{''.join(f'{octet:02X}' for octet in octets)}:{self._port:04X}"
        while True:
            with self._space.entered():
                tables = [Path(f"/proc/thread-self/net/{name}").read_text() for name in ("udp", "tcp")]
            if any(wanted in table for table in tables):
                return
            if self._process.poll() is not None:
                return
            if time.monotonic() > deadline:
                raise SippError(self._told())
            time.sleep(0.02)

    @contextmanager
    def phase(self) -> Iterator[None]:
        """Spend the next phase of its scenario (the part ``phase``): it begins before the block, which ends it.

        Of several calls, each is in the phase by then.
        """
        self._phases += 1
        wanted = self._phases * self._calls
        until(lambda: self._process.poll() is not None or self._phases_begun() >= wanted, self._told)
        if self._phases_begun() < wanted:
            raise SippError(self._told())
        yield
        messages = (self._directory / "messages").read_text(errors="replace")
        for call_id in set(re.findall(r"^INVITE .*?^Call-ID: *(\S+)", messages, re.DOTALL | re.MULTILINE)):
            self._cue(call_id)

    def _phases_begun(self) -> int:
        path = self._directory / "log"
        return path.read_text().count("a phase begins") if path.exists() else 0

    def _cue(self, call_id: str) -> None:
        """Send it an INFO, which it knows by the Call-ID."""
        lines = (
            f"INFO sip:{self._address}:{self._port} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._address};branch=z9hG4bK-{call_id}-{self._phases}",
            "From: <sip:test@localhost>;tag=test",
            "To: <sip:test@localhost>",
            f"Call-ID: {call_id}",
            f"CSeq: {self._phases} INFO",
            "Content-Length: 0",
        )
        with self._space.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto("".join(f"{line}\r\n" for line in (*lines, "")).encode(), (self._address, self._port))

    def finished(self, *, timeout_s: float = LIMIT_S + 10) -> Counts:
        """Wait until it has played its calls.

        Raises:
            SippError: a call did not go as the scenario says.
        """
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.close()
            raise SippError(self._told()) from None
        counts = self._counts()
        if code != 0 or counts.failed:
            raise SippError(self._told())
        return counts

    def _counts(self) -> Counts:
        path = self._directory / "counts"
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) < 2:
            return Counts(0, 0, 0, 0)
        row = dict(zip(lines[0].split(";"), lines[-1].split(";"), strict=False))
        names = ("TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)", "Retransmissions(C)")
        return Counts(*(int(row[name]) for name in names))

    def received(self) -> list[str]:
        """Return the messages that it received, in order."""
        return self._messages("received")

    def sent(self) -> list[str]:
        """Return the messages that it sent, in order."""
        return self._messages("sent")

    def _messages(self, way: str) -> list[str]:
        path = self._directory / "messages"
        text = path.read_text(errors="replace") if path.exists() else ""
        found = re.split(r"^-{20,}.*$", text, flags=re.MULTILINE)
        heads = re.compile(rf"\s*(UDP|TCP) message {way}.*?\n\n(.*)", re.DOTALL)
        return [match[2].strip() for part in found if (match := heads.match(part))]

    def _told(self) -> str:
        parts = [f"{self.scenario} on {self._address}:{self._port} failed"]
        for name in ("errors", "screen", "messages"):
            path = self._directory / name
            if path.exists():
                parts.append(f"--- {name}\n{path.read_text(errors='replace')[-6000:]}")
        return "\n".join(parts)

    def close(self) -> None:
        """End it, whatever it is doing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


class SippPhone:
    """A user's phone that SIPp plays, one scenario after another, always at the same address.

    Args:
        space: the namespace.
        directory: a folder for its files.
        extension: whose phone it is; its password is ``secret-`` and the extension.
        address: its IP address.
        remote: the switch.
        transport: ``udp`` or ``tcp``.
    """

    def __init__(
        self,
        space: Namespace,
        directory: Path,
        extension: str,
        *,
        address: str,
        remote: str = "127.0.0.1:5060",
        port: int = 5080,
        transport: str = "udp",
    ) -> None:
        self.extension = extension
        self.address = address
        self._space, self._directory, self._remote, self._port = space, directory, remote, port
        self._options = ("-t", "t1") if transport == "tcp" else ()
        self._running: list[Sipp] = []

    def starts(self, scenario: str, calls: int = 1, /, *, options: Sequence[str] = (), **values: str) -> Sipp:
        """Start playing a scenario, so many times; where it waits to be called, return when it does."""
        directory = self._directory / f"{self.extension}-{self.address}-{len(self._running)}"
        directory.mkdir(parents=True)
        found = Sipp(
            self._space,
            directory,
            scenario,
            address=self.address,
            port=self._port,
            remote=self._remote,
            calls=calls,
            values={**self._own_values(), **values},
            options=[*self._options, *options],
        )
        self._running.append(found)
        found.until_listening()
        return found

    def _own_values(self) -> dict[str, str]:
        own = {"extension": self.extension, "password": f"secret-{self.extension}", "address": self.address}
        return {**_DEFAULTS, **own}

    def plays(self, scenario: str, *, options: Sequence[str] = (), **values: str) -> Sipp:
        """Play a scenario to its end; it must go as written."""
        found = self.starts(scenario, options=options, **values)
        found.finished()
        return found

    def close(self) -> None:
        """End whatever still plays."""
        for one in self._running:
            one.close()


_DEFAULTS: Final = {
    "dial": "none",
    "expires": "300",
    "media_port": "7000",
    "answer_after_ms": "100",
    "changed_address": "[local_ip]",
    "changed_port": "7000",
    "direction": "sendrecv",
    "answered": "sendrecv",
}
"""What scenarios say where a test says nothing else."""


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put in the parts and values; a place without a value is a mistake in the test."""

    def put(found: re.Match[str]) -> str:
        if found[1]:
            return _filled((SCENARIOS / "parts" / found[2]).read_text().strip(), values)
        return values[found[2]]

    return _PLACE.sub(put, text)
