"""A softphone that no one of us wrote transfers a call by its own key; what the others hear is checked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, is_tone, loud_part, read_wav
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess
from tests.interop.test_recorded import listed, sound_of

pytestmark = pytest.mark.network

OPERATOR = Path(__file__).parent / "peers" / "baresip_operator.py"


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def hear_each_other(vera: Baresip, anna: Baresip) -> None:
    vera.until_hears(440, 2.3)
    anna.until_hears(850, 2.3)


def assert_hears_in_the_end(phone: Baresip, frequency_hz: float) -> None:
    heard = loud_part(read_wav(phone.heard()))[-2 * RATE_HZ :]
    assert len(heard) == 2 * RATE_HZ
    assert is_tone(heard, frequency_hz)


@pytest.mark.row("I-8", "V-32")
def test_a_blind_transfer_joins_the_caller_with_the_target(switch: SwitchProcess, phone: PhoneMaker) -> None:
    vera, boris, anna = phone("103"), phone("102"), phone("101")
    vera.command("dial", "102")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    vera.until("CALL_ESTABLISHED")
    vera.until_hears(620, 1.0)
    recorded = recorded_from_now_on(switch)
    boris.until_hears(850, 2.0)
    boris.command("transfer", "sip:101@softswitch.local")
    anna.until("CALL_INCOMING")
    anna.command("accept")
    anna.until("CALL_ESTABLISHED")
    boris.until("CALL_CLOSED")
    hear_each_other(vera, anna)
    vera.command("hangup")
    anna.until("CALL_CLOSED")
    assert_hears_in_the_end(vera, 440)
    assert_hears_in_the_end(anna, 850)
    switch.until_at_rest()
    call = switch.call_of("103")
    segments = [row for row in switch.records("segments") if row["conversation_id"] == call["conversation_id"]]
    assert [row["ended_at"] is not None for row in segments] == [True, True]
    assert recorded == call["conversation_id"]
    left, right = sides_of(switch, recorded)
    assert is_tone(loud_part(left), 850)  # vera, all the time
    assert is_tone(first_of(right), 620)  # boris, then whoever has his place
    assert is_tone(last_of(right), 440)


@pytest.mark.row("I-10")
def test_an_attended_transfer_joins_the_caller_with_whom_the_operator_asked(
    switch: SwitchProcess, space: Namespace, phone: PhoneMaker, stack: ExitStack, tmp_path: Path
) -> None:
    vera, anna = phone("103"), phone("101")
    words = [sys.executable, "-P", str(OPERATOR), "102", "101", "127.0.0.1"]
    errors = stack.enter_context((tmp_path / "operator.log").open("wb"))
    operator = stack.enter_context(
        subprocess.Popen(space.command(words), stdout=subprocess.PIPE, stderr=errors, text=True)
    )
    stack.callback(operator.terminate)
    told = iter(operator.stdout or ())
    assert next(told).strip() == "registered"
    vera.command("dial", "102")
    assert next(told).strip() == "answered"
    anna.until("CALL_INCOMING")
    recorded = recorded_from_now_on(switch)
    anna.command("accept")
    assert [next(told).strip() for _ in range(3)] == ["asked", "transferred", "gone"]
    hear_each_other(vera, anna)
    vera.command("hangup")
    anna.until("CALL_CLOSED")
    assert_hears_in_the_end(vera, 440)
    assert_hears_in_the_end(anna, 850)
    switch.until_at_rest()
    call = switch.call_of("103")
    segments = [row for row in switch.records("segments") if row["conversation_id"] == call["conversation_id"]]
    assert len(segments) == 2  # with the operator, then with whom the operator asked
    assert recorded == call["conversation_id"]
    left, right = sides_of(switch, recorded)
    assert is_tone(last_of(left), 850)
    assert is_tone(last_of(right), 440)  # anna, in the place of the operator, who says nothing


def recorded_from_now_on(switch: SwitchProcess) -> str:
    """Record vera's call; return the conversation."""
    call = next(call for call in switch.ask("GET", "calls") if call["legs"][0]["number"] == "103")
    assert switch.ask("POST", f"legs/{call['legs'][0]['leg']}/record/start")["files"]
    return str(call["conversation_id"])


def sides_of(switch: SwitchProcess, conversation_id: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what both sides said, as it was recorded."""
    (one,) = listed(switch, 1, conversation_id)
    rate_hz, samples = sound_of(switch, one)
    assert rate_hz == RATE_HZ
    return samples[:, 0], samples[:, 1]


def first_of(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the first second of what was said."""
    return loud_part(samples)[:RATE_HZ]


def last_of(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the last second of what was said."""
    return loud_part(samples)[-RATE_HZ:]
