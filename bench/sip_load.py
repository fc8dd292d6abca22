"""SIPp against the running switch, and the CPU that it cost: calls without and with challenge, registrations."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("softswitch"))
SCENARIOS = Path(__file__).parent / "sipp"
NET = os.environ.get("BENCH_NET", "127.0.60.")
"""What all addresses begin with; two benches beside each other have two."""
SWITCH = NET + "1"
CALLER = NET + "2"
CALLEE = NET + "3"
ASKED = NET + "4"
USERS = 200


def site() -> str:
    """Write a site: a trunk that is let in by its address, a number that rings user 2000, and users that register."""
    users = "".join(f'  - {{name: u{n}, extension: "{n}", password: secret-{n}}}\n' for n in range(2000, 2000 + USERS))
    return (
        f"users:\n{users}"
        f"trunks:\n  - {{name: load, host: {CALLER}, port: 5090, transport: udp}}\n"
        'numbers:\n  - {number: "5000", user: u2000}\n'
    )


@contextmanager
def running_switch(
    program: tuple[str, ...] = (PROGRAM,), prepare: Callable[[Path], None] | None = None
) -> Iterator[tuple[Path, dict[str, int]]]:
    """Start the switch with its default configuration on its own addresses; give its directory and processes.

    Args:
        program: the command.
        prepare: writes another site into the directory: ``site.yaml``, and ``scenarios`` beside it.
    """
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "site.yaml").write_text(site())
        if prepare is not None:
            prepare(directory)
        path = directory if (directory / "scenarios").is_dir() else directory / "site.yaml"
        config = directory / "softswitch.toml"
        config.write_text(
            f'[sip]\nlisten = ["udp:{SWITCH}:5060"]\n[storage]\ndirectory = "{directory / "var"}"\n'
            f'[api]\nlisten = "{SWITCH}:8080"\n'
        )
        log = (directory / "log").open("wb")
        command = [*program, "run", "--config", str(config), "--site", str(path)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield directory, pids_of(config, process, directory)
        finally:
            process.terminate()
            process.wait(20)
            log.close()


def pids_of(config: Path, process: subprocess.Popen[bytes], directory: Path) -> dict[str, int]:
    for _ in range(100):
        done = subprocess.run(
            [PROGRAM, "status", "--json", "--config", str(config)], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return {entry["role"]: entry["pid"] for entry in json.loads(done.stdout)["processes"]}
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the switch did not start:\n{(directory / 'log').read_text()}")


def sipp(directory: Path, *words: str, scenario: str, address: str, port: int, timeout_s: int = 120) -> dict[str, int]:
    """Run SIPp to its end; return its counts of successful and failed calls and of retransmissions.

    Raises:
        RuntimeError: it could not be run, or calls failed.
    """
    stat = directory / f"stat-{time.monotonic_ns()}.csv"
    command = [
        *("sipp", f"{SWITCH}:5060", "-sf", str(SCENARIOS / scenario), "-i", address, "-p", str(port)),
        *("-nostdin", "-trace_stat", "-stf", str(stat), "-fd", "600", "-timeout", str(timeout_s), "-timeout_error"),
        *words,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=directory, check=False)
    if done.returncode not in {0, 1} or not stat.exists():
        raise RuntimeError(f"sipp ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}")
    head, *_, last = stat.read_text().strip().splitlines()
    row = dict(zip(head.split(";"), last.split(";"), strict=False))
    found = re.search(r"(\d+)\s+Retrans", done.stdout)
    return {
        "successful": int(row["SuccessfulCall(C)"]),
        "failed": int(row["FailedCall(C)"]),
        "retransmissions": int(row.get("Retransmissions(C)", found[1] if found else "0")),
    }


@contextmanager
def called_phone(
    directory: Path,
    address: str = CALLEE,
    port: int = 5070,
    *,
    user: str = "2000",
    scenario: str = "answer.xml",
    words: Sequence[str] = (),
) -> Iterator[None]:
    """Register a user, then run SIPp as its phone at that address."""
    _register_callee(directory, address, port, user)
    command = [
        *("sipp", "-sf", str(SCENARIOS / scenario), "-i", address, "-p", str(port), "-nostdin", *words),
    ]
    process = subprocess.Popen(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def _register_callee(directory: Path, address: str, port: int, user: str) -> None:
    users = directory / f"callee-{user}.csv"
    users.write_text(f"SEQUENTIAL\n{user};[authentication username={user} password=secret-{user}];\n")
    counts = sipp(directory, "-inf", str(users), "-m", "1", scenario="register.xml", address=address, port=port)
    if counts["failed"]:
        raise RuntimeError("the callee could not register")
