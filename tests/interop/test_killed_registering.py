"""The signalling process is killed in the middle of a storm of REGISTERs, as after a power failure in the building."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.interop.test_killed_often import kill_brain, supervisor_of
from tests.waiting import until

pytestmark = pytest.mark.network

USERS = range(3000, 3300)
RATE = 100
SITE = "users:\n" + "".join(f'  - {{name: u{n}, extension: "{n}", password: secret-{n}}}\n' for n in USERS)


@pytest.fixture
def switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    with ends_well(SwitchProcess(space, folder, site=SITE)) as found:
        yield found


def test_every_phone_is_registered_in_the_end_once_and_where_it_is(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    rows = "".join(f"{n};[authentication username={n} password=secret-{n}];\n" for n in USERS)
    (tmp_path / "users.csv").write_text("SEQUENTIAL\n" + rows)
    crowd = SippPhone(space, tmp_path, "crowd", address="127.0.1.1")
    stack.callback(crowd.close)
    words = ("-inf", str(tmp_path / "users.csv"), "-m", str(len(USERS)), "-r", str(RATE), "-timeout", "300")
    storm = crowd.starts("register_many.xml", options=words)
    until(lambda: switch.status()["registrations"] >= len(USERS) // 3, switch.status)
    supervisor = supervisor_of(switch)
    kill_brain(switch, supervisor)
    kill_brain(switch, supervisor, before=1)  # as soon as it answers those who waited
    assert storm.finished(timeout_s=310).successful == len(USERS)
    switch.until_ready_again()
    assert switch.log().count('"process.died"') == 2
    found = {(each["extension"], each["contact"].partition(";")[0]) for each in switch.registrations()}
    assert found == {(str(n), f"sip:{n}@127.0.1.1:5080") for n in USERS}
    assert switch.status()["registrations"] == len(USERS)
    assert '"invariant.breached"' not in switch.log()
