"""``softswitch bench``: how many calls this machine carries."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from softswitch.cli.options import JsonOption
from softswitch.cli.output import print_json
from softswitch.simulation.media_bench import KINDS, Figures, measure

_HEAD: Final = f"{'':8}{'legs':>7}{'core':>8}{'per packet':>13}{'lost':>9}"
_WORTH_FILLING: Final = 0.7
"""Of a core: above it a moment's other work makes sound late."""
_PACKETS_S: Final = 50


def bench(
    *,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long each step is counted.")] = 3.0,
    most: Annotated[int, typer.Option(min=100, help="The most legs to try.")] = 3000,
    as_json: JsonOption = False,
) -> None:
    """Measure how many calls a media worker of this machine carries; takes about a minute and a half.

    Phones and a media worker talk over loopback, more and more of them, until packets are lost. A running switch is
    not touched, but both share the machine: measure while it is idle.

    Example: softswitch bench --seconds 5
    """
    figures: dict[str, list[Figures]] = {}
    if not as_json:
        typer.echo(_HEAD)
    for kind in KINDS:
        for step in measure(kind, seconds=seconds, most=most):
            figures.setdefault(kind, []).append(step)
            if not as_json:
                typer.echo(_line(step))
    if as_json:
        print_json({"machine": _machine(), "steps": [asdict(step) for steps in figures.values() for step in steps]})
        return
    for steps in figures.values():
        typer.echo(in_words(steps, cores=os.cpu_count() or 1))


def in_words(steps: Sequence[Figures], *, cores: int) -> str:
    """Say what the figures mean.

    Args:
        steps: of one kind, at least one.
        cores: of this machine.
    """
    what = "calls of two people" if steps[0].kind == "relay" else "conferences of three"
    people = KINDS[steps[0].kind]
    clean = [step for step in steps if step.clean]
    if not clean:
        return f"{what.capitalize()}: this machine did not carry even {steps[0].legs} legs cleanly."
    best = clean[-1]
    fitting = _WORTH_FILLING * 1e6 / (_PACKETS_S * best.us_per_packet)
    legs = int(fitting if steps[-1].clean else min(fitting, best.legs))
    workers = max(1, cores - 1)
    return (
        f"{what.capitalize()}: one core carries about {_round(legs // people)} ({_round(legs)} legs, "
        f"{best.us_per_packet:g} µs a packet); with {workers} media worker{'s' * (workers > 1)} this machine carries "
        f"about {_round(workers * legs // people)}. {_why(steps[-1])}"
    )


def _why(last: Figures) -> str:
    if last.phones_too_slow:
        return f"At {last.legs} legs the measuring phones were too slow, not the switch."
    if last.clean:
        return f"It was not tried with more than {last.legs} legs."
    return f"At {last.legs} legs {last.lost_percent:g} % of the packets were lost" + (
        " and the worker was full." if last.full else "."
    )


def _line(step: Figures) -> str:
    notes = [note for note, true in (("full", step.full), ("the phones are too slow", step.phones_too_slow)) if true]
    figures = f"{step.core_percent:6.1f} %{step.us_per_packet:10.2f} µs{step.lost_percent:7.2f} %"
    return f"{step.kind:8}{step.legs:7}{figures}{'  ' * bool(notes)}{', '.join(notes)}"


def _round(number: int) -> int:
    return number if number < 20 else number - number % 10


def _machine() -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
