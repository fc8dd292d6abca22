"""``GET /metrics``: the switch in numbers, as Prometheus reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from softswitch.api.view import MetricsView, SwitchView

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Collector:
    """Asks the switch at each scrape: nothing is counted twice, and nothing costs a call anything."""

    def __init__(self, view: SwitchView) -> None:
        self._view = view

    def collect(self) -> Iterator[Metric]:
        found = self._view.metrics()
        yield from _gauges(found)
        yield from _counters(found)
        yield from _of_workers(found)


def _gauges(found: MetricsView) -> Iterator[Metric]:
    status = found.status
    for name, text, value in (
        ("calls", "Conversations that are not over.", status.calls),
        ("legs", "Legs whose dialog is not over.", status.legs),
        ("dialogs", "SIP dialogs.", status.dialogs),
        ("transactions", "SIP transactions that can still change a call.", status.transactions),
        ("ports", "Media ports bound by a leg.", status.ports),
        ("timers", "Timers of calls, dialogs and such transactions.", status.timers),
        ("registrations", "Registered phones.", status.registrations),
        ("ready", "Whether calls can be taken.", int(found.ready)),
        ("alarms", "What is wrong at the moment; 'softswitch status' says it in words.", len(status.alarms)),
        ("mos_in", "Mean opinion score of what comes from phones, over the legs measured; 0 for none.", found.mos_in),
        ("mos_out", "The same of what phones hear, by their reports.", found.mos_out),
        ("bad_phones", "Users whose last calls sounded bad.", found.bad_phones),
        ("journal_lag_octets", "Facts in memory that are not on disk yet.", found.journal_lag_octets),
        ("journal_lag_facts", "Facts that are not on disk yet.", found.journal_lag_facts),
        ("journal_late_seconds", "How long facts have waited for the disk.", found.journal_late_s),
    ):
        yield GaugeMetricFamily(f"softswitch_{name}", text, value)


def _counters(found: MetricsView) -> Iterator[Metric]:
    for name, text, value in (
        ("journal_lost_facts", "Facts that found no room in memory.", found.journal_lost_facts),
        ("invariant_breaches", "Things that had lost their owner and were cleaned up.", found.invariant_breaches),
    ):
        yield CounterMetricFamily(f"softswitch_{name}", text, value)
    restarts = CounterMetricFamily(
        "softswitch_restarts", "Processes that died and were started again.", labels=["role"]
    )
    for role, count in found.restarts.items():
        restarts.add_metric([role], count)
    yield restarts
    drops = CounterMetricFamily("softswitch_socket_drops", "SIP packets that a full socket lost.", labels=["local"])
    for local, count in found.socket_drops.items():
        drops.add_metric([local], count)
    yield drops


def _of_workers(found: MetricsView) -> Iterator[Metric]:
    late = GaugeMetricFamily("softswitch_tick_late_seconds", "The latest media tick of 5 s.", labels=["worker"])
    missed = CounterMetricFamily("softswitch_missed_ticks", "Media ticks that were not made.", labels=["worker"])
    full = GaugeMetricFamily("softswitch_worker_full", "1 while it is too busy for new calls.", labels=["worker"])
    legs = GaugeMetricFamily("softswitch_worker_legs", "Legs that a worker holds.", labels=["worker"])
    ticks = HistogramMetricFamily("softswitch_tick_lateness_seconds", "How late media ticks began.", labels=["worker"])
    for worker in found.workers:
        label = [str(worker.worker)]
        late.add_metric(label, worker.late_ms / 1000)
        missed.add_metric(label, worker.missed_ticks)
        full.add_metric(label, worker.full)
        legs.add_metric(label, worker.legs)
        if worker.ticks:
            ticks.add_metric(label, _buckets(worker.ticks), sum_value=None)
    yield from (late, missed, full, legs, ticks)


def _buckets(ticks: Sequence[tuple[float, int]]) -> list[tuple[str, float]]:
    return [("+Inf" if math.isinf(bound_s) else str(bound_s), float(count)) for bound_s, count in ticks]


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(view))

    @routes.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Tell the numbers that Prometheus scrapes."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE)

    return routes
