"""Attended transfers over real SIP: REFER with Replaces (RFC 5589) by SIPp, none may fail; what each costs the switch.

Usage: python -m bench.attended_transfers [--rate TRANSFERS_PER_S] [--seconds N]

A user calls 2000, then asks 2002 in a second call, and brings the two together; 2002 hangs up later. So each figure
holds two calls that are set up with a challenge, the transfer, and the end of what is left. No media. ``a_second`` is
by the facts: from the first transfer that was done to the last. Where it stays behind the rate, either the switch had
no more time left (``brain_busy`` near 1) or the machine had none for SIPp (``load``, beside the number of processors).
``failed`` is by the facts too; ``failed_at_sipp`` are calls that SIPp gave up, which it also does when it was itself
kept waiting and an older message comes again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measuring import cpu_by_process, report
from bench.sip_load import ASKED, CALLER, NET, SCENARIOS, SWITCH, called_phone, running_switch, sipp
from softswitch.app.record_projection import COLLECT_S
from softswitch.calls.facts import ConversationEnded
from softswitch.calls.transfer_facts import TransferEnded
from softswitch.journal.reading import read_records

BESIDE = NET + "5"
"""Where the second calls of the transferors come from."""
TWINS = f"{BESIDE}:7000"
TALK_MS = 1000
"""How long whoever was asked talks, from their answer on."""


@contextmanager
def second_calls(directory: Path, count: int, timeout_s: int) -> Iterator[None]:
    """Run the SIPp that makes the second calls; the other one tells it when."""
    command = [
        *("sipp", f"{SWITCH}:5060", "-sf", str(SCENARIOS / "consultation.xml"), "-i", BESIDE, "-p", "5094"),
        *("-3pcc", TWINS, "-m", str(count), "-nostdin", "-timeout", str(timeout_s)),
    ]
    process = subprocess.Popen(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(1.0)  # it listens for the other one
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def transfers(directory: Path, pids: dict[str, int], *, count: int, rate: int) -> dict[str, float]:
    """Make ``count`` attended transfers; return milliseconds of CPU each, failures and retransmissions."""
    timeout_s = 60 + 2 * count // rate
    ended_before = _outcomes(directory)
    before, began = cpu_by_process(pids), time.monotonic()
    with second_calls(directory, count, timeout_s):
        # SIPp begins fewer calls while three seconds' worth are open: a busy machine makes it slower, not wrong.
        words = ["-m", str(count), "-r", str(rate), "-3pcc", TWINS, "-cid_str", "%u-%p"]
        counts = sipp(directory, *words, scenario="transferor.xml", address=CALLER, port=5092, timeout_s=timeout_s)
        took_s = time.monotonic() - began
    spent_s = {role: after_s - before[role] for role, after_s in cpu_by_process(pids).items()}
    ended = _when_over(directory, ended_before, count)
    after = cpu_by_process(pids)
    spent = {role: 1000 * (after[role] - before[role]) / count for role in before}
    return {
        "transfers": count,
        "a_second": _rate(directory, count),
        "brain_busy": spent_s["brain"] / took_s,
        "load": os.getloadavg()[0],
        "ms_each": sum(spent.values()),
        **{f"ms_{role}": value for role, value in spent.items()},
        "failed": count - ended["transferred 200"],
        "failed_at_sipp": counts["failed"],
        "calls_not_completed": count - ended["completed"],
        "retransmissions": counts["retransmissions"],
    }


def _when_over(directory: Path, before: Counter[str], count: int) -> Counter[str]:
    """Wait until those who were brought together have hung up; return how everything ended since ``before``."""
    deadline = time.monotonic() + TALK_MS / 1000 + 20
    while True:
        time.sleep(COLLECT_S + 0.5)  # the writer's last batch belongs to these calls
        ended = _outcomes(directory) - before
        if ended["completed"] >= count or time.monotonic() > deadline:
            return ended


def _rate(directory: Path, count: int) -> float:
    """Return how many of the last ``count`` transfers were done a second."""
    records = read_records(directory / "var" / "journal")
    times_s = [record.wall_s for record in records if isinstance(record.fact, TransferEnded)][-count:]
    return (len(times_s) - 1) / (times_s[-1] - times_s[0]) if len(times_s) > 1 else 0.0


def _outcomes(directory: Path) -> Counter[str]:
    """Count how transfers and conversations ended so far, by the facts."""
    found: Counter[str] = Counter()
    for record in read_records(directory / "var" / "journal"):
        if isinstance(record.fact, TransferEnded):
            found[f"transferred {record.fact.status}"] += 1
        elif isinstance(record.fact, ConversationEnded):
            found[record.fact.reason] += 1
    return found


def main() -> None:
    """Measure and print.

    Raises:
        SystemExit: a transfer failed.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    # A phone that the machine keeps waiting sees our INVITE again behind its own 200, and SIPp would give up over it.
    patient = ("-default_behaviors", "all,-abortunexp")
    with (
        running_switch() as (directory, pids),
        called_phone(directory, words=patient),
        called_phone(
            *(directory, ASKED, 5071),
            user="2002",
            scenario="answer_and_leave.xml",
            words=("-d", str(TALK_MS), *patient),
        ),
    ):
        transfers(directory, pids, count=40, rate=options.rate)
        figures = transfers(directory, pids, count=options.seconds * options.rate, rate=options.rate)
        report("attended_transfers", figures)
    if figures["failed"] or figures["failed_at_sipp"] or figures["calls_not_completed"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
