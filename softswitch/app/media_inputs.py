"""What the media engine tells, as inputs of the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from softswitch.calls import inputs
from softswitch.media import engine


def inputs_of(event: engine.MediaEvent) -> Iterable[inputs.Input]:
    """Translate an event of the media engine; one that concerns no call gives none."""
    translate = _TRANSLATED.get(type(event))
    return () if translate is None else translate(event)


def _closed(event: engine.LegClosed) -> Iterable[inputs.Input]:
    s = event.statistics
    counts = (s.packets_received, s.packets_sent, s.packets_lost, s.jitter_ms, s.packets_refused)
    refused = (s.packets_forged, s.packets_replayed, s.packets_late)
    lost, quality = s.packets_lost_by_phone, (s.round_trip_ms, s.mos_in, s.mos_out)
    return (inputs.MediaClosed(event.leg, *counts, *refused, lost, *quality),)


_TRANSLATED: Final[Mapping[type, Callable[[Any], Iterable[inputs.Input]]]] = {
    engine.LegRefused: lambda event: (inputs.MediaRefused(event.leg, event.reason),),
    engine.LegClosed: _closed,
    engine.DigitPressed: lambda event: (inputs.KeyPressed(event.leg, event.digit, event.number),),
    engine.PlayEnded: lambda event: (inputs.PlayOver(event.leg, event.number, event.problem),),
    engine.Disagreement: lambda event: map(inputs.MediaLost, event.missing),
    engine.WorkerLost: lambda event: map(inputs.MediaLost, event.legs),
}
