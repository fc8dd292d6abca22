"""What encrypted legs and legs with Opus cost a media worker, and how many of them a core carries.

Beside a C program that only relays, in turns within the same minute. The packets are made before: encrypted ones under
each phone's key, Opus by libopus. A figure is the CPU for one packet that came and one that went. What comes back is
counted, not read.

usage: python -m bench.encodings [--seconds 6] [--runs 3] [--only NAME]
"""

from __future__ import annotations

import argparse
import struct
import tempfile
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from pylibsrtp import Policy, Session

from bench.measuring import interleaved, report
from bench.relay import SETTLING_S, Load, compile_c, load, measure_baseline, worker
from softswitch.media.engine import Format, Srtp
from softswitch_codecs import codec_class
from softswitch_codecs.opus import Opus

PCMU = Format("PCMU", 8000, 1, 0, 0)
OPUS = Format("OPUS", 48000, 2, 111, 111)
SUITE = "AES_CM_128_HMAC_SHA1_80"
KEY = bytes(range(30))
RECORD = 2 + 200
"""Octets of a packet in the file: its length, and room for the longest."""
WORTH_FILLING = 0.7
"""Of a core: above it a moment's other work makes sound late."""
_SAMPLES_S = 8000


@dataclass(frozen=True)
class Case:
    """What a worker is asked for."""

    legs: int
    formats: tuple[Format, ...]
    srtp: bool = False
    what: str = ""


CASES = {
    "srtp": Case(300, (PCMU,), srtp=True, what="G.711 legs, both encrypted, relayed"),
    "opus": Case(60, (OPUS, PCMU), what="legs, Opus with G.711, converted both ways"),
    "opus-relayed": Case(1000, (OPUS,), what="legs, Opus with Opus, relayed"),
    "opus-room": Case(30, (OPUS, OPUS, PCMU), what="legs in conferences of two with Opus and one with G.711"),
}


def payloads_of(form: Format) -> list[bytes]:
    """Return a second of a tone, a packet each 20 ms."""
    opus = form.encoding == "OPUS"
    rate_hz = 16_000 if opus else _SAMPLES_S
    cls = codec_class("PCMU")
    assert cls is not None
    codec = Opus() if opus else cls()
    sound = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)).astype(np.int16).reshape(50, -1)
    return [codec.encode(frame[np.newaxis])[0].tobytes() for frame in sound]


def write_packets(path: Path, case: Case, frames: int) -> None:
    """Write what each phone sends."""
    spoken = [payloads_of(form) for form in case.formats]
    policy = Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80)
    sealing = [Session(policy) if case.srtp else None for _ in range(case.legs)]
    with path.open("wb") as file:
        for frame in range(frames):
            for leg, session in enumerate(sealing):
                kind = leg % len(case.formats)
                form = case.formats[kind]
                head = struct.pack(
                    "!BBHII", 0x80, form.receive_type, frame, frame * form.clock_rate_hz // 50, 0x1000 + leg
                )
                packet = head + spoken[kind][frame % 50]
                packet = packet if session is None else session.protect(packet)
                file.write(struct.pack("=H", len(packet)) + packet.ljust(RECORD - 2, b"\0"))


def measure(generator: Path, case: Case, wanted: Load, packets: Path) -> dict[str, float]:
    """Send to the rooms of one worker."""
    text = b64encode(KEY).decode()
    keys = Srtp(SUITE, text, text) if case.srtp else None
    people = max(2, len(case.formats))
    with worker(case.legs, "", people=people, formats=case.formats, srtp=keys) as running:
        figures = load(generator, wanted, running.ports, running.process.pid, blind=True, packets=(packets, RECORD))
    kept = {key: value for key, value in figures.items() if not key.startswith("delay")}
    return {**kept, "legs_a_core": WORTH_FILLING * 1e6 / (50 * figures["us_per_packet"])}


def show(chosen: Sequence[str], figures: dict[str, dict[str, dict[str, float]]], runs: int) -> None:
    """Print a table, and what it means."""
    print(f"{'':14}{'legs':>6}{'us':>10}{'C':>8}{'lost':>8}{'legs a core':>14}   (medians of {runs})")
    for name in chosen:
        case, found = CASES[name], figures[name]
        us, theirs = found["us_per_packet"]["median"], figures[f"c_{case.legs}"]["us_per_packet"]["median"]
        legs = found["legs_a_core"]["median"]
        print(f"{name:14}{case.legs:6}{us:10.1f}{theirs:8.2f}{found['lost']['median']:8.0f}{legs:14.0f}   {case.what}")


def main() -> None:
    """Measure, print a table and JSON."""
    parser = argparse.ArgumentParser(description="Encrypted legs and legs with Opus.")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=CASES)
    given = parser.parse_args()
    chosen = [name for name in CASES if given.only in (None, name)]
    with tempfile.TemporaryDirectory() as folder:
        generator = compile_c("c_generator", Path(folder))
        relay = compile_c("c_relay", Path(folder))
        measures: dict[str, Callable[[], dict[str, float]]] = {}
        for name in chosen:
            case = CASES[name]
            packets = Path(folder) / f"{name}.packets"
            write_packets(packets, case, int(50 * (given.seconds + SETTLING_S)))
            wanted = Load(case.legs, given.seconds, 1000, 100)
            measures[name] = partial(measure, generator, case, wanted, packets)
            measures[f"c_{case.legs}"] = partial(measure_baseline, relay, generator, wanted)
        figures = interleaved(given.runs, measures)
    show(chosen, figures, given.runs)
    report("encodings", figures)


if __name__ == "__main__":
    main()
