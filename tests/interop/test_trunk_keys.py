"""Keys through a trunk, told as its `dtmf` says; the carrier is a second instance of the switch that asks for them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.calls.facts import LegAdded
from softswitch.calls.guide_facts import LegKeyPressed
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.waiting import until

pytestmark = pytest.mark.network

PROMPTS = Path(__file__).parents[2] / "scenarios" / "small-office" / "scenarios"
CARRIER = "127.0.0.40"
ASKS = "name: asks\nsteps:\n  - digits: {file: menu.ogg, wait_s: 60, between_s: 60}\n"
OUR_SITE = (
    "users:\n"
    '  - {name: anna, extension: "101", password: secret-101, routes: [rfc4733, inband, info]}\n'
    "trunks:\n"
    + "".join(
        f"  - {{name: {how}, host: {CARRIER}, port: {port}, dtmf: {how}}}\n"
        for how, port in (("rfc4733", 5060), ("inband", 5061), ("info", 5062))
    )
    + "routes:\n"
    + "".join(
        f"  - {{name: {how}, trunk: {how}, pattern: '^{digit}160000001$'}}\n"
        for how, digit in (("rfc4733", 7), ("inband", 8), ("info", 9))
    )
)
NUMBERS = {"rfc4733": "7160000001", "inband": "8160000001", "info": "9160000001"}


@pytest.fixture(scope="module")
def carrier(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A carrier at whose numbers somebody waits for an extension."""
    folder = tmp_path_factory.mktemp("carrier")
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "asks.yaml").write_text(ASKS)
    shutil.copy(PROMPTS / "menu.ogg", folder / "scenarios")
    site = 'users:\n  - {name: vera, extension: "1234", password: secret-1234}\n'
    site += "trunks:\n  - {name: ours, host: 127.0.0.1, port: 5060}\n"
    listen = tuple(f"udp:{CARRIER}:{port}" for port in (5060, 5061, 5062))
    found = SwitchProcess(space, folder, listen=listen, site=site, more=f'[api]\nlisten = "{CARRIER}:8080"')
    with ends_well(found):
        numbers = "".join(f'  - {{number: "{number}", scenario: asks}}\n' for number in NUMBERS.values())
        found.site.write_text(f"{site}numbers:\n{numbers}")
        found.cli("load", str(folder))
        yield found


@pytest.fixture(scope="module")
def switch(
    space: Namespace, tmp_path_factory: pytest.TempPathFactory, carrier: SwitchProcess
) -> Iterator[SwitchProcess]:
    """Our switch, with a trunk to the carrier for each way of telling keys."""
    folder = tmp_path_factory.mktemp("ours")
    with ends_well(SwitchProcess(space, folder, listen=("udp:127.0.0.1:5060",), site=OUR_SITE)) as found:
        yield found


def keys_heard(carrier: SwitchProcess) -> list[tuple[str, bool]]:
    """Return the keys of the carrier's last call, each with whether its sound told it, or its events."""
    journal = carrier.journal()
    last = [record.conversation_id for record in journal if isinstance(record.fact, LegAdded)][-1]
    return [
        (record.fact.key, record.fact.number > 0)
        for record in journal
        if isinstance(record.fact, LegKeyPressed) and record.conversation_id == last
    ]


def offered(carrier: SwitchProcess) -> str:
    """Return the description that the carrier's last caller brought."""
    return [record.fact.sdp for record in carrier.journal() if isinstance(record.fact, LegAdded)][-1]


@pytest.mark.row("V-14")
@pytest.mark.parametrize("how", NUMBERS)
def test_keys_of_a_phone_and_of_a_command_reach_the_carrier_as_the_trunk_says(
    switch: SwitchProcess, carrier: SwitchProcess, phone: PhoneMaker, how: str
) -> None:
    anna = phone("101")
    anna.command("dial", NUMBERS[how])
    anna.until("CALL_ESTABLISHED")
    by_media = how != "info"
    anna.command("sndcode", "1")
    until(lambda: keys_heard(carrier) == [("1", by_media)], lambda: str(keys_heard(carrier)), patience_s=8)
    [call] = switch.ask("GET", "users/anna/calls")
    switch.ask("POST", f"legs/{call['leg']}/keys", keys="23")
    wanted = [(key, by_media) for key in "123"]
    until(lambda: keys_heard(carrier) == wanted, lambda: str(keys_heard(carrier)), patience_s=8)
    assert ("telephone-event" in offered(carrier)) is (how == "rfc4733")
    anna.command("hangup")
    switch.until_at_rest()
    carrier.until_at_rest()
    assert keys_heard(carrier) == wanted, "none of them came twice"
