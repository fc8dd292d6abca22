"""What is heard while a caller holds or moves its media: SIPp signals for it, an ear listens, baresip is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from tests.interop.peers.sipp import CALL_ID, UNTIL_TOLD, SippPhone
from tests.interop.peers.switch import SwitchProcess
from tests.waiting import until

pytestmark = pytest.mark.network

OURS, ELSEWHERE, THEIRS = 440.0, 850.0, TONES_HZ["102"]
HEARD_PACKETS = 75
"""What is heard in a phase before the next one begins: a second and a half of sound."""
SILENT_S = 1.2
"""How long nothing is heard where nobody may be heard."""
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


def purest(samples: npt.NDArray[np.float64], frequency_hz: float) -> float:
    """Return the share of a tone in the third of a second that has most of it: elsewhere there may be a seam."""
    starts = range(0, len(samples) - _PART + 1, _PART // 2)
    return max((share_of(samples[start : start + _PART], frequency_hz) for start in starts), default=0.0)


def assert_first_and_last(samples: npt.NDArray[np.float64], frequency_hz: float) -> None:
    """Look at both ends; where the talk was interrupted, the tone goes on with another phase."""
    for part in (samples[:RATE_HZ], samples[-RATE_HZ:]):
        assert purest(part, frequency_hz) > PURE


def heard_on(one: Ear) -> Callable[[], bool]:
    """Return the question whether an ear has heard enough from now on."""
    before = len(one.times_s)
    return lambda: len(one.times_s) >= before + HEARD_PACKETS


def change_and_back(
    caller: SippPhone, boris: Baresip, first: Ear, meanwhile: Ear | None, **change: str
) -> npt.NDArray[np.float64]:
    """Talk, change, change back, talk; return what baresip heard.

    Args:
        caller: who changes its media.
        boris: whom it calls.
        first: where it hears first and last, and nothing between.
        meanwhile: where it hears between.
        change: what the offer says that changes it.
    """
    before = len(boris.seen("CALL_CLOSED"))
    call = caller.starts(
        "call_and_change.xml",
        options=["-cid_str", CALL_ID],
        dial="102",
        phase=UNTIL_TOLD,
        media_port=str(first.port),
        **change,
    )
    until(heard_on(first))
    call.next_phase(1)
    until(lambda: first.silent_s() > SILENT_S)
    if meanwhile is not None:
        until(heard_on(meanwhile))
    call.next_phase(2)
    until(heard_on(first))
    call.next_phase(3)
    call.finished()
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
    heard = change_and_back(caller, boris, here, None, changed_port="7000", **change)
    assert_first_and_last(here.heard(), THEIRS)
    assert_first_and_last(loud_part(heard), OURS)
    switch.until_at_rest()


def test_a_caller_that_moves_is_heard_and_hears_at_the_new_address_alone(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, boris: Baresip, caller: SippPhone
) -> None:
    here, there = ear(space, stack, 7000, OURS), ear(space, stack, 7010, ELSEWHERE)
    heard = loud_part(change_and_back(caller, boris, here, there, changed_port="7010", direction="sendrecv"))
    for one in (here, there):
        assert_first_and_last(one.heard(), THEIRS)
    assert_first_and_last(heard, OURS)
    assert purest(heard, ELSEWHERE) > PURE
    switch.until_at_rest()
