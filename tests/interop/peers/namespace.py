"""Network namespaces: every test has its own loopback, so programs that want fixed ports run side by side."""

from __future__ import annotations

import ctypes
import itertools
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count(1)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Namespace:
    """A network namespace with loopback up; removed by :meth:`close`."""

    def __init__(self) -> None:
        self.name = f"ss-{os.getpid()}-{next(_numbers)}"
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the command line that runs ``words`` inside."""
        return ["ip", "netns", "exec", self.name, *words]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread open sockets inside; they stay inside."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        inside = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _setns(inside)
            yield
        finally:
            _setns(home)
            os.close(home)
            os.close(inside)

    def connect(self, other: Namespace, here: str, there: str) -> None:
        """Join two namespaces by a cable with these addresses (``10.1.0.1/24``) at its ends."""
        number = next(_numbers)
        near, far = f"v{os.getpid() % 10000}x{number}a", f"v{os.getpid() % 10000}x{number}b"
        _ip("link", "add", near, "netns", self.name, "type", "veth", "peer", "name", far, "netns", other.name)
        for space, device, address in ((self, near, here), (other, far, there)):
            _ip("-n", space.name, "addr", "add", address, "dev", device)
            _ip("-n", space.name, "link", "set", device, "up")

    def route_by(self, gateway: str) -> None:
        """Set the default route."""
        _ip("-n", self.name, "route", "add", "default", "via", gateway)

    def masquerade(self, inside: str) -> None:
        """Make this namespace a NAT router for the network ``inside`` (as 10.1.0.0/24)."""
        for rule in (
            "add table ip nat",
            "add chain ip nat post { type nat hook postrouting priority 100 ; }",
            f"add rule ip nat post ip saddr {inside} ip daddr != {inside} masquerade random",
        ):
            subprocess.run(self.command(["nft", rule]), check=True, capture_output=True)
        forward = Path("/proc/sys/net/ipv4/ip_forward")
        subprocess.run(self.command(["sh", "-c", f"echo 1 > {forward}"]), check=True)

    def close(self) -> None:
        """Remove the namespace; programs in it must have ended."""
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)


def _setns(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
