from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE_S

PROGRAM = str(Path(sys.executable).with_name("softswitch"))


class Running:
    """``softswitch run`` in a folder of its own, on loopback addresses of its own.

    Args:
        directory: configuration and storage lie there.
        host: the address of SIP and of the API.
        listen: SIP sockets; UDP and TCP on ``host`` by default.
        words: further words of the command line.
        prefix: words before it.
    """

    def __init__(
        self,
        directory: Path,
        host: str,
        *,
        listen: tuple[str, ...] = (),
        words: tuple[str, ...] = (),
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.directory = directory
        self.host = host
        self.config = directory / "softswitch.toml"
        lines = listen or (f"udp:{host}:5060", f"tcp:{host}:5060")
        self.config.write_text(
            f'[sip]\nlisten = {json.dumps(lines)}\n[api]\nlisten = "{host}:8080"\n[media]\nworkers = 1\n'
        )
        self.log_path = directory / "log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, PROGRAM, "run", "--config", str(self.config), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
            )

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f"the switch ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"in vain:\n{self.log()}")
            time.sleep(0.02)

    def until_ready(self) -> None:
        self.until(lambda: "stops the switch.\n" in self.log())

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("status")
        return found

    def ask(self, path: str, method: str = "GET") -> Any:  # noqa: ANN401  # JSON
        """Ask the HTTP API; a brain that is just being started is waited for."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(PATIENCE_S)
            asking.connect(str(self.directory / "var" / "run" / "switch.sock"))
            asking.sendall(f"{method} /api/v1/{path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            answer = b"".join(iter(lambda: asking.recv(65536), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2] or b"null")

    def pids(self) -> dict[str, int]:
        return {each["role"]: each["pid"] for each in self.status()["processes"]}

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log's lines of one event."""
        lines = [line for line in self.log().splitlines() if line.startswith("{") and f'"{name}"' in line]
        return [found for found in map(json.loads, lines) if found["event"] == name]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal and wait for the end; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                # A second signal ends everything at once; the supervisor must not leave its children behind.
                self.process.send_signal(signal.SIGINT)
                self.process.wait(PATIENCE_S)


def options(host: str, branch: str, sender: tuple[str, int], transport: str = "UDP", port: int = 5060) -> bytes:
    return (
        f"OPTIONS sip:{host}:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} {sender[0]}:{sender[1]};branch=z9hG4bK{branch}\r\n"
        f"From: <sip:probe@{host}>;tag={branch}\r\nTo: <sip:{host}>\r\nCall-ID: {branch}@{sender[0]}\r\n"
        "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


class UdpProbe:
    """A socket that asks OPTIONS."""

    def __init__(self, host: str, seconds: float = PATIENCE_S) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(seconds)

    def send(self, host: str, branch: str, port: int = 5060) -> None:
        self.socket.sendto(options(host, branch, self.socket.getsockname(), port=port), (host, port))

    def receive(self) -> tuple[bytes, tuple[str, int]]:
        return self.socket.recvfrom(65536)

    def ask(self, host: str, branch: str, port: int = 5060) -> tuple[bytes, tuple[str, int]]:
        self.send(host, branch, port)
        return self.receive()

    def __enter__(self) -> UdpProbe:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start switches that end with the test."""
    made: list[Running] = []

    def begin(host: str, *, prepare: Callable[[Path], None] | None = None, **more: tuple[str, ...]) -> Running:
        directory = tmp_path / f"switch-{len(made)}"
        directory.mkdir()
        if prepare is not None:
            prepare(directory)
        made.append(Running(directory, host, **more))
        return made[-1]

    yield begin
    for each in made:
        each.close()


@contextmanager
def running(directory: Path, host: str) -> Iterator[Running]:
    """Run a switch that several tests share."""
    switch = Running(directory, host)
    try:
        switch.until_ready()
        yield switch
    finally:
        switch.close()


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> list[int]:
    """Return the children of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
