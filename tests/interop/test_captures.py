"""What ``softswitch trace --pcap`` writes, read by the library of tcpdump, which SIPp brings along."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pytest

from softswitch.cli.pcap import capture
from tests.component.test_trace import called


class _Header(ctypes.Structure):
    _fields_ = (
        ("seconds", ctypes.c_long),
        ("micros", ctypes.c_long),
        ("captured", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
    )


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("code", ctypes.c_void_p))


def packets(path: Path, wanted: str) -> list[tuple[float, bytes]]:
    """Return time and octets of the packets that a filter lets pass (pcap-filter(7))."""
    library = ctypes.CDLL("libpcap.so.0.8")
    library.pcap_open_offline.restype = ctypes.c_void_p
    error = ctypes.create_string_buffer(256)
    opened = ctypes.c_void_p(library.pcap_open_offline(str(path).encode(), error))
    assert opened.value, error.value
    program, head, data = _Filter(), ctypes.POINTER(_Header)(), ctypes.POINTER(ctypes.c_ubyte)()
    assert library.pcap_compile(opened, ctypes.byref(program), wanted.encode(), 1, 0xFFFFFFFF) == 0
    assert library.pcap_setfilter(opened, ctypes.byref(program)) == 0
    found = []
    while (status := library.pcap_next_ex(opened, ctypes.byref(head), ctypes.byref(data))) == 1:
        one: Any = head.contents
        assert one.captured == one.length
        found.append((one.seconds + one.micros / 1e6, bytes(data[: one.captured])))
    library.pcap_close(opened)
    assert status == -2  # the end of the file, and no damage before it
    return found


def test_a_capture_holds_each_message_between_its_addresses_at_its_time(tmp_path: Path) -> None:
    messages = [
        (
            each.wall_s,
            *((each.flow.local, each.flow.remote) if each.sent else (each.flow.remote, each.flow.local)),
            each.data,
        )
        for each in called()
    ]
    six = ("2001:db8::1", 5060), ("2001:db8::2", 5062)
    path = tmp_path / "call.pcap"
    path.write_bytes(capture([*messages, (messages[-1][0] + 1, *six, b"BYE sip:x SIP/2.0\r\n\r\n")]))
    read = packets(path, "udp port 5060 and net 192.0.2.0/24")
    assert [data[28:] for _, data in read] == [data for *_, data in messages]
    assert [at for at, _ in read] == [pytest.approx(at, abs=2e-6) for at, *_ in messages]
    sent = packets(path, "udp and src host 192.0.2.1 and dst host 192.0.2.12")
    assert [data[28:].split()[0] for _, data in sent] == [b"INVITE", b"ACK", b"BYE"]
    [(_, far)] = packets(path, "ip6 and udp src port 5060 and udp dst port 5062")
    assert far[48:].startswith(b"BYE ")
