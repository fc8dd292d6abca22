"""Calls through a trunk to a second instance of the switch, which plays the carrier and challenges every INVITE."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.interop.test_baresip_calls import assert_hears, talk_for
from tests.waiting import until

pytestmark = pytest.mark.network

CARRIER = "127.0.0.20"
CARRIER_SITE = """\
users:
  - {name: customer, extension: "5001", password: secret-5001}
  - {name: wrong, extension: "5002", password: secret-5002}
  - {name: vera, extension: "103", password: secret-103}
numbers:
  - {number: "+79161112233", user: vera}
"""
OUR_SITE = """\
users:
  - {{name: boris, extension: "102", password: secret-102, routes: [out]}}
  - {{name: anna, extension: "101", password: secret-101, routes: [bad]}}
trunks:
  - {{name: carrier, host: {carrier}, port: 5060, username: "5001", password_file: {file}, caller_id: "5001",
     number_format: e164, country: RU, identity: pai, register: true}}
  - {{name: locked, host: {carrier}, port: 5061, username: "5002", password_file: {file}, caller_id: "5002"}}
numbers:
  - {{number: "5001", user: boris}}
routes:
  - {{name: out, trunk: carrier, pattern: '^8[0-9]{{10}}$'}}
  - {{name: bad, trunk: locked, pattern: '^8[0-9]{{10}}$'}}
"""


@pytest.fixture(scope="module")
def carrier(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    with ends_well(
        SwitchProcess(
            space,
            tmp_path_factory.mktemp("carrier"),
            listen=(f"udp:{CARRIER}:5060", f"udp:{CARRIER}:5061"),
            site=CARRIER_SITE,
            more=f'[api]\nlisten = "{CARRIER}:8080"',
        )
    ) as found:
        yield found


@pytest.fixture(scope="module")
def switch(
    space: Namespace, tmp_path_factory: pytest.TempPathFactory, carrier: SwitchProcess
) -> Iterator[SwitchProcess]:
    """Our switch, which knows its password from a file."""
    directory = tmp_path_factory.mktemp("ours")
    (directory / "password").write_text("secret-5001\n")
    site = OUR_SITE.format(carrier=CARRIER, file=directory / "password")
    with ends_well(SwitchProcess(space, directory, listen=("udp:127.0.0.1:5060",), site=site)) as found:
        yield found


def test_a_user_calls_a_number_outside_through_a_carrier_that_asks_who_we_are(
    switch: SwitchProcess, carrier: SwitchProcess, phone: PhoneMaker, stack: ExitStack, tmp_path: Path
) -> None:
    boris, vera = phone("102"), phone("103", registrar=f"{CARRIER}:5060")
    talk_for(boris, vera, 2.0, number="89161112233")
    boris.command("hangup")
    vera.until("CALL_CLOSED")
    assert_hears(vera, 620, seconds=2)
    assert_hears(boris, 850, seconds=2)
    switch.until_at_rest()
    carrier.until_at_rest()
    assert carrier.call_of("5001")["to_number"] == "+79161112233"
    [leg] = [row for row in switch.records("legs") if row["side"] == "callee"]
    assert (leg["number"], leg["user_name"]) == ("+79161112233", "")
    assert "secret-5001" not in switch.log()
    assert b"secret-5001" not in b"".join(
        file.read_bytes() for file in (switch.directory / "var" / "journal").iterdir()
    )


def test_a_password_that_the_carrier_does_not_take_ends_the_call(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna = phone("101")
    anna.command("dial", "89161112233")
    closed = anna.until("CALL_CLOSED")
    assert "480" in closed["param"]
    switch.until_at_rest()


def test_a_carrier_calls_the_contact_that_the_switch_registered(
    switch: SwitchProcess, carrier: SwitchProcess, phone: PhoneMaker, stack: ExitStack, tmp_path: Path
) -> None:
    _until_registered(switch)
    assert "5001" in {row["extension"] for row in carrier.registrations()}
    boris, vera = phone("102"), phone("103", registrar=f"{CARRIER}:5060")
    talk_for(vera, boris, 2.0, number="5001")
    vera.command("hangup")
    boris.until("CALL_CLOSED")
    assert_hears(boris, 850, seconds=2)
    assert_hears(vera, 620, seconds=2)
    switch.until_at_rest()
    carrier.until_at_rest()
    assert switch.call_of("103")["trunk"] == "carrier"


def test_trunks_are_listed_for_people_and_programs(switch: SwitchProcess) -> None:
    _until_registered(switch)
    [row] = [row for row in json.loads(switch.cli("trunks", "--json")) if row["name"] == "carrier"]
    assert not row["last_failure"]
    assert "locked" in switch.cli("trunks")


def _until_registered(switch: SwitchProcess) -> None:
    until(lambda: _trunk(switch)["registered_until"], lambda: _trunk(switch))


def _trunk(switch: SwitchProcess) -> dict[str, Any]:
    [found] = [row for row in switch.ask("GET", "trunks") if row["name"] == "carrier"]
    return dict(found)
