"""What is heard while a caller holds or moves its media: SIPp signals for it, an ear listens, baresip is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.interop.conftest import TONES_HZ
from tests.interop.peers.audio import PURE, RATE_HZ, loud_part, read_wav, share_of, write_tone
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.ear import Ear
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network

OURS, ELSEWHERE, THEIRS = 440.0, 850.0, TONES_HZ["102"]
PHASE_MS = 1500
"""Long enough for a phone on a slow machine to begin."""
_PART = RATE_HZ // 3
"""Samples that are looked at."""


@pytest.fixture(scope="module")
def boris(switch: SwitchProcess, space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baresip]:
    """A softphone that answers by itself."""
    directory = tmp_path_factory.mktemp("boris")
    write_tone(directory / "in.wav", THEIRS, 300.0)
    account = "<sip:102@127.0.0.1:5060>;auth_user=102;auth_pass=secret-102;regint=120;answermode=auto"
    found = Baresip(space, directory, address="127.0.0.1", number=1, account=account)
    try:
        found.until_registered()
        yield found
    finally:
        found.close()


@pytest.fixture
def caller(space: Namespace, stack: ExitStack, tmp_path: Path) -> SippPhone:
    found = SippPhone(space, tmp_path, "201", address="127.0.1.1")
    stack.callback(found.close)
    return found


def ear(space: Namespace, stack: ExitStack, port: int, frequency_hz: float) -> Ear:
    found = Ear(space, "127.0.1.1", port, frequency_hz)
    stack.callback(found.close)
    return found


def assert_first_and_last(samples: npt.NDArray[np.float64], frequency_hz: float) -> None:
    """Look at both ends; where the talk was interrupted, the tone goes on with another phase."""
    for part in (samples[:_PART], samples[-_PART:]):
        assert share_of(part, frequency_hz) > PURE


def change_and_back(caller: SippPhone, boris: Baresip, first: Ear, **change: str) -> npt.NDArray[np.float64]:
    """Talk, change, change back, talk, a phase each; return what baresip heard."""
    before = len(boris.seen("CALL_CLOSED"))
    caller.plays("call_and_change.xml", dial="102", pause_ms=str(PHASE_MS), media_port=str(first.port), **change)
    boris.until("CALL_CLOSED", count=before + 1)
    return read_wav(boris.heard())


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "sendonly", "answered": "recvonly"},
        {"direction": "inactive", "answered": "inactive"},
        {"changed_address": "0.0.0.0", "answered": "(sendrecv|recvonly)"},
    ],
    ids=["sendonly", "inactive", "zero-address"],
)
def test_a_caller_that_holds_hears_nothing_until_it_resumes(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, boris: Baresip, caller: SippPhone, change: dict[str, str]
) -> None:
    here = ear(space, stack, 7000, OURS)
    heard = change_and_back(caller, boris, here, changed_port="7000", **change)
    assert here.longest_pause_s() > 0.8 * PHASE_MS / 1000
    assert_first_and_last(here.heard(), THEIRS)
    assert len(here.times_s) > 0.8 * PHASE_MS / 20
    assert_first_and_last(loud_part(heard), OURS)
    switch.until_at_rest()


def test_a_caller_that_moves_is_heard_and_hears_at_the_new_address_alone(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, boris: Baresip, caller: SippPhone
) -> None:
    here, there = ear(space, stack, 7000, OURS), ear(space, stack, 7010, ELSEWHERE)
    heard = loud_part(change_and_back(caller, boris, here, changed_port="7010", direction="sendrecv"))
    assert here.longest_pause_s() > 0.8 * PHASE_MS / 1000
    for one in (here, there):
        assert_first_and_last(one.heard(), THEIRS)
        assert len(one.times_s) > 0.4 * PHASE_MS / 20
    assert_first_and_last(heard, OURS)
    middle = len(heard) // 2
    assert share_of(heard[middle - _PART // 2 : middle + _PART // 2], ELSEWHERE) > PURE
    switch.until_at_rest()
