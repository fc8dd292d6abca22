"""A leg's sockets: the catch-all and its report port from the start, the connected twin from the latching on.

The catch-all is bound without SO_REUSEADDR, so that no other program can share its port; the option is on only for the
moment in which the twin is bound. Packets that came to the twin before it was connected are still in it, from whoever
they are: it is drained, and what is not the phone's dropped, before it joins the sweep.
"""

from __future__ import annotations

import errno
import socket
from typing import Final, NamedTuple

from softswitch.core.errors import MediaError
from softswitch.media.worker.latching import Endpoint
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.rows import PACKET_OCTETS

_MOST_DRAINED: Final = 512


class Bound(NamedTuple):
    """A leg's first sockets."""

    port: int
    catch_all: socket.socket
    reports: socket.socket


def bind_pair(address: str, pool: PortPool) -> Bound:
    """Bind RTP and RTCP sockets on the least recently used free pair of ports.

    Raises:
        MediaError: ``no-port``, or what the system said.
    """
    for port in pool.take():
        try:
            return _bind_at(address, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                pool.give_back(port)
                raise MediaError(error.strerror or str(error)) from error
    raise MediaError("no-port")


def bind_twin(catch_all: socket.socket) -> socket.socket:
    """Bind a second socket to the catch-all's address and port.

    Raises:
        OSError: the system refused.
    """
    twin = _datagram_socket(catch_all.family)
    try:
        catch_all.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        twin.bind(catch_all.getsockname())
    except OSError:
        twin.close()
        raise
    finally:
        catch_all.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    twin.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return twin


def connect_and_drain(twin: socket.socket, source: Endpoint) -> tuple[list[bytes], int]:
    """Connect the twin to the phone and empty it.

    Returns:
        The phone's packets in it, and how many others there were.

    Raises:
        OSError: there is no way to the phone.
    """
    twin.connect(source)
    packets: list[bytes] = []
    foreign = 0
    for _ in range(_MOST_DRAINED):
        received = receive_from(twin)
        if received is None:
            return packets, foreign
        packet, sender = received
        if sender == source:
            packets.append(packet)
        else:
            foreign += 1
    raise OSError(errno.ENOBUFS, "the port is flooded")


def receive_from(sock: socket.socket) -> tuple[bytes, Endpoint] | None:
    """Receive one packet with its sender, or None when there is nothing; ICMP errors are passed over."""
    while True:
        try:
            packet, sender = sock.recvfrom(PACKET_OCTETS)
        except BlockingIOError:
            return None
        except ConnectionError:
            continue
        return packet, (sender[0], sender[1])


def _bind_at(address: str, port: int) -> Bound:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    catch_all = _datagram_socket(family)
    reports = None
    try:
        catch_all.bind((address, port))
        reports = _datagram_socket(family)
        reports.bind((address, port + 1))
    except OSError:
        catch_all.close()
        if reports is not None:
            reports.close()
        raise
    return Bound(port, catch_all, reports)


def _datagram_socket(family: int) -> socket.socket:
    return socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
