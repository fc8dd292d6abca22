"""The media end of a phone whose signalling SIPp plays: hears PCMU, and answers every packet with one of its tone."""

from __future__ import annotations

import socket
import struct
import threading
import time

import numpy as np
import numpy.typing as npt

from softswitch_codecs.g711 import Pcmu
from tests.interop.peers.audio import PURE, RATE_HZ, share_of
from tests.interop.peers.namespace import Namespace
from tests.waiting import until

_FRAME = RATE_HZ // 50


class Ear:
    """An RTP socket.

    Args:
        space: the namespace it is in.
        address: its IP address.
        port: its port.
        frequency_hz: the tone that it says for as long as it is spoken to.
    """

    def __init__(self, space: Namespace, address: str, port: int, frequency_hz: float) -> None:
        self.port = port
        self._last_s = 0.0
        """When the last packet came."""
        self._payloads: list[bytes] = []
        time_s = np.arange(RATE_HZ) / RATE_HZ
        tone = (16000 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.int16)
        self._said = Pcmu().encode(tone[None])[0].tobytes()
        self._ssrc = port
        with space.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._socket.settimeout(0.2)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"ear-{port}")
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                packet, source = self._socket.recvfrom(2048)
            except TimeoutError:
                continue
            if packet[1] & 0x7F == 0:
                self._last_s = time.monotonic()
                self._payloads.append(packet[12:])
                self._say(source)

    def _say(self, target: tuple[str, int]) -> None:
        number = len(self._payloads)
        head = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * _FRAME, self._ssrc)
        start = number * _FRAME % RATE_HZ
        self._socket.sendto(head + self._said[start : start + _FRAME], target)

    def heard(self) -> npt.NDArray[np.float64]:
        """Return what came, one packet after another."""
        octets = np.frombuffer(b"".join(self._payloads), np.uint8)
        samples: npt.NDArray[np.int16] = Pcmu().decode(octets[None])[0]
        return samples.astype(np.float64)

    def until_hears(self, frequency_hz: float, seconds: float) -> None:
        """Wait until a tone, and it alone, is what came in the last seconds, all of it from now on."""
        packets, before = round(seconds * RATE_HZ / _FRAME), len(self._payloads)
        until(
            lambda: (
                len(self._payloads) >= before + packets
                and share_of(self.heard()[-packets * _FRAME :], frequency_hz) > PURE
            ),
            lambda: f"{len(self._payloads) - before} packets came, and never that tone alone in {packets} of them",
        )

    def until_silent(self, seconds: float) -> None:
        """Wait until nothing has come for so long, from now on."""
        began_s = time.monotonic()
        until(lambda: time.monotonic() - max(began_s, self._last_s) > seconds, lambda: "packets come and come")

    def close(self) -> None:
        """Stop hearing."""
        self._closing.set()
        self._thread.join()
        self._socket.close()
