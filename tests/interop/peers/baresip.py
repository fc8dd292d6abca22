"""baresip, headless: a softphone with a file for a microphone and a file for an ear."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.interop.peers.audio import PURE, loud_part, loud_s, read_mono, share_of
from tests.interop.peers.namespace import Namespace
from tests.waiting import PATIENCE_S, until

_CONFIG = """\
poll_method epoll
sip_listen {address}:{port}
sip_verify_server no
audio_source aufile,{directory}/in.wav
audio_player aufile,{directory}/unused.wav
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_level no
rtp_ports {rtp}
net_interface {address}
snd_path {directory}
module_path {modules}
module {codec}.so
module aufile.so
module sndfile.so
module srtp.so
module_tmp uuid.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {address}:{control}
"""


class Baresip:
    """One running baresip with one account.

    Args:
        space: the namespace it runs in.
        directory: an empty folder for its files; ``in.wav`` in it is what it says.
        address: its IP address.
        number: makes its ports differ from its neighbours'.
        account: an account line of baresip, e.g. ``<sip:101@127.0.0.1>;auth_pass=x``.
        codec: the module of its codec.
        modules: further modules.
        contacts: lines of its contacts' file.
    """

    def __init__(
        self,
        space: Namespace,
        directory: Path,
        *,
        address: str,
        number: int,
        account: str,
        codec: str = "g711",
        modules: tuple[str, ...] = (),
        contacts: str = "",
    ) -> None:
        self.directory = directory
        self.events: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        base = 20000 + 200 * number
        folder = subprocess.run(
            ["sh", "-c", "dirname $(dpkg -L baresip-core | grep modules/g711.so)"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        control = 14440 + number
        config = _CONFIG.format(
            address=address,
            port=15060 + 10 * number,  # TLS takes the port above
            control=control,
            directory=directory,
            rtp=f"{base}-{base + 199}",
            modules=folder,
            codec=codec,
        )
        config += "".join(f"module_app {name}.so\n" for name in modules)
        (directory / "config").write_text(config)
        (directory / "accounts").write_text("# told when all modules are there\n")
        (directory / "contacts").write_text(contacts)
        self._log = (directory / "log").open("wb")
        self._process = subprocess.Popen(
            space.command(["baresip", "-f", str(directory)]),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._buffer = b""
        try:
            self._socket = self._connect(space, address, control)
            self._begin(account)
        except BaseException:
            self._end()
            raise

    def _connect(self, space: Namespace, address: str, port: int) -> socket.socket:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with space.entered():
                    return socket.create_connection((address, port), 2)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _begin(self, account: str) -> None:
        """Give it its account once its main loop has gone round.

        The module mwi starts a timer of 1 ms as it is loaded, whose handler never ends where the phone is registered by
        then: it appends to the list that it walks. An account of the file registers before the modules are loaded.
        """
        self.ask("reginfo")
        time.sleep(0.02)
        self.ask("uanew", account)

    def ask(self, name: str, params: str = "", *, timeout_s: float = PATIENCE_S) -> str:
        """Send a command and wait for what it prints."""
        before = len(self.responses)
        self.command(name, params)
        deadline = time.monotonic() + timeout_s
        while len(self.responses) == before:
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no answer to {name}:\n{self.log()[-3000:]}")
            self._read(left)
        return str(self.responses[-1].get("data"))

    def command(self, name: str, params: str = "") -> None:
        """Send a command of baresip's menu, e.g. ``dial``."""
        body = json.dumps({"command": name, "params": params, "token": name}).encode()
        self._socket.sendall(b"%d:%s," % (len(body), body))

    def _read(self, timeout_s: float) -> None:
        self._socket.settimeout(max(0.01, timeout_s))
        try:
            self._buffer += self._socket.recv(65536)
        except TimeoutError:
            return
        while match := re.match(rb"(\d+):", self._buffer):
            end = match.end() + int(match[1])
            if len(self._buffer) <= end:
                return
            message = json.loads(self._buffer[match.end() : end])
            (self.events if message.get("event") else self.responses).append(message)
            self._buffer = self._buffer[end + 1 :]

    def seen(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of that type so far."""
        return [event for event in self.events if event.get("type") == kind]

    def until(self, kind: str, *, count: int = 1, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait for the ``count``-th event of that type (``CALL_ESTABLISHED``, ``REGISTER_OK`` ...)."""
        deadline = time.monotonic() + timeout_s
        while len(self.seen(kind)) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                names = [event.get("type") for event in self.events]
                raise AssertionError(f"no {kind} (of {count}); seen: {names}\n{self.log()[-3000:]}")
            self._read(left)
        return self.seen(kind)[count - 1]

    def until_registered(self) -> None:
        """Wait for the registration."""
        self.until("REGISTER_OK")

    def log(self) -> str:
        """Return what it printed."""
        return (self.directory / "log").read_text(errors="replace")

    def recordings(self) -> list[Path]:
        """Return the recordings of what it heard, one a call, the newest last."""
        return sorted(self.directory.glob("dump-*-dec.wav"))

    def heard(self) -> Path:
        """Return the newest recording of what it heard, as soon as there is one."""
        return until(self.recordings, self.log)[-1]

    def until_last(self, seconds: float, is_so: Callable[[npt.NDArray[np.float64], int], bool]) -> None:
        """Wait until something is true of the last seconds that it heard: of samples and their rate."""
        until(
            lambda: self._last(seconds, is_so), lambda: f"never heard; {loud_s(self.heard())} s of sound", pause_s=0.1
        )

    def _last(self, seconds: float, is_so: Callable[[npt.NDArray[np.float64], int], bool]) -> bool:
        rate_hz, samples = read_mono(self.heard())
        size = int(seconds * rate_hz)
        return len(samples) >= size and is_so(samples[-size:], rate_hz)

    def until_hears(self, frequency_hz: float, seconds: float = 1.0) -> None:
        """Wait until a tone, and it alone, is what it heard in the last seconds."""
        self.until_last(
            seconds,
            lambda last, rate_hz: (
                len(loud_part(last)) > 0.95 * len(last) and share_of(last, frequency_hz, rate_hz) > PURE
            ),
        )

    def until_heard(self, seconds: float, *, earlier: int = 0) -> None:
        """Wait until a recording has so many seconds of sound, one later than so many earlier ones."""
        until(
            lambda: len(self.recordings()) > earlier and loud_s(self.heard()) >= seconds,
            lambda: f"not {seconds} s of sound: {[(path.name, loud_s(path)) for path in self.recordings()]}",
        )

    def close(self) -> None:
        """Quit, or be ended."""
        self._socket.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def let_hear(seconds: float, *phones: Baresip) -> None:
    """Let each of some phones hear so much that it has not heard yet."""
    wanted = {phone: heard_s(phone) + seconds for phone in phones}
    until(
        lambda: all(heard_s(phone) > enough for phone, enough in wanted.items()),
        lambda: {str(phone.heard()): (heard_s(phone), enough) for phone, enough in wanted.items()},
    )


def heard_s(phone: Baresip) -> float:
    """Return the length of the newest recording of what a phone heard, with all its silence."""
    rate_hz, samples = read_mono(phone.heard())
    return len(samples) / rate_hz
