"""RFC 3263 and RFC 2782: which places of a host are tried, in which order; the DNS is a table here."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from softswitch.net.locate import Lookup, Naptr, Srv, Target, by_weight, locate


@dataclass
class Zone:
    """A DNS in memory."""

    naptrs: dict[str, list[Naptr]] = field(default_factory=dict)
    srvs: dict[str, list[Srv]] = field(default_factory=dict)
    hosts: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def naptr(self, name: str) -> Sequence[Naptr]:
        self.asked.append(f"NAPTR {name}")
        return self.naptrs.get(name, [])

    async def srv(self, name: str) -> Sequence[Srv]:
        self.asked.append(f"SRV {name}")
        return self.srvs.get(name, [])

    async def addresses(self, name: str) -> Sequence[str]:
        self.asked.append(f"A {name}")
        return self.hosts.get(name, [])


def found(zone: Lookup, host: str, port: int | None = None, transport: str = "") -> list[Target]:
    return asyncio.run(locate(zone, host, port, transport, lambda below: 0))


@pytest.mark.parametrize(
    ("host", "port", "transport", "target"),
    [
        ("192.0.2.7", None, "", Target("udp", "192.0.2.7", 5060)),
        ("192.0.2.7", 5070, "tcp", Target("tcp", "192.0.2.7", 5070)),
        ("192.0.2.7", None, "tls", Target("tls", "192.0.2.7", 5061)),
        ("[2001:db8::7]", None, "udp", Target("udp", "2001:db8::7", 5060)),
    ],
)
def test_an_address_is_asked_of_nobody(host: str, port: int | None, transport: str, target: Target) -> None:
    zone = Zone()
    assert found(zone, host, port, transport) == [target]
    assert zone.asked == []


def test_where_a_port_is_named_only_addresses_are_looked_up() -> None:
    zone = Zone(hosts={"sip.example.net": ["192.0.2.1", "2001:db8::1"]})
    assert found(zone, "sip.example.net", 5070) == [
        Target("udp", "192.0.2.1", 5070),
        Target("udp", "2001:db8::1", 5070),
    ]
    assert zone.asked == ["A sip.example.net"]


def test_where_a_transport_is_named_its_srv_records_are_taken_in_order_and_the_next_is_the_fail_over() -> None:
    zone = Zone(
        srvs={
            "_sip._tcp.example.net": [Srv(20, 0, 5062, "spare.example.net."), Srv(10, 5, 5061, "main.example.net.")],
        },
        hosts={"main.example.net": ["192.0.2.1", "192.0.2.2"], "spare.example.net": ["192.0.2.9"]},
    )
    assert found(zone, "example.net", transport="tcp") == [
        Target("tcp", "192.0.2.1", 5061),
        Target("tcp", "192.0.2.2", 5061),
        Target("tcp", "192.0.2.9", 5062),
    ]
    assert "NAPTR example.net" not in zone.asked


def test_where_nothing_is_named_the_host_says_by_naptr_which_transport_it_prefers() -> None:
    zone = Zone(
        naptrs={
            "example.net": [
                Naptr(50, 50, "s", "SIP+D2T", "_sip._tcp.example.net."),
                Naptr(10, 10, "s", "SIPS+D2T", "_sips._tcp.example.net."),
                Naptr(90, 50, "s", "SIP+D2U", "_sip._udp.example.net."),
                Naptr(5, 5, "u", "E2U+sip", "."),
                Naptr(5, 5, "s", "SIP+D2S", "_sip._sctp.example.net."),
            ]
        },
        srvs={
            "_sips._tcp.example.net": [Srv(0, 0, 5061, "tls.example.net.")],
            "_sip._tcp.example.net": [Srv(0, 0, 5060, "tcp.example.net.")],
        },
        hosts={"tls.example.net": ["192.0.2.3"], "tcp.example.net": ["192.0.2.4"], "example.net": ["192.0.2.5"]},
    )
    assert found(zone, "example.net") == [Target("tls", "192.0.2.3", 5061), Target("tcp", "192.0.2.4", 5060)]


def test_without_naptr_every_srv_is_asked_for_and_without_srv_the_host_itself_over_udp() -> None:
    zone = Zone(
        srvs={"_sip._tcp.example.net": [Srv(0, 0, 5080, "a.example.net.")]}, hosts={"a.example.net": ["192.0.2.1"]}
    )
    assert found(zone, "example.net") == [Target("tcp", "192.0.2.1", 5080)]
    plain = Zone(hosts={"example.net": ["192.0.2.8"]})
    assert found(plain, "example.net") == [Target("udp", "192.0.2.8", 5060)]
    assert found(plain, "example.net", transport="tls") == [Target("tls", "192.0.2.8", 5061)]
    assert found(Zone(), "example.net") == []


def test_a_host_that_says_that_there_is_no_such_service_is_nowhere() -> None:
    zone = Zone(srvs={"_sip._udp.example.net": [Srv(0, 0, 0, ".")]}, hosts={"example.net": ["192.0.2.8"]})
    assert found(zone, "example.net", transport="udp") == []


def test_weights_share_the_first_place_and_priorities_are_never_mixed() -> None:
    heavy, light = Srv(1, 90, 1, "heavy"), Srv(1, 10, 2, "light")
    last = Srv(2, 1000, 3, "last")
    draw = random.Random(1).randrange
    firsts = [by_weight([last, light, heavy], draw) for _ in range(1000)]
    assert all(order[2] is last for order in firsts)
    share = sum(order[0] is heavy for order in firsts) / 1000
    assert 0.85 < share < 0.95
