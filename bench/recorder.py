"""What recording costs a packet, without packets of a network: the copy into the ring, and the recorder's rounds.

A thousand legs of five hundred calls, a quarter of them at each tick of 5 ms; every half second the recorder decodes,
places and writes what has come. Processor time of one process, a few seconds in all.

usage: python -m bench.recorder [--legs 1000] [--rounds 10] [--runs 3] [--folder DIR]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.measuring import interleaved, report
from softswitch.media.loops.found import find_loops
from softswitch.media.recorder.main import ROUND_S
from softswitch.media.recorder.scribe import Scribe
from softswitch.media.tap_ring import TapReader, TapWriter, make_memory

TICK_S = 0.005
PHASES = 4
PCMU = ("PCMU", 8000, 1, 0)
OCTETS = 160


def begin(scribe: Scribe, legs: int, folder: Path) -> None:
    """Tell it of all recordings, of two legs each."""
    orders = [
        (
            "record",
            f"{call}-01",
            [[2 * call + 1], [2 * call + 2]],
            {2 * call + 1: [PCMU], 2 * call + 2: [PCMU]},
            str(folder / f"{call}-01.wav"),
            0,
            "",
            0.0,
            0.0,
        )
        for call in range(legs // 2)
    ]
    scribe.write_round(orders, now_us=0, packets_lost=False)


def measure(legs: int, rounds: int, folder: Path) -> dict[str, float]:
    """Copy and write so many rounds; return the microseconds of each packet."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        memory = make_memory()
        writer, reader = TapWriter(memory), TapReader(memory)
        scribe = Scribe(lambda _: None, find_loops().loops)
        begin(scribe, legs, Path(made))
        taps = np.arange(1, legs + 1)
        sound = np.random.default_rng(1).integers(0, 256, (legs, OCTETS), np.uint8)
        put_s = write_s = 0.0
        for number in range(rounds):
            ticks = round(ROUND_S / TICK_S)
            before = time.process_time()
            for tick in range(number * ticks, (number + 1) * ticks):
                rows, frame = np.arange(tick % PHASES, legs, PHASES), tick // PHASES
                heads = np.full(len(rows), (0x80 << 24) | (frame & 0xFFFF))
                more = (np.full(len(rows), each) for each in (OCTETS * frame, 7, OCTETS, 0))
                writer.put_sound((taps[rows], heads, *more), int(1e6 * TICK_S * tick), OCTETS, [sound[rows]])
            put_s += time.process_time() - before
            before, written = time.process_time(), reader.written
            now_us = int(1e6 * ROUND_S * (number + 1))
            scribe.write_round(reader.read(written), now_us=now_us, packets_lost=False)
            reader.free(written)
            write_s += time.process_time() - before
        scribe.end_all()
        shortest = min(path.stat().st_size for path in Path(made).iterdir())
        assert shortest > 4 * 8000 * ROUND_S * (rounds - 1), shortest
    packets = legs * rounds * round(ROUND_S / TICK_S) / PHASES
    return {"copy_us_per_packet": 1e6 * put_s / packets, "write_us_per_packet": 1e6 * write_s / packets}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description="What recording costs a packet.")
    parser.add_argument("--legs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    report("recorder", interleaved(given.runs, {"recorder": lambda: measure(given.legs, given.rounds, given.folder)}))


if __name__ == "__main__":
    main()
