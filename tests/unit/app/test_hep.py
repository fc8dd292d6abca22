"""HEP3 packets, read here by the specification's table of chunks, and how the exporter behaves."""

from __future__ import annotations

import socket
import struct

import pytest

from softswitch.app.hep import HepExporter, hep_packet
from softswitch.app.message_trace import MessageTrace, Traced
from softswitch.runtime.addresses import HostPort
from softswitch.sip.flow import Flow

MESSAGE = b"OPTIONS sip:101@a SIP/2.0\r\nAuthorization: Digest secret\r\nCall-ID: c1\r\n\r\n"
SHOWN = b"OPTIONS sip:101@a SIP/2.0\r\nAuthorization: (not shown)\r\nCall-ID: c1\r\n\r\n"


def chunks(packet: bytes) -> dict[int, bytes]:
    assert packet[:4] == b"HEP3"
    assert struct.unpack("!H", packet[4:6])[0] == len(packet)
    found, at = {}, 6
    while at < len(packet):
        vendor, kind, length = struct.unpack("!HHH", packet[at : at + 6])
        assert vendor == 0
        found[kind] = packet[at + 6 : at + length]
        at += length
    return found


@pytest.mark.parametrize("sent", [False, True])
def test_a_packet_says_who_sent_what_to_whom_when_and_nothing_secret(sent: bool) -> None:
    flow = Flow("udp", ("192.0.2.1", 5060), ("198.51.100.7", 5062))
    found = chunks(hep_packet(Traced(1_700_000_000.25, sent, flow, MESSAGE), agent=2001))
    ours, theirs = (b"\xc0\x00\x02\x01", 5060), (b"\xc6\x33\x64\x07", 5062)
    source, target = (ours, theirs) if sent else (theirs, ours)
    assert (found[1], found[2], found[11]) == (b"\x02", b"\x11", b"\x01")
    assert (found[3], found[4]) == (source[0], target[0])
    assert struct.unpack("!HH", found[7] + found[8]) == (source[1], target[1])
    assert struct.unpack("!III", found[9] + found[10] + found[12]) == (1_700_000_000, 250_000, 2001)
    assert found[15] == SHOWN


def test_ipv6_and_streams_have_chunks_of_their_own() -> None:
    flow = Flow("tls", ("2001:db8::1", 5061), ("2001:db8::2", 40000), 7)
    found = chunks(hep_packet(Traced(1.0, True, flow, MESSAGE), agent=1))
    assert (found[1], found[2]) == (b"\x0a", b"\x06")
    assert (len(found[5]), len(found[6]), 3 in found) == (16, 16, False)


@pytest.mark.network
def test_each_traced_message_is_sent_and_what_cannot_be_is_counted() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(5)
        exporter = HepExporter(HostPort("127.0.0.1", collector.getsockname()[1]))
        trace = MessageTrace()
        trace.exporter = exporter.export
        flow = Flow("udp", ("192.0.2.1", 5060), ("198.51.100.7", 5062))
        trace.note(1.0, flow, MESSAGE, sent=False)
        assert chunks(collector.recv(65536))[15] == SHOWN
        trace.note(1.0, flow, b"\r\n\r\n", sent=True)  # a keep-alive is no message
        trace.note(1.0, flow, b"x" * 61_000, sent=True)
        trace.note(1.0, Flow("udp", ("not an address", 1), ("192.0.2.1", 1)), MESSAGE, sent=True)
        assert exporter.dropped == 2
        exporter.close()
