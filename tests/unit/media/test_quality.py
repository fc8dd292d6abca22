"""Simulated links against the E-model by hand: 40 ms there and back, packets of 20 ms, PCM."""

from __future__ import annotations

import random

import numpy as np
import pytest

from softswitch.media.engine import Stream
from softswitch.media.worker.ledger import Note
from softswitch.media.worker.leg import Leg, ReportState
from softswitch.media.worker.quality import QualityMeter
from tests.unit.media.rig import PCMU, Rig

BY_HAND = {
    # lost:    jitter 0, 20, 60 ms: delays of 60, 80 and 160 ms
    0.00: (4.38, 4.37, 4.32),
    0.01: (4.29, 4.28, 4.22),
    0.03: (4.08, 4.07, 3.99),
    0.05: (3.86, 3.84, 3.76),
    0.10: (3.34, 3.32, 3.22),
}
"""R = 93.2 - 0.024 d - 95 p / (p + 25.1), then G.107's annex B."""
JITTERS_MS = (0.0, 20.0, 60.0)
PACKETS = 3000


def a_leg(rig: Rig) -> Leg:
    leg = Leg("c.1", "c", "127.0.0.1", 16384, rig.leg(), None, None, ReportState("name"))  # type: ignore[arg-type]  # unused
    leg.stream = Stream("10.0.0.1", 4000, 4001, "10.0.0.1", (PCMU,), receive=True, send=True)
    leg.reports.round_trip_s = 0.04
    return leg


def note(row: int, number: int, at_us: int) -> Note:
    one = np.array([row], np.intp)
    return Note(one, np.array([number & 0xFFFF]), np.array([160 * number]), np.array([172]), None, at_us)


def arrivals(lost: float, jitter_ms: float) -> list[tuple[int, int]]:
    """Return when each packet of a minute comes over a link; jitter is a third of the range of delays (RFC 3550)."""
    chance = random.Random(f"{lost} {jitter_ms} 3")
    missing = set(chance.sample(range(1, PACKETS - 1), round(lost * PACKETS)))
    return sorted(
        (int(20_000 * number + chance.uniform(0, 3000 * jitter_ms)), number)
        for number in range(PACKETS)
        if number not in missing
    )


def play(rig: Rig, links: dict[int, tuple[float, float]]) -> None:
    """Let a minute of packets come over links, by row: loss and jitter."""
    came = {row: arrivals(*link) for row, link in links.items()}
    for row in links:
        rig.state.stream[row] = rig.ledger.begin_streams(note(row, came[row][0][1], came[row][0][0]), np.array([7]))[0]
    for turn in range(PACKETS):
        there = {row: packets[turn] for row, packets in came.items() if turn < len(packets)}
        at_us, numbers = np.array(list(there.values())).T
        rows = np.array([*there], np.intp)
        rig.ledger.note_received(Note(rows, numbers & 0xFFFF, 160 * numbers, np.full(len(rows), 172), None, at_us))
        if turn % 5 == 0:
            rig.ledger.settle()


class Links:
    """A leg for each link of the table, with its minute behind it."""

    def __init__(self) -> None:
        self.rig = Rig(16)
        self.legs = {(lost, jitter_ms): a_leg(self.rig) for lost in BY_HAND for jitter_ms in JITTERS_MS}
        play(self.rig, {leg.row: link for link, leg in self.legs.items()})


@pytest.fixture(scope="module")
def links() -> Links:
    return Links()


@pytest.mark.parametrize("lost", BY_HAND)
@pytest.mark.parametrize("column", [0, 1, 2], ids=["jitter-0", "jitter-20", "jitter-60"])
def test_a_link_scores_as_by_hand_in_both_directions(links: Links, lost: float, column: int) -> None:
    rig, jitter_ms = links.rig, JITTERS_MS[column]
    leg = links.legs[lost, jitter_ms]
    meter = QualityMeter(rig.state, rig.ledger, lambda row: 0)
    sent = np.ones(PACKETS, np.int64)
    rig.ledger.note_sent(Note(np.repeat(np.array([leg.row], np.intp), PACKETS), sent, sent, sent, None, 0))
    leg.reports.heard_of_us = True
    leg.reports.lost_by_phone = round(lost * PACKETS)
    leg.reports.jitter_at_phone_rtp = int(8 * jitter_ms)
    quality = meter.of(leg)
    assert quality.mos_in == pytest.approx(BY_HAND[lost][column], abs=0.1)
    assert quality.mos_out == pytest.approx(BY_HAND[lost][column], abs=0.1)
    assert quality.lost_in == pytest.approx(lost, abs=0.001)
    assert quality.jitter_ms == pytest.approx(jitter_ms, rel=0.35, abs=0.2)


def test_packets_that_come_too_late_count_as_lost() -> None:
    rig = Rig()
    leg = a_leg(rig)
    play(rig, {leg.row: (0.0, 0.0)})
    meter = QualityMeter(rig.state, rig.ledger, lambda row: PACKETS // 20)
    assert meter.of(leg).mos_in == pytest.approx(BY_HAND[0.05][0], abs=0.1)
    metrics = meter.metrics(leg, 7)
    assert metrics is not None
    assert metrics.lost == 0.0
    assert metrics.discarded == pytest.approx(0.05)


def test_nothing_is_said_of_a_few_packets_or_without_reports() -> None:
    rig = Rig()
    leg = a_leg(rig)
    meter = QualityMeter(rig.state, rig.ledger, lambda row: 0)
    assert (meter.of(leg).mos_in, meter.of(leg).mos_out) == (0.0, 0.0)
    assert meter.metrics(leg, 7) is None
    play(rig, {leg.row: (0.0, 0.0)})
    assert meter.of(leg).mos_in > 4
    assert meter.of(leg).mos_out == 0.0


def test_losses_in_a_row_score_worse_than_single_ones() -> None:
    scores = []
    for run in (1, 5):
        rig = Rig()
        leg = a_leg(rig)
        rig.state.stream[leg.row] = rig.ledger.begin_streams(note(leg.row, 0, 0), np.array([7]))[0]
        for number in range(PACKETS):
            if number == 0 or number % (20 * run) >= run:
                rig.ledger.note_received(note(leg.row, number, 20_000 * number))
            if number % 5 == 0:
                rig.ledger.settle()
        scores.append(QualityMeter(rig.state, rig.ledger, lambda row: 0).of(leg).mos_in)
        assert rig.ledger.pattern(leg.row).losses == rig.ledger.counted(leg.row).lost
    assert scores[0] - scores[1] > 0.1
