"""pyVoIP, a softphone that others wrote in Python and whose SIP is its own in many places: calls, is called, hears."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from tests.interop.conftest import TONES_HZ, PhoneMaker
from tests.interop.peers.audio import PURE, RATE_HZ, loud_part, read_wav, share_of
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.pyvoip import PyVoip
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network

OURS_HZ = 850.0
_extensions = count(241)


class PyVoipMaker(Protocol):
    """Starts pyVoIP as the phone of a user whom no other test knows."""

    def __call__(self, *, dial: str = "") -> PyVoip: ...


@pytest.fixture
def pyvoip(switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path) -> PyVoipMaker:
    def make(*, dial: str = "") -> PyVoip:
        found = PyVoip(
            space,
            tmp_path,
            str(next(_extensions)),
            address="127.0.0.1",
            tone_hz=OURS_HZ,
            dial=dial,
        )
        stack.callback(found.close)
        return found

    return make


def assert_holds(path: Path, frequency_hz: float) -> None:
    heard = loud_part(read_wav(path))
    assert len(heard) > 1.5 * RATE_HZ
    assert share_of(heard, frequency_hz) > PURE


def test_it_calls_and_hangs_up(switch: SwitchProcess, phone: PhoneMaker, pyvoip: PyVoipMaker) -> None:
    boris = phone("102")
    caller = pyvoip(dial="102")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    caller.until("heard")
    boris.until_heard(2.0)
    caller.hang_up()
    caller.until("ended")
    boris.until("CALL_CLOSED")
    switch.until_at_rest()
    assert_holds(caller.heard, TONES_HZ["102"])
    assert_holds(boris.heard(), OURS_HZ)
    assert switch.call_of(caller.extension)["end_reason"] == "completed"


def test_it_is_called_and_the_other_side_hangs_up(
    switch: SwitchProcess, phone: PhoneMaker, pyvoip: PyVoipMaker
) -> None:
    anna = phone("101")
    called = pyvoip()
    called.until("registered")
    anna.command("dial", called.extension)
    called.until("heard")
    anna.until_heard(2.5)
    anna.command("hangup")
    called.until("ended")
    switch.until_at_rest()
    assert_holds(called.heard, TONES_HZ["101"])
    assert_holds(anna.heard(), OURS_HZ)


def test_it_hears_itself_and_may_call_again_after_a_restart(switch: SwitchProcess, pyvoip: PyVoipMaker) -> None:
    # Its branches start from one again with every start; see the matching of transactions.
    for _ in range(2):
        caller = pyvoip(dial="*99")
        caller.until("heard")
        caller.hang_up()
        caller.until("gone")
        assert_holds(caller.heard, OURS_HZ)
    switch.until_at_rest()
