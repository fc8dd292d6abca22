"""The E-model against values worked out by hand, and how losses are spread."""

from __future__ import annotations

import random

import pytest

from softswitch.rtp.e_model import IMPAIRMENTS, Link, mos, mos_of_rating, rating
from softswitch.rtp.extended_reports import EXTENDED_REPORT, VoipMetrics, build_metrics, metrics_in
from softswitch.rtp.loss_pattern import GMIN, LossPattern
from softswitch.rtp.rtcp import ReceiverReport, UnknownRtcp, build_rtcp, parse_rtcp


@pytest.mark.parametrize(
    ("link", "r"),
    [
        (Link("PCMU", 0.0), 93.2),
        (Link("PCMU", 0.01), 93.2 - 95 * 1 / (1 + 25.1)),
        (Link("PCMA", 0.05, 2.0), 93.2 - 95 * 5 / (5 / 2 + 25.1)),
        (Link("G729", 0.0), 82.2),
        (Link("G729", 0.03), 82.2 - 84 * 3 / (3 + 19)),
        (Link("GSM", 0.0), 73.2),
        (Link("PCMU", 0.0, 1.0, 150.0), 93.2 - 3.6),
        (Link("PCMU", 0.0, 1.0, 277.3), 93.2 - 0.024 * 277.3 - 11.0),
        (Link("WHAT", 0.0), 82.2),
    ],
)
def test_the_rating_is_that_of_the_formula(link: Link, r: float) -> None:
    assert rating(link) == pytest.approx(r, abs=1e-9)


@pytest.mark.parametrize(
    ("r", "score"), [(-5, 1.0), (0, 1.0), (50, 2.58), (60, 3.1), (70, 3.6), (80, 4.03), (90, 4.34), (100, 4.5)]
)
def test_scores_are_those_of_annex_b(r: float, score: float) -> None:
    assert mos_of_rating(r) == pytest.approx(score, abs=0.01)


def test_no_codec_is_better_than_pcm_and_worse_links_score_worse() -> None:
    assert all(mos(Link(codec, 0.0)) <= mos(Link("PCMU", 0.0)) for codec in IMPAIRMENTS)
    falling = [mos(Link("PCMU", lost)) for lost in (0.0, 0.01, 0.05, 0.2, 1.0)]
    assert falling == sorted(falling, reverse=True)


def test_single_losses_far_apart_are_a_gap_and_close_ones_a_burst() -> None:
    pattern = LossPattern()
    for _ in range(10):
        pattern.received(99)
        pattern.lost(1)
    spread = pattern.spread()
    assert (pattern.losses, pattern.runs, pattern.seen) == (10, 10, 1000)
    assert spread.burst_density == 0.0
    assert spread.gap_density == pytest.approx(0.01, abs=0.002)
    assert pattern.burst_ratio(0.01) == 1.0
    burst = LossPattern()
    burst.received(500)
    for _ in range(5):
        burst.lost(2)
        burst.received(2)
    burst.received(490)
    found = burst.spread()
    assert 0.4 < found.burst_density < 0.7
    assert 15 < found.burst_packets < 22
    assert burst.burst_ratio(0.01) == pytest.approx(2 * 0.99)


def test_random_losses_have_a_burst_ratio_of_about_one() -> None:
    chance = random.Random(4)
    pattern, run = LossPattern(), 0
    for _ in range(20_000):
        if chance.random() < 0.1:
            run += 1
            continue
        if run:
            pattern.lost(run)
        pattern.received(1)
        run = 0
    assert pattern.burst_ratio(0.1) == pytest.approx(1.0, abs=0.03)
    assert GMIN == 16


def test_voip_metrics_are_written_and_read_as_the_rfc_lays_them_out() -> None:
    told = VoipMetrics(7, 0.05, 0.01, 0.5, 0.02, 300, 4000, 80, 60, 88.0, 4.2, 4.1, 40, 60)
    compound = build_rtcp((ReceiverReport(9), build_metrics(9, told)))
    *_, packet = parse_rtcp(compound)
    assert isinstance(packet, UnknownRtcp)
    assert packet.packet_type == EXTENDED_REPORT
    assert len(packet.body) == 4 + 4 * 9
    assert packet.body[:8] == bytes.fromhex("00000009 07000008")
    (read,) = metrics_in(packet)
    assert (read.ssrc, read.burst_ms, read.gap_ms, read.round_trip_ms, read.end_system_ms) == (7, 300, 4000, 80, 60)
    assert (read.r_factor, read.mos_listening, read.mos_conversation, read.buffer_ms) == (88.0, 4.2, 4.1, 40)
    assert read.lost == pytest.approx(0.05, abs=1 / 256)
    assert metrics_in(UnknownRtcp(EXTENDED_REPORT, 0, packet.body[:-1])) == []
    assert metrics_in(UnknownRtcp(204, 0, packet.body)) == []
    unmeasured = metrics_in(build_metrics(9, VoipMetrics(7, 0, 0)))[0]
    assert (unmeasured.r_factor, unmeasured.mos_listening) == (-1.0, -1.0)
