"""Queues over real SIP: whatever callers and agents do, and though the brain is killed, nothing sticks.

The gate takes a minute; ``make soak`` takes ten.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.interop.test_killed_often import answering, kill_brain, supervisor_of

pytestmark = pytest.mark.network

SOAK_S = float(os.environ.get("SOAK_S", "60"))
AGENTS = {f"agent{n}": str(101 + n) for n in range(10)}
CALLERS = 50
"""At once."""
CALLS = max(CALLERS + 10, int(SOAK_S * 8))
LIMIT_S = int(SOAK_S * 3 + 300)
"""So long a loaded machine may take for the callers; the phones of the agents stay for longer."""
TOLERANT = ("-default_behaviors", "all,-abortunexp")
"""A BYE that comes while SIPp is about to send its own counts as nothing; it comes again."""
STUBBORN = ("-max_retrans", "12")
"""A phone says everything for 40 s again: so long a brain that was killed may take to come back there."""
USERS = "".join(
    f'  - {{name: {name}, extension: "{number}", password: secret-{number}, preset: mango}}\n'
    for name, number in AGENTS.items()
)
SITE = f"""\
users:
{USERS}
queues:
  - {{name: support, extension: "700", strategy: longest_idle, ring_s: 5, retry_s: 1,
     members: [{", ".join(f"{{user: {name}}}" for name in AGENTS)}]}}
trunks:
  - {{name: west, host: 127.0.2.1, port: 5090, transport: udp}}
numbers:
  - {{number: "5700", queue: support}}
"""


@pytest.fixture
def queue_switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    with ends_well(SwitchProcess(space, folder, site=SITE)) as found:
        yield found


def log_in(switch: SwitchProcess, user: str, *, logged_in: bool = True) -> None:
    """Log an agent in or out."""
    switch.ask("PUT", f"users/{user}/queues", logged_in=logged_in)


def agents_phones(switch: SwitchProcess, phone: SippPhone, folder: Path) -> None:
    """Register the phones of all agents, at one address, and let them answer by themselves."""
    users = folder / "agents.csv"
    rows = (f"{e};[authentication username={e} password=secret-{e}];" for e in AGENTS.values())
    users.write_text("SEQUENTIAL\n" + "\n".join(rows) + "\n")
    phone.plays("register_many.xml", options=("-inf", str(users), "-m", str(len(AGENTS))), expires="3000")
    most = ("-m", "1000000", "-timeout", str(2 * LIMIT_S), *STUBBORN)
    phone.starts("agent.xml", options=most, answer_after_ms="150", media_port="[auto_media_port+400]")
    for user in AGENTS:
        log_in(switch, user)


@pytest.mark.timeout(2 * LIMIT_S + 600)
@pytest.mark.row("C-1", "C-13")
def test_whatever_callers_and_agents_do_nothing_sticks_and_each_call_is_in_the_records_once(
    queue_switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    switch, seed = queue_switch, random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201  # of what this side does; SIPp draws by itself
    chance = random.Random(seed)
    agents = SippPhone(space, tmp_path, "agents", address="127.0.1.1")
    west = SippPhone(space, tmp_path, "84950000001", address="127.0.2.1", port=5090)
    stack.callback(agents.close)
    stack.callback(west.close)
    agents_phones(switch, agents, tmp_path)
    supervisor, day = supervisor_of(switch), utc_day()
    many = ("-m", str(CALLS), "-l", str(CALLERS), "-r", "40", "-timeout", str(LIMIT_S), *STUBBORN, *TOLERANT)
    callers = west.starts("trunk_restless.xml", options=many, dial="5700", media_port="[auto_media_port+400]")
    began, killed, out = time.monotonic(), False, ""
    while not killed or time.monotonic() < began + SOAK_S:
        time.sleep(chance.uniform(0.2, 0.8))
        if not killed and time.monotonic() > began + SOAK_S / 2:
            kill_brain(switch, supervisor)
            switch.until_ready_again()
            killed = True
        if out:
            log_in(switch, out)
        out = chance.choice(list(AGENTS))
        log_in(switch, out, logged_in=False)
    log_in(switch, out)
    assert callers.finished(timeout_s=LIMIT_S + 30).failed == 0
    switch.until_at_rest()
    queue = switch.ask("GET", "queues/support")
    assert (queue["waiting"], queue["served"]) == (0, 0)
    assert queue["agents"] == dict.fromkeys(AGENTS, "free"), "nobody is stuck"
    assert answering(switch) == 2, "the brain was killed once"
    assert not breaches_told(switch)
    records_are_whole(switch, queue if utc_day() == day else None)
    assert "the same again" in switch.cli("replay")


def breaches_told(switch: SwitchProcess) -> list[str]:
    """Return what the log says of conversations in which an invariant was broken."""
    lines = switch.log().splitlines()
    breaches = [json.loads(line) for line in lines if '"invariant.breached"' in line]
    concerned = {str(breach.get("conversation_id") or breach.get("subject")) for breach in breaches}
    return [line for line in lines if any(name in line for name in concerned)]


def records_are_whole(switch: SwitchProcess, queue: dict[str, Any] | None) -> None:
    """See that each call and each entry is in the records once.

    Args:
        switch: whose records.
        queue: its figures of the day; None where the day has ended meanwhile, and they began anew.
    """
    calls = complete_records(switch)
    assert len(calls) == CALLS == len({call["conversation_id"] for call in calls})
    assert Counter(call["end_reason"] for call in calls) == {"completed": CALLS}
    ends = Counter(row["end_how"] for row in switch.records("queue_entries"))
    assert ends.keys() == {"served", "abandoned"}
    assert ends.total() == CALLS
    assert ends["served"] > CALLS / 10
    if queue is not None:
        assert (queue["entered"], queue["answered"], queue["abandoned"]) == (CALLS, ends["served"], ends["abandoned"])


def utc_day() -> date:
    return datetime.now(UTC).date()


def complete_records(switch: SwitchProcess) -> list[dict[str, object]]:
    """Return the records of the queue's calls as soon as each is complete."""
    deadline = time.monotonic() + 120
    while True:
        calls = [call for call in switch.records("conversations") if call["to_number"] == "5700"]
        if len(calls) >= CALLS and all(call["ended_at"] is not None for call in calls):
            return calls
        assert time.monotonic() < deadline, f"{len(calls)} of {CALLS}"
        time.sleep(0.1)
