"""baresip with Opus: with one that has G.711 alone, with another one with Opus, and over links that lose packets."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, loud_part, read_wav, share_of
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess
from tests.interop.test_baresip_calls import assert_hears, talk_for
from tests.interop.test_recorded import leg_of, listed, sound_of

pytestmark = pytest.mark.network


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def codecs_now(switch: SwitchProcess) -> list[str]:
    return [leg["codec"] for call in json.loads(switch.cli("calls", "--json")) for leg in call["legs"]]


def assert_hears_wide(phone: Baresip, hertz: float, seconds: float, share: float = 0.97) -> None:
    """This phone records Opus as 48,000 pairs of samples a second, read as if they were 8,000 single ones."""
    heard = loud_part(read_wav(phone.heard()))
    assert len(heard) > 12 * seconds * RATE_HZ
    assert share_of(heard, hertz / 12) > share


@pytest.mark.parametrize("caller", ["101", "102"])
def test_a_phone_with_opus_and_one_with_g711_alone_hear_each_other(
    switch: SwitchProcess, phone: PhoneMaker, caller: str
) -> None:
    phones = {"101": phone("101"), "102": phone("102", codec="opus")}
    callee = "102" if caller == "101" else "101"
    talk_for(phones[caller], phones[callee], 3.0, number=callee)
    codecs = codecs_now(switch)
    phones[caller].command("hangup")
    phones[callee].until("CALL_CLOSED")
    assert "OPUS" in codecs
    assert set(codecs) & {"PCMU", "PCMA"}
    assert_hears(phones["101"], 620, seconds=2.2, gaps=2)
    assert_hears_wide(phones["102"], 440, seconds=2.2)
    switch.until_at_rest()


def test_two_phones_with_opus_hear_each_other(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101", codec="opus"), phone("102", codec="opus")
    talk_for(anna, boris, 2.5)
    assert codecs_now(switch) == ["OPUS", "OPUS"]
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    assert_hears_wide(anna, 620, seconds=2)
    assert_hears_wide(boris, 440, seconds=2)
    switch.until_at_rest()


@pytest.mark.parametrize("percent", [5, 10])
def test_sound_survives_a_link_that_loses_packets(
    switch: SwitchProcess, phone: PhoneMaker, space: Namespace, percent: int
) -> None:
    anna, boris = phone("101"), phone("102", codec="opus")
    chain = "{ type filter hook output priority 0; }"
    rules = [
        f"add rule ip lossy out udp {side}port 20400-20599 numgen random mod 100 < {percent} drop" for side in "sd"
    ]  # the ports of the second phone: what it sends, and what it is sent
    for words in ("add table ip lossy", f"add chain ip lossy out {chain}", *rules):
        subprocess.run(space.command(["nft", words]), check=True)
    try:
        talk_for(anna, boris, 5.0)
        anna.command("hangup")
        boris.until("CALL_CLOSED")
    finally:
        subprocess.run(space.command(["nft", "delete table ip lossy"]), check=True)
    for one, hertz, scale in ((anna, 620, 1), (boris, 440, 12)):
        heard = loud_part(read_wav(one.heard()))
        assert len(heard) > 4 * scale * RATE_HZ
        assert share_of(heard, hertz / scale) > 0.85
    switch.until_at_rest()
    conversation = switch.call_of("101")["conversation_id"]
    lost: list[int | None] = [None]
    deadline = time.monotonic() + 10
    while None in lost and time.monotonic() < deadline:
        time.sleep(0.1)
        lost = [leg["packets_lost"] for leg in switch.records("legs") if leg["conversation_id"] == conversation]
    assert [bool(count) for count in lost] == [False, True]


def test_a_call_with_opus_is_recorded(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101", codec="opus"), phone("102", codec="opus")
    talk_for(anna, boris, 1.0)
    leg = leg_of(switch, "anna")
    switch.cli("call", "record", "start", leg)
    time.sleep(3.0)
    switch.cli("call", "record", "stop", leg)
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    switch.until_at_rest()
    (one,) = listed(switch, 1, "--conversation", leg.partition(".")[0])
    rate, samples = sound_of(switch, one)
    assert samples.shape[1] == 2
    for channel, hertz in ((0, 440), (1, 620)):
        heard = loud_part(samples[:, channel])
        assert len(heard) > 2.2 * rate
        assert share_of(heard, hertz * RATE_HZ / rate) > 0.9
