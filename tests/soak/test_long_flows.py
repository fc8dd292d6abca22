"""Call flows that last minutes, with SIPp: what the gate shows in virtual time. Part of ``make soak``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[tuple[Namespace, SwitchProcess]]:
    space = Namespace()
    directory = tmp_path / "switch"
    directory.mkdir()
    found = SwitchProcess(space, directory)
    try:
        yield space, found
    finally:
        code = found.close()
        space.close()
    assert code == 0
    assert not found.complaints()


def test_a_session_that_nobody_refreshes_ends_and_one_is_refreshed_though_both_sides_begin_at_once(
    switch: tuple[Namespace, SwitchProcess], tmp_path: Path
) -> None:
    """RFC 4028 §10: BYE after two thirds of 90 s. RFC 3261 §14.1: 491 to both, and the switch again within 2 s."""
    space, process = switch
    with ExitStack() as stack:
        phones = [SippPhone(space, tmp_path, str(201 + n), address=f"127.0.1.{1 + n}") for n in range(4)]
        for one in phones:
            stack.callback(one.close)
            one.plays("register.xml")
        long = ("-timeout", "90", "-aa")  # who is silent for a minute is asked by OPTIONS whether they are there
        playing = []
        for caller, callee, scenario in (
            (phones[0], phones[1], "call_not_refreshed.xml"),
            (phones[2], phones[3], "call_glare.xml"),
        ):
            playing.append(callee.starts("answer.xml", options=long))
            playing.append(caller.starts(scenario, options=long, dial=callee.extension))
        for each in playing:
            each.finished(timeout_s=100)
        process.until_at_rest()
