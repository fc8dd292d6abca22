"""A softphone that no one of us wrote transfers a call by its own key; what the others hear is checked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, loud_part, read_wav, share_of
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def assert_hears_in_the_end(phone: Baresip, frequency_hz: float) -> None:
    heard = loud_part(read_wav(phone.heard()))[-2 * RATE_HZ :]
    assert len(heard) == 2 * RATE_HZ
    assert share_of(heard, frequency_hz) > 0.99


def test_a_blind_transfer_joins_the_caller_with_the_target(switch: SwitchProcess, phone: PhoneMaker) -> None:
    vera, boris, anna = phone("103"), phone("102"), phone("101")
    vera.command("dial", "102")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    vera.until("CALL_ESTABLISHED")
    time.sleep(1.5)
    boris.command("transfer", "sip:101@softswitch.local")
    anna.until("CALL_INCOMING")
    anna.command("accept")
    anna.until("CALL_ESTABLISHED")
    boris.until("CALL_CLOSED")
    time.sleep(4)
    vera.command("hangup")
    anna.until("CALL_CLOSED")
    assert_hears_in_the_end(vera, 440)
    assert_hears_in_the_end(anna, 850)
    switch.until_at_rest()
    call = switch.call_of("103")
    segments = [row for row in switch.records("segments") if row["conversation_id"] == call["conversation_id"]]
    assert [row["ended_at"] is not None for row in segments] == [True, True]
