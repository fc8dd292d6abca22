"""What a start costs: facts folded a second, and how long a switch takes to start with a long journal behind it.

Usage: python -m bench.journal [--calls N] [--runs N] [--minutes N] [--rate CALLS_PER_S] [--talk SECONDS]

A simulated call's facts are repeated under other names. The fold is of ``--calls`` calls in memory. The starts are of
the real program: with nothing behind it, and with ``--minutes`` of ``--rate`` calls a second, of which those of the
last ``--talk`` seconds still go on: by default a thousand, as many as a media worker carries. No worker holds them any
more, as after a power cut, so each is offered another port while the start goes on.

That journal is as the writer and its upkeep leave it: closed segments compressed but for the last one, a snapshot
behind them, and call records that tell of all of it. An hour at 50 calls a second takes about 1.5 GB of disk for a
while, and some minutes to make.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import pack

import msgpack

from bench.measuring import cpu_by_process, interleaved, report
from bench.sip_load import PROGRAM, SWITCH
from softswitch.app.folded_state import FoldedState
from softswitch.app.garbage import unhindered
from softswitch.app.upkeep import compress_closed, make_snapshot
from softswitch.core.facts import decode
from softswitch.journal.segments import SegmentWriter
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World
from softswitch.storage.record_store import RecordStore, default_url

START_S = 120.0
BATCH = 2000
PHONES = {b"192.0.2.11": b"127.0.60.7", b"192.0.2.12": b"127.0.60.8"}
"""The simulated phones' addresses, and as long ones that a start can send to."""
_NAMES = re.compile(rb"[0-9a-f]{16,}")
"""SIP's Call-IDs, tags and branches as the simulation makes them."""


@dataclass(frozen=True, slots=True)
class Template:
    """A fact of the call that is repeated."""

    offset_s: float
    parts: tuple[bytes, ...]
    """What follows the time in the record, split where a name stands."""
    names: tuple[bytes, ...]
    """The names between the parts; a call's number replaces their first eight octets."""

    def record(self, sequence: int, wall_s: float, call: int) -> bytes:
        """Return the fact as one of another call."""
        number = b"%08x" % call
        names = [number + name[8:] for name in self.names]
        body = b"".join([octets for pair in zip(self.parts, [*names, b""], strict=True) for octets in pair])
        place: bytes = msgpack.packb(sequence)
        return b"".join((b"\x96", place, b"\xcb", pack(">d", wall_s), body))


def one_call(talk_s: float) -> list[Template]:
    """Simulate a call of two users and return its facts."""

    async def script(loop: VirtualLoop) -> list[bytes]:
        world = World(loop, 1, Setting(hosts=(SWITCH,)))
        anna, boris = await world.registered("anna"), await world.registered("boris")
        await anna.dial("102")
        (await boris.until_called()).answer()
        await anna.call.until(CallState.UP)
        await asyncio.sleep(talk_s)
        await anna.call.hang_up()
        await asyncio.sleep(1)
        return list(world.switch.journal.records())

    records = [(decode(payload), payload) for payload in run_virtually(script)]
    calls = [(record, payload) for record, payload in records if record.conversation_id]
    begun_s = calls[0][0].wall_s
    return [_template(payload, record.wall_s - begun_s, record.conversation_id) for record, payload in calls]


def _template(payload: bytes, offset_s: float, conversation_id: str) -> Template:
    for simulated, reachable in PHONES.items():
        payload = payload.replace(simulated, reachable)
    time_at = payload.index(b"\xcb", 1, 12)
    pieces = re.split(b"(" + re.escape(conversation_id.encode()) + b"|" + _NAMES.pattern + b")", payload[time_at + 9 :])
    return Template(offset_s, tuple(pieces[::2]), tuple(pieces[1::2]))


def facts_of(templates: list[Template], *, calls: int, rate: float, until_s: float, begun_s: float) -> Iterator[bytes]:
    """Give the facts of calls that begin ``rate`` a second, in their order, up to ``until_s`` behind the first."""

    def moments(number: int) -> Iterator[tuple[float, int, int]]:
        for call in range(calls):
            at_s = call / rate + templates[number].offset_s
            if at_s > until_s:
                return
            yield at_s, call, number

    in_order = heapq.merge(*(moments(number) for number in range(len(templates))))
    for sequence, (at_s, call, number) in enumerate(in_order, 1):
        yield templates[number].record(sequence, begun_s + at_s, call)


