"""baresip with Opus: with one that has G.711 alone, with another one with Opus, in a room with both, over bad links."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from tests.interop.conftest import TONES_HZ, PhoneMaker
from tests.interop.peers.audio import RATE_HZ, loud_part, read_wav, share_of
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SITE, SwitchProcess, ends_well
from tests.interop.test_baresip_calls import talk_for
from tests.interop.test_recorded import listed, record, sound_of
from tests.waiting import until

pytestmark = pytest.mark.network

ROOM = 'rooms:\n  - {name: meeting, extension: "800", tones: false}\n'
WIDE_HZ = 48_000
HEARD, NOT_HEARD = 0.15, 0.03
"""Shares of the power in what a phone hears of two others."""


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    with ends_well(SwitchProcess(space, tmp_path_factory.mktemp("switch"), site=SITE + ROOM)) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def codecs_now(switch: SwitchProcess) -> list[str]:
    return [leg["codec"] for call in switch.ask("GET", "calls") for leg in call["legs"]]


def heard_wide(phone: Baresip) -> npt.NDArray[np.float64]:
    """What a phone with Opus has heard: it keeps 48,000 pairs of samples a second."""
    samples = read_wav(phone.heard())
    return samples[: len(samples) // 2 * 2].reshape(-1, 2)[:, 0]


def assert_hears_wide(phone: Baresip, hertz: float, seconds: float, share: float = 0.9) -> None:
    heard = loud_part(heard_wide(phone))
    assert len(heard) >= seconds * WIDE_HZ
    assert share_of(heard, hertz, WIDE_HZ) > share


@pytest.mark.parametrize("caller", ["101", "102"])
def test_a_phone_with_opus_and_one_with_g711_alone_hear_each_other(
    switch: SwitchProcess, phone: PhoneMaker, caller: str
) -> None:
    phones = {"101": phone("101"), "102": phone("102", codec="opus")}
    callee = "102" if caller == "101" else "101"
    talk_for(phones[caller], phones[callee], 1.5, number=callee)
    phones["101"].until_hears(620, 1.5)
    codecs = codecs_now(switch)
    phones[caller].command("hangup")
    phones[callee].until("CALL_CLOSED")
    assert "OPUS" in codecs
    assert set(codecs) & {"PCMU", "PCMA"}
    assert_hears_wide(phones["102"], 440, seconds=1.5)
    switch.until_at_rest()


def test_two_phones_with_opus_hear_each_other_and_are_recorded(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101", codec="opus"), phone("102", codec="opus")
    talk_for(anna, boris, 0.5)
    assert codecs_now(switch) == ["OPUS", "OPUS"]
    conversation_id = record(switch, "anna", 2.0, anna, boris)
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    assert_hears_wide(anna, 620, seconds=2)
    assert_hears_wide(boris, 440, seconds=2)
    switch.until_at_rest()
    (one,) = listed(switch, 1, conversation_id)
    rate, samples = sound_of(switch, one)
    assert samples.shape[1] == 2
    for channel, hertz in ((0, 440), (1, 620)):
        heard = loud_part(samples[:, channel])
        assert len(heard) > 1.5 * rate
        assert share_of(heard, hertz, rate) > 0.9


def test_members_of_a_room_with_opus_and_with_g711_hear_all_others_and_not_themselves(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    codecs = {"101": "g711", "102": "opus", "103": "opus"}
    # Opus takes what it is given for a voice, and makes noise of several tones that are louder than people are.
    phones = {name: phone(name, codec=codec, amplitude=4000) for name, codec in codecs.items()}
    for each in phones.values():
        each.command("dial", "800")
        each.until("CALL_ESTABLISHED")
    assert sorted(codecs_now(switch)) in (["OPUS", "OPUS", "PCMA"], ["OPUS", "OPUS", "PCMU"])
    for each in phones.values():
        each.until_heard(2.3)

    def shares(extension: str) -> dict[str, float]:
        wide = extension != "101"
        samples = heard_wide(phones[extension])[-WIDE_HZ:] if wide else read_wav(phones["101"].heard())[-RATE_HZ:]
        return {other: share_of(samples, TONES_HZ[other], WIDE_HZ if wide else RATE_HZ) for other in phones}

    def hears_others(extension: str) -> bool:
        found = shares(extension)
        return found.pop(extension) < NOT_HEARD and min(found.values()) > HEARD

    for extension in phones:
        until(lambda: hears_others(extension), lambda: (extension, shares(extension)))  # noqa: B023  # asked at once
    for each in phones.values():
        each.command("hangup")
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
        talk_for(anna, boris, 3.5)
        anna.command("hangup")
        boris.until("CALL_CLOSED")
    finally:
        subprocess.run(space.command(["nft", "delete table ip lossy"]), check=True)
    sounds = ((loud_part(read_wav(anna.heard())), 620, RATE_HZ), (loud_part(heard_wide(boris)), 440, WIDE_HZ))
    for heard, hertz, rate in sounds:
        assert len(heard) > 3 * rate
        assert share_of(heard, hertz, rate) > 0.85
    switch.until_at_rest()
    conversation = switch.call_of("101")["conversation_id"]
    lost = [leg["packets_lost"] for leg in switch.records("legs") if leg["conversation_id"] == conversation]
    assert [bool(count) for count in lost] == [False, True]
