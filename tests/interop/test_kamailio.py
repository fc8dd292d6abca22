"""Kamailio in front of the switch as an edge proxy with Record-Route and Path, and as a carrier that wants digest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import write_tone
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.kamailio import CARRIER, EDGE, Kamailio
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.interop.test_baresip_calls import assert_hears, talk_for
from tests.waiting import until

pytestmark = pytest.mark.network

EDGE_HOST, CARRIER_HOST = "127.0.0.30", "127.0.0.40"
SUBSCRIBER = "127.0.0.1:15150"
SITE = """\
users:
  - {{name: anna, extension: "101", password: secret-101}}
  - {{name: boris, extension: "102", password: secret-102, routes: [out]}}
  - {{name: vera, extension: "103", password: secret-103}}
trunks:
  - {{name: carrier, host: {host}, port: 5060, username: "5001", password_file: {file}, caller_id: "5001",
     number_format: e164, country: RU, register: true}}
numbers:
  - {{number: "5001", user: boris}}
routes:
  - {{name: out, trunk: carrier, pattern: '^8[0-9]{{10}}$'}}
"""


@pytest.fixture(scope="module")
def carrier(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    found = Kamailio(
        space,
        tmp_path_factory.mktemp("carrier"),
        CARRIER,
        host=CARRIER_HOST,
        user="5001",
        password="secret-5001",
        subscriber=f"103@{SUBSCRIBER}",
    )
    yield found
    found.close()


@pytest.fixture(scope="module")
def edge(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    found = Kamailio(space, tmp_path_factory.mktemp("edge"), EDGE, host=EDGE_HOST, behind="127.0.0.1:5060")
    yield found
    found.close()


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory, carrier: Kamailio) -> Iterator[SwitchProcess]:
    directory = tmp_path_factory.mktemp("switch")
    (directory / "password").write_text("secret-5001\n")
    site = SITE.format(host=CARRIER_HOST, file=directory / "password")
    with ends_well(SwitchProcess(space, directory, listen=("udp:127.0.0.1:5060",), site=site)) as found:
        yield found


@pytest.mark.parametrize("caller", ["inside", "outside"])
def test_a_phone_behind_an_edge_proxy_talks_with_one_that_is_not(
    switch: SwitchProcess, edge: Kamailio, phone: PhoneMaker, caller: str
) -> None:
    anna = phone("101", more=f';outbound="sip:{EDGE_HOST}:5060;lr"')
    vera = phone("103")
    [row] = [row for row in switch.registrations() if row["extension"] == "101"]
    assert row["source"] == f"udp:{EDGE_HOST}:5060"
    first, second, number = (vera, anna, "101") if caller == "outside" else (anna, vera, "103")
    talk_for(first, second, 1.0, number=number)
    second.command("hangup")
    first.until("CALL_CLOSED")
    assert_hears(vera, 440, seconds=1)
    assert_hears(anna, 850, seconds=1)
    switch.until_at_rest()
    way = "INWARDS" if caller == "outside" else "OUTWARDS"
    assert edge.seen(f"{way} INVITE"), "the call did not pass the proxy"
    assert len(edge.seen("WITHIN BYE")) == (2 if caller == "outside" else 1), "it did not stay in the way"


def test_the_switch_registers_at_a_carrier_with_digest_and_calls_there_and_is_called(
    switch: SwitchProcess, space: Namespace, carrier: Kamailio, phone: PhoneMaker, stack: ExitStack, tmp_path: Path
) -> None:
    _until_registered(switch)
    boris, subscriber = phone("102"), _subscriber(space, tmp_path / "subscriber")
    stack.callback(subscriber.close)
    talk_for(boris, subscriber, 1.0, number="89161112233")
    boris.command("hangup")
    subscriber.until("CALL_CLOSED")
    assert_hears(subscriber, 620, seconds=1)
    assert carrier.seen(f"CALL INVITE sip:103@{SUBSCRIBER}")
    subscriber.command("dial", "5001")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    subscriber.until("CALL_ESTABLISHED", count=2)
    boris.until_heard(1, earlier=1)
    subscriber.command("hangup")
    boris.until("CALL_CLOSED", count=2)
    assert_hears(boris, 850, seconds=1)
    switch.until_at_rest()
    assert switch.call_of("103")["trunk"] == "carrier"
    assert "secret-5001" not in switch.log()


def _subscriber(space: Namespace, directory: Path) -> Baresip:
    """A phone at the carrier, which knows its address: that is 15060 and ten times its number."""
    directory.mkdir()
    write_tone(directory / "in.wav", 850, 300.0)
    account = f"<sip:103@{CARRIER_HOST}>;regint=0"
    return Baresip(space, directory, address="127.0.0.1", number=9, account=account)


def _until_registered(switch: SwitchProcess) -> None:
    until(lambda: switch.ask("GET", "trunks")[0]["registered_until"], lambda: switch.ask("GET", "trunks"))
