"""What is heard while a caller holds or moves its media: SIPp signals for it, an ear listens, baresip is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.conftest import TONES_HZ
from tests.interop.peers.audio import write_tone
from tests.interop.peers.baresip import Baresip, let_hear
from tests.interop.peers.ear import Ear
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import Sipp, SippPhone
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network

OURS, ELSEWHERE, THEIRS = 440.0, 850.0, TONES_HZ["102"]
HERE, THERE = 7000, 7010
"""The caller's ports."""
HEARD_S = 0.5
"""A tone is known by so much of it."""
SILENT_S = 1.2
"""Where nothing comes for so long, nothing is sent."""


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


def calls_boris(caller: SippPhone, boris: Baresip, **change: str) -> Sipp:
    """Let the caller call; return what plays it once its media are there to be listened to."""
    earlier = len(boris.recordings())
    calling = caller.starts("call_and_change.xml", dial="102", media_port=str(HERE), **change)
    boris.until_heard(HEARD_S, earlier=earlier)
    return calling


def talk(switch: SwitchProcess, calling: Sipp, here: Ear, boris: Baresip, says_hz: float, *elsewhere: Ear) -> None:
    """Spend a phase in which boris and the caller hear one another, at one address and nowhere else."""
    with calling.phase():
        here.until_hears(THEIRS, HEARD_S)
        let_hear(HEARD_S, boris)
        boris.until_hears(says_hz, HEARD_S)
        for one in elsewhere:
            one.until_silent(SILENT_S)
        switch.until_settled()


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
    here = ear(space, stack, HERE, OURS)
    calling = calls_boris(caller, boris, changed_port=str(HERE), **change)
    talk(switch, calling, here, boris, OURS)
    with calling.phase():
        here.until_silent(SILENT_S)
    talk(switch, calling, here, boris, OURS)
    calling.finished()
    switch.until_at_rest()


def test_a_caller_that_moves_is_heard_and_hears_at_the_new_address_alone(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, boris: Baresip, caller: SippPhone
) -> None:
    here, there = ear(space, stack, HERE, OURS), ear(space, stack, THERE, ELSEWHERE)
    calling = calls_boris(caller, boris, changed_port=str(THERE), direction="sendrecv")
    talk(switch, calling, here, boris, OURS, there)
    talk(switch, calling, there, boris, ELSEWHERE, here)
    talk(switch, calling, here, boris, OURS, there)
    calling.finished()
    switch.until_at_rest()
