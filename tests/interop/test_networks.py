"""Phones behind NAT, and a switch behind one: namespaces as hosts and routers, real packets between them."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import PURE, RATE_HZ, loud_part, read_wav, share_of
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network


def new_space(stack: ExitStack) -> Namespace:
    found = Namespace()
    stack.callback(found.close)
    return found


def phone_behind_nat(stack: ExitStack, outside: Namespace, *, here: str, gateway: str, inside: str) -> Namespace:
    """Make a home with a router: ``here`` is the switch's end of the cable, ``inside`` a /24."""
    router, home = new_space(stack), new_space(stack)
    outside.connect(router, f"{here}/30", f"{gateway}/30")
    router.connect(home, f"{inside}.1/24", f"{inside}.10/24")
    home.route_by(f"{inside}.1")
    router.masquerade(f"{inside}.0/24")
    return home


def talk(caller: Baresip, callee: Baresip, number: str, seconds: float = 1.5) -> None:
    earlier = {each: len(each.recordings()) for each in (caller, callee)}
    caller.command("dial", number)
    callee.until("CALL_INCOMING")
    callee.command("accept")
    caller.until("CALL_ESTABLISHED")
    for each, count in earlier.items():
        each.until_heard(seconds, earlier=count)
    caller.command("hangup")
    callee.until("CALL_CLOSED")


def assert_hears(phone: Baresip, frequency_hz: float, seconds: float = 1.5) -> None:
    heard = loud_part(read_wav(phone.heard()))
    assert len(heard) >= seconds * RATE_HZ
    assert share_of(heard, frequency_hz) > PURE


def test_two_phones_each_behind_its_own_nat_hear_each_other(
    stack: ExitStack, tmp_path: Path, phone: PhoneMaker
) -> None:
    outside = new_space(stack)
    homes = [
        phone_behind_nat(stack, outside, here="203.0.113.1", gateway="203.0.113.2", inside="10.61.1"),
        phone_behind_nat(stack, outside, here="203.0.113.5", gateway="203.0.113.6", inside="10.61.2"),
    ]
    directory = tmp_path / "switch"
    directory.mkdir()
    switch = SwitchProcess(outside, directory, listen=("udp:203.0.113.1:5060", "udp:203.0.113.5:5060"))
    stack.callback(switch.close)
    anna = phone("101", space=homes[0], address="10.61.1.10", registrar="203.0.113.1")
    boris = phone("102", space=homes[1], address="10.61.2.10", registrar="203.0.113.5")
    registered = json.loads(switch.cli("registrations", "--json"))
    assert {entry["source"].split(":")[1] for entry in registered} == {"203.0.113.2", "203.0.113.6"}
    assert all("10.61." in entry["contact"] for entry in registered)
    talk(anna, boris, "102")
    assert_hears(anna, 620)
    assert_hears(boris, 440)
    talk(boris, anna, "101")
    assert_hears(anna, 620)
    assert_hears(boris, 440)
    switch.until_at_rest()


def test_a_phone_outside_is_told_the_advertised_address_and_one_inside_is_not(
    stack: ExitStack, tmp_path: Path, phone: PhoneMaker
) -> None:
    inside, router, abroad = new_space(stack), new_space(stack), new_space(stack)
    inside.connect(router, "10.62.0.1/24", "10.62.0.254/24")
    inside.route_by("10.62.0.254")
    router.connect(abroad, "198.51.100.7/24", "198.51.100.20/24")
    router.masquerade("10.62.0.0/24")
    for rule in (
        "add chain ip nat pre { type nat hook prerouting priority -100 ; }",
        "add rule ip nat pre ip daddr 198.51.100.7 udp dport 5060 dnat to 10.62.0.1",
        "add rule ip nat pre ip daddr 198.51.100.7 udp dport 16384-32767 dnat to 10.62.0.1",
    ):
        subprocess.run(router.command(["nft", rule]), check=True, capture_output=True)
    directory = tmp_path / "switch"
    directory.mkdir()
    switch = SwitchProcess(inside, directory, listen=("udp:10.62.0.1:5060",), sip='advertise = "198.51.100.7"')
    stack.callback(switch.close)
    anna = phone("101", space=inside, address="10.62.0.1", registrar="10.62.0.1")
    boris = phone("102", space=abroad, address="198.51.100.20", registrar="198.51.100.7")
    for caller, callee, number in ((anna, boris, "102"), (boris, anna, "101")):
        talk(caller, callee, number)
        assert_hears(anna, 620)
        assert_hears(boris, 440)
    assert "198.51.100.7" in boris.log()
    assert "198.51.100.7" not in anna.log()
    switch.until_at_rest()
