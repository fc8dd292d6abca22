"""What a call costs: SIPp calls through the switch to SIPp, no media; CPU of all of the switch's processes.

Usage: python -m bench.call_setup [--calls N] [--rate CALLS_PER_S] [--runs N] [--soak SECONDS]

Callers are let in by address, then (second figure) challenged. Facts are kept, the records are written. With ``--soak``
one run of that length at the rate must end without a failure or a retransmission.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bench.baseline import c_relay_us_per_packet
from bench.measuring import cpu_by_process, interleaved, report
from bench.sip_load import CALLER, USERS, called_phone, running_switch, sipp
from softswitch.app.record_projection import COLLECT_S


def credentials(directory: Path) -> Path:
    """Write the CSV of the users that call with a challenge."""
    path = directory / "callers.csv"
    rows = "".join(f"{n};[authentication username={n} password=secret-{n}];\n" for n in range(2001, 2000 + USERS))
    path.write_text("SEQUENTIAL\n" + rows)
    return path


def calls(directory: Path, pids: dict[str, int], *, count: int, rate: int, challenged: bool) -> dict[str, float]:
    """Make ``count`` calls; return milliseconds of CPU a call, failures and retransmissions."""
    users = credentials(directory)
    before = cpu_by_process(pids)
    words = ["-m", str(count), "-r", str(rate), "-d", "200"]
    if challenged:
        counts = sipp(directory, *words, "-inf", str(users), scenario="call_challenged.xml", address=CALLER, port=5092)
    else:
        counts = sipp(directory, *words, scenario="call.xml", address=CALLER, port=5090)
    time.sleep(COLLECT_S + 0.5)  # the writer's last batch belongs to these calls
    after = cpu_by_process(pids)
    spent = {role: 1000 * (after[role] - before[role]) / count for role in before}
    return {
        "ms_a_call": sum(spent.values()),
        **{f"ms_{role}": value for role, value in spent.items()},
        "failed": counts["failed"],
        "retransmissions": counts["retransmissions"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=150)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS")
    options = parser.parse_args()
    with running_switch() as (directory, pids), called_phone(directory):
        calls(directory, pids, count=200, rate=50, challenged=False)
        if options.soak:
            count = options.soak * options.rate
            report("call_soak", calls(directory, pids, count=count, rate=options.rate, challenged=False))
            return
        measures = {
            "c_relay": lambda: {"us_per_packet": c_relay_us_per_packet()},
            "let_in": lambda: calls(directory, pids, count=options.calls, rate=options.rate, challenged=False),
            "challenged": lambda: calls(directory, pids, count=options.calls, rate=options.rate, challenged=True),
        }
        report("call_setup", interleaved(options.runs, measures))


if __name__ == "__main__":
    main()
