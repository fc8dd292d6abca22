"""Opening the switch's sockets, and telling who holds a port that is taken."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.net.udp import enlarge_receive_buffer
from softswitch.runtime.addresses import HostPort


def open_udp(host: str, port: int) -> socket.socket:
    """Bind a UDP socket, without any option by which a second program could share the port.

    Raises:
        OSError: the address is not ours, or the port is taken.
    """
    made = _made(host, socket.SOCK_DGRAM)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    enlarge_receive_buffer(made)
    return made


def open_tcp(host: str, port: int) -> socket.socket:
    """Listen on a TCP port.

    Raises:
        OSError: the address is not ours, or the port is taken.
    """
    made = _made(host, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(1024)
    except OSError:
        made.close()
        raise
    return made


def open_unix(path: Path) -> socket.socket:
    """Listen on a unix socket that only this account may use; one that a dead switch left is replaced.

    Raises:
        OSError: the folder cannot be written, or the path is too long.
    """
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(str(path))
        made.listen(64)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def refusal(error: OSError, transport: str, host: str, port: int, key: str) -> ConfigurationError:
    """Explain why a socket could not be opened, and what to do.

    Args:
        error: what the system said.
        transport: ``udp``, or one that runs over TCP.
        host: the address.
        port: the port.
        key: the setting that asked for it, e.g. ``sip.listen``.
    """
    where = f"{key} {transport}:{HostPort(host, port)}"
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(transport, host, port)
        who = f"the program {holder[1]} (process {holder[0]})" if holder else "another program"
        stop = f"stop it (kill {holder[0]}), or " if holder else "stop it, or "
        cure = f"{stop}another port in {key} of softswitch.toml"
        return ConfigurationError([Problem(where, f"the port is in use by {who}", cure)])
    if error.errno == errno.EADDRNOTAVAIL:
        cure = f"an address of this machine (see: ip address), or 0.0.0.0 for all of them, in {key}"
        return ConfigurationError([Problem(where, "this machine has no such address", cure)])
    if error.errno == errno.EACCES:
        cure = f"a port from 1024 on in {key}"
        return ConfigurationError([Problem(where, "this account may not open the port", cure)])
    return ConfigurationError([Problem(where, f"cannot be opened: {error.strerror}", f"another address in {key}")])


def holder_of(transport: str, host: str, port: int) -> tuple[int, str] | None:
    """Find the process that holds a port: its id and name, or None where we may not see it."""
    inodes = set(_inodes(transport, host, port))
    if not inodes:
        return None
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(_inode_of(link) in inodes for link in (folder / "fd").iterdir()):
                return int(folder.name), (folder / "comm").read_text().strip()
    return None


def _made(host: str, kind: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return made


def _inode_of(link: Path) -> str:
    try:
        match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link))
    except OSError:
        return ""
    return match[1] if match else ""


def _inodes(transport: str, host: str, port: int) -> Iterator[str]:
    """Find the sockets in /proc/net that keep ``host:port`` taken: of that address or of a wildcard."""
    kernel = "udp" if transport == "udp" else "tcp"
    for table in (kernel, f"{kernel}6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                columns = line.split()
                address, _, port_hex = columns[1].rpartition(":")
                listens = transport == "udp" or columns[3] == "0A"
                if int(port_hex, 16) == port and listens and _collides(address, host):
                    yield columns[9]


def _collides(address_hex: str, host: str) -> bool:
    """Tell whether a socket of /proc/net stands in the way of ours; the words are in the machine's octet order."""
    words = [bytes.fromhex(address_hex[i : i + 8])[::-1] for i in range(0, len(address_hex), 8)]
    theirs = b"".join(words)
    ours = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    mapped = b"\0" * 10 + b"\xff\xff" + ours if len(ours) < len(theirs) else ours
    return not any(theirs) or not any(ours) or theirs == mapped
