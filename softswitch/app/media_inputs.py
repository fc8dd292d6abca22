"""What the media engine tells, as inputs of the calls."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.calls import inputs
from softswitch.media import engine


def inputs_of(event: engine.MediaEvent) -> Iterable[inputs.Input]:
    """Translate an event of the media engine; one that concerns no call gives none."""
    if isinstance(event, engine.LegRefused):
        return (inputs.MediaRefused(event.leg, event.reason),)
    if isinstance(event, engine.LegClosed):
        s = event.statistics
        counts = (s.packets_received, s.packets_sent, s.packets_lost, s.jitter_ms, s.packets_refused)
        refused = (s.packets_forged, s.packets_replayed, s.packets_late)
        lost, quality = s.packets_lost_by_phone, (s.round_trip_ms, s.mos_in, s.mos_out)
        return (inputs.MediaClosed(event.leg, *counts, *refused, lost, *quality),)
    if isinstance(event, engine.DigitPressed):
        return (inputs.KeyPressed(event.leg, event.digit, event.number),)
    if isinstance(event, engine.PlayEnded):
        return (inputs.PlayOver(event.leg, event.number, event.problem),)
    if isinstance(event, engine.Disagreement):
        return tuple(inputs.MediaLost(leg) for leg in event.missing)
    if isinstance(event, engine.WorkerLost):
        return tuple(inputs.MediaLost(leg) for leg in event.legs)
    return ()
