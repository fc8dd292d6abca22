"""pyVoIP as a phone, in a process of its own: see ``pyvoip_phone.py`` for what it does there."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from tests.interop.peers.namespace import Namespace
from tests.waiting import PATIENCE_S

_PROGRAM = Path(__file__).with_name("pyvoip_phone.py")


class PyVoip:
    """One running pyVoIP.

    Args:
        space: the namespace it runs in.
        directory: a folder for its files.
        extension: whose phone it is; its password is ``secret-`` and the extension.
        address: its IP address.
        tone_hz: what it says.
        dial: whom it calls once it is registered; nobody if empty, it answers then.
    """

    def __init__(
        self,
        space: Namespace,
        directory: Path,
        extension: str,
        *,
        address: str,
        tone_hz: float,
        dial: str = "",
    ) -> None:
        self.extension = extension
        self.heard = directory / f"{extension}.wav"
        """What it heard, once it has told that the call is ended."""
        self._errors = directory / f"{extension}.log"
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()
        words = {
            "server": "127.0.0.1",
            "user": extension,
            "password": f"secret-{extension}",
            "address": address,
            "sip-port": "15062",
            "tone-hz": str(tone_hz),
            "heard": str(self.heard),
            "dial": dial,
        }
        options = [word for name, value in words.items() for word in (f"--{name}", value)]
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                space.command([sys.executable, str(_PROGRAM), *options]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        if self._process.stdout is None:
            raise RuntimeError("it has no output")
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), name=f"pyvoip-{extension}")
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                if line.startswith("{"):
                    self._told.put(json.loads(line)["event"])

    def until(self, event: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it tells of the event; what it told before is forgotten."""
        deadline = time.monotonic() + timeout_s
        seen = []
        while event not in seen:
            try:
                seen.append(self._told.get(timeout=max(0.01, deadline - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"no {event}; told: {seen}\n{self._errors.read_text()[-3000:]}") from None

    def hang_up(self) -> None:
        """End its call."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._reader.join()
