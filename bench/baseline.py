"""The C relay as a yardstick: what the kernel's UDP costs on this machine in this minute."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.relay import Load, compile_c, measure_baseline

_LOAD = Load(legs=1000, seconds=3, jitter_us=1000, ppm=0)


def c_relay_us_per_packet() -> float:
    """Relay 1,000 streams for three seconds by the C program; return its CPU microseconds a packet."""
    with tempfile.TemporaryDirectory() as folder:
        generator = compile_c("c_generator", Path(folder))
        relay = compile_c("c_relay", Path(folder))
        return measure_baseline(relay, generator, _LOAD)["us_per_packet"]
