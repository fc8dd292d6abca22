"""The machine's own addresses, asked of the Linux kernel by rtnetlink.

A wildcard socket answers from whichever address the routing table likes; phones and firewalls want the answer from
the address they asked. So a wildcard stands for one socket per address, and addresses that appear later get theirs.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

_DUMP_ADDRESSES: Final = struct.pack("=IHHIIBxxxi", 24, 22, 0x301, 1, 0, 0, 0)
"""RTM_GETADDR with NLM_F_REQUEST and NLM_F_DUMP, for any family (rtnetlink(7))."""
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_RTM_NEWADDR: Final = 20
_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_SCOPE_LINK: Final = 253
_TENTATIVE: Final = 0x40
_HEADER_OCTETS: Final = 16
_ADDRESS_OCTETS: Final = 8


def local_addresses(wildcard: str) -> tuple[str, ...]:
    """Return the addresses that ``0.0.0.0`` or ``::`` stands for, in the kernel's order.

    Link-local IPv6 addresses, which mean nothing without an interface, and those that the kernel still checks for
    duplicates are left out.
    """
    family = socket.AF_INET6 if ":" in wildcard else socket.AF_INET
    return tuple(text for found, text in _dump() if found == family)


def _dump() -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(_DUMP_ADDRESSES)
        while read_answer(kernel.recv(1 << 16), found):
            pass
    return found


def read_answer(data: bytes, found: list[tuple[int, str]]) -> bool:
    """Add the addresses of one netlink datagram to ``found``; tell whether another datagram follows."""
    at = 0
    while at + _HEADER_OCTETS <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if kind in (_NLMSG_ERROR, _NLMSG_DONE) or length < _HEADER_OCTETS:
            return False
        if kind == _RTM_NEWADDR:
            found += _address(data[at + _HEADER_OCTETS : at + length])
        at += _aligned(length)
    return True


def _address(message: bytes) -> list[tuple[int, str]]:
    family, _, flags, scope = struct.unpack_from("=BBBB", message)
    attributes: dict[int, bytes] = {}
    at = _ADDRESS_OCTETS
    while at + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        attributes[kind] = message[at + 4 : at + length]
        at += _aligned(max(length, 4))
    # On a point-to-point link the plain address is the peer's.
    raw = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
    usable = scope != _SCOPE_LINK and not flags & _TENTATIVE and family in (socket.AF_INET, socket.AF_INET6)
    return [(family, socket.inet_ntop(family, raw))] if raw and usable else []


def _aligned(length: int) -> int:
    return (length + 3) & ~3
