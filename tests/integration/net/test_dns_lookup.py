"""dnspython against a DNS server of the test's own, over real datagrams."""

from __future__ import annotations

import asyncio
from typing import cast

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from softswitch.net.dns_lookup import DnsLookup
from softswitch.net.locate import Target, locate

pytestmark = pytest.mark.network

ZONE = {
    ("example.net.", "NAPTR"): (300, ['10 10 "s" "SIP+D2T" "" _sip._tcp.example.net.']),
    ("_sip._tcp.example.net.", "SRV"): (120, ["10 0 5070 a.example.net.", "20 0 5071 b.example.net."]),
    ("a.example.net.", "A"): (60, ["192.0.2.1"]),
    ("a.example.net.", "AAAA"): (60, ["2001:db8::1"]),
    ("b.example.net.", "A"): (600, ["192.0.2.2"]),
}


class Server(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.broken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        answer = dns.message.make_response(query)
        kind = dns.rdatatype.to_text(question.rdtype)
        found = ZONE.get((question.name.to_text(), kind))
        known = {name for name, _ in ZONE}
        if self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found is not None:
            answer.answer.append(dns.rrset.from_text(question.name, found[0], "IN", kind, *found[1]))
        elif question.name.to_text() not in known:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), source)


async def served() -> tuple[Server, DnsLookup]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    return server, DnsLookup(["127.0.0.1"], port)


async def closed(server: Server) -> None:
    server.transport.close()
    for _ in range(3):  # dnspython's sockets, too, close in the loop's next turns
        await asyncio.sleep(0)


async def test_a_host_is_found_by_naptr_srv_and_addresses_and_the_shortest_time_holds() -> None:
    server, lookup = await served()
    lookup.begin()
    assert await locate(lookup, "example.net", None, "", lambda below: 0) == [
        Target("tcp", "192.0.2.1", 5070),
        Target("tcp", "2001:db8::1", 5070),
        Target("tcp", "192.0.2.2", 5071),
    ]
    assert lookup.ttl_s == 60
    await closed(server)


async def test_a_name_that_there_is_not_gives_nothing_and_a_broken_server_is_told() -> None:
    server, lookup = await served()
    assert await lookup.addresses("nobody.example.net") == []
    assert await lookup.srv("a.example.net") == []
    server.broken = True
    with pytest.raises(OSError, match=r"b\.example\.net"):
        await lookup.addresses("b.example.net")
    await closed(server)