def fold(payloads: list[bytes]) -> dict[str, float]:
    """Fold facts as a start does; return how many a second."""
    state = FoldedState()
    with unhindered():
        begun_s = time.process_time()
        state.fold(payloads)
        spent_s = time.process_time() - begun_s
    if state.unfit or state.sequence != len(payloads):
        raise RuntimeError(f"these facts do not fit: {state.unfit[:3]}")
    return {"facts_a_second": len(payloads) / spent_s, "facts": len(payloads)}


def write_journal(storage: Path, payloads: Iterator[bytes]) -> dict[str, float]:
    """Write segments and the snapshot behind the closed ones; return what there is."""
    directory = storage / "journal"
    journal = SegmentWriter(directory)
    batch: list[bytes] = []
    for payload in payloads:
        batch.append(payload)
        if len(batch) == BATCH:
            journal.append(batch)
            batch = []
    journal.append(batch)
    journal.close()
    begun_s = time.perf_counter()
    snapshot = make_snapshot(directory)
    made_s = time.perf_counter() - begun_s
    compress_closed(directory)
    records = RecordStore(default_url(storage))
    records.apply((), journal.last_sequence)  # as far as a start can see, they tell of all
    records.close()
    os.sync()  # else the first start waits for a gigabyte to be written
    last = snapshot.sequence if snapshot else 0
    return {
        "facts": journal.last_sequence,
        "facts_behind_snapshot": journal.last_sequence - last,
        "snapshot_octets": len(snapshot.state) if snapshot else 0,
        "snapshot_made_in_s": made_s,
    }


def start_with(storage: Path) -> dict[str, float]:
    """Start a switch with a copy of that storage directory; return the seconds until calls can be taken."""
    with tempfile.TemporaryDirectory() as name:
        newest = max(map(str, storage.glob("journal/segment-*")), default="")  # the one that a start appends to

        def alike(source: str, target: str) -> None:
            copied = source == newest or not Path(source).is_relative_to(storage / "journal")
            (shutil.copy if copied else os.link)(source, target)

        shutil.copytree(storage, Path(name) / "var", copy_function=alike)
        return start(Path(name))


def start(directory: Path) -> dict[str, float]:
    """Start a switch in a directory.

    Returns:
        The seconds until phones are answered and until calls can be taken, and those of CPU in the brain until then.
    """
    config = directory / "softswitch.toml"
    config.write_text(f'[sip]\nlisten = ["udp:{SWITCH}:5060"]\n[api]\nlisten = "{SWITCH}:8080"\n[log]\nform = "json"\n')
    with (directory / "log").open("w+b") as log:
        begun_s = time.perf_counter()
        process = subprocess.Popen(
            [PROGRAM, "run", "--config", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory
        )
        try:
            _until(lambda: b'"brain.answering"' in (directory / "log").read_bytes(), directory)
            answering_s = time.perf_counter() - begun_s
            _until(lambda: b'"brain.ready"' in (directory / "log").read_bytes(), directory)
            spent_s = time.perf_counter() - begun_s
            brain_cpu_s = cpu_by_process({"brain": _brain_of(process.pid)})["brain"]
            return {"answering_s": answering_s, "start_s": spent_s, "brain_cpu_s": brain_cpu_s}
        finally:
            for _ in range(3):  # the third signal kills at once
                process.terminate()
            process.wait(30)


def _brain_of(supervisor: int) -> int:
    children = map(int, Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split())
    for pid in children:
        with suppress(FileNotFoundError):  # the one that says welcome has ended
            if Path(f"/proc/{pid}/comm").read_text().strip() == "switch-brain":
                return pid
    raise RuntimeError("the brain has ended")


def _until(ready: Callable[[], bool], directory: Path) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the switch did not start:\n{(directory / 'log').read_text()[-3000:]}")
        time.sleep(0.01)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--talk", type=float, default=20.0, metavar="SECONDS")
    options = parser.parse_args()
    templates = one_call(options.talk)
    everything = float("inf")
    payloads = list(facts_of(templates, calls=options.calls, rate=options.rate, until_s=everything, begun_s=0.0))
    long_s = 60 * options.minutes
    hour = facts_of(
        templates,
        calls=int(long_s * options.rate),
        rate=options.rate,
        until_s=long_s,
        begun_s=time.time() - long_s,
    )
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        journal = write_journal(Path(full), hour)
        measures = {
            "fold": lambda: fold(payloads),
            "start_empty": lambda: start_with(Path(empty)),
            "start_long": lambda: start_with(Path(full)),
        }
        figures = interleaved(options.runs, measures)
        report("journal", {**figures, "journal": journal, "flags": vars(options)})


if __name__ == "__main__":
    main()
