"""A worker and the C relay measured in turns of seconds, so that what moves the machine's speed moves both alike.

A virtual machine's core has no speed of its own: beside busy neighbours (other guests, the other thread of the same
physical core) the same instructions take half as long again, for seconds, then not. A figure of eight seconds hangs on
its moment then, and a ratio of two such figures on two moments. So both programs run at the same time, one of them
stopped, each gets the same packets for a second and a half in turn, and what counts is the ratio of neighbours.
"""

from __future__ import annotations

import os
import signal
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SLICE_S, SLICE_SETTLING_S = 1.5, 1.0


@dataclass(frozen=True)
class Contender:
    """A program that is measured."""

    pid: int
    load: Callable[[], dict[str, float]]
    """Sends it packets and returns figures."""


def in_turns(slices: int, contenders: Mapping[str, Contender]) -> dict[str, list[dict[str, float]]]:
    """Measure programs that run already, one after the other, again and again; all others stand still meanwhile.

    Returns:
        By name, the figures of its slices.
    """
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for contender in contenders.values():
        os.kill(contender.pid, signal.SIGSTOP)
    try:
        for _ in range(slices):
            for name, contender in contenders.items():
                os.kill(contender.pid, signal.SIGCONT)
                taken[name].append(contender.load())
                os.kill(contender.pid, signal.SIGSTOP)
    finally:
        for contender in contenders.values():
            os.kill(contender.pid, signal.SIGCONT)
    return taken


def compared(
    taken: Mapping[str, list[dict[str, float]]], ours: str, theirs: str, *, key: str = "us_per_packet"
) -> dict[str, float]:
    """Return the medians of one program's figures, the other's cost, and the median ratio of neighbouring slices.

    Args:
        taken: of :func:`in_turns`.
        ours: whose figures are wanted.
        theirs: to whom it is compared, by its ``us_per_packet``.
        key: which of our figures is compared.
    """
    figures = {name: statistics.median(each[name] for each in taken[ours]) for name in taken[ours][0]}
    costs = [each["us_per_packet"] for each in taken[theirs]]
    ratios = [each[key] / cost for each, cost in zip(taken[ours], costs, strict=True)]
    return {
        "ratio": statistics.median(ratios),
        **figures,
        "c_us_per_packet": statistics.median(costs),
        "c_us_least": min(costs),
        "c_us_most": max(costs),
    }
