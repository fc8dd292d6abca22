"""From rooms to what a tick does: who is decoded together, mixed together and encoded together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np

from softswitch.media.worker.mixing.mixer import Block, Gains, Mixer, Rooms, Samples
from softswitch.media.worker.rows import Indices

_FRAMES_A_SECOND: Final = 50


@dataclass(slots=True)
class Party:
    """People who hear one another, in one room or in several that share somebody; by their rows."""

    speakers: list[int] = field(default_factory=list)
    listeners: list[int] = field(default_factory=list)
    gains: Mapping[int, Mapping[int, float]] | None = None
    """By listener and speaker; None where all who speak also listen and each hears all others."""
    voices: Mapping[int, float] = field(default_factory=dict)
    """By speaker, where not all are as loud as they are; only without ``gains``."""


class Outlet(NamedTuple):
    """Listeners whose sound is encoded together."""

    code: int
    """Of their codec."""
    cells: int
    """Of their packets."""
    rows: Indices
    places: Indices
    """Among those who listen."""
    whole: bool
    """Whether they are all who listen."""


@dataclass(slots=True)
class Plan:
    """All parties of one rate.

    Attributes:
        rate_hz: samples a second.
        speakers: rows of those who speak; place i here is line i of ``spoken``.
        mixer: who hears whom.
        outlets: those who listen.
        passed_over: rows of those who listen and are sent nothing now.
        spoken: shape (speakers, samples of 20 ms).
        before: the same of the last frame, and of the one before it.
        heard: shape (listeners, samples of 20 ms).
        same_as: shape (listeners,), see :meth:`softswitch.media.worker.mixing.mixer.Mixer.mix`.
    """

    rate_hz: int
    speakers: Indices
    mixer: Mixer
    outlets: tuple[Outlet, ...]
    passed_over: Indices
    spoken: Samples
    before: tuple[Samples, Samples]
    heard: Samples
    same_as: Indices

    def turn_over(self) -> None:
        """Let the frame that was spoken be the last one."""
        last, oldest = self.before
        self.before, self.spoken = (self.spoken, last), oldest


def joined(parties: Iterable[Party]) -> list[Party]:
    """Make one party of those that share a speaker or a listener: a frame of a leg can be taken once."""
    owners: dict[int, int] = {}
    made: list[Party | None] = []
    for party in parties:
        others = {owners[row] for row in (*party.speakers, *party.listeners) if row in owners}
        one = party
        for other in others:
            absorbed = made[other]
            if absorbed is not None:
                one = _together(one, absorbed)
            made[other] = None
        made.append(one)
        owners.update(dict.fromkeys((*one.speakers, *one.listeners), len(made) - 1))
    return [party for party in made if party is not None]


def _together(one: Party, other: Party) -> Party:
    gains: dict[int, Mapping[int, float]] = {}
    for party in (one, other):
        for listener in party.listeners:
            gains[listener] = {**gains.get(listener, {}), **_gains_of(party, listener)}
    speakers = list(dict.fromkeys((*one.speakers, *other.speakers)))
    return Party(speakers, list(gains), gains)


def _gains_of(party: Party, listener: int) -> Mapping[int, float]:
    if party.gains is not None:
        return party.gains[listener]
    return {row: party.voices.get(row, 1.0) for row in party.speakers if row != listener}


def make_plan(rate_hz: int, parties: Sequence[Party], outlet_of: Mapping[int, tuple[int, int]]) -> Plan:
    """Put parties of one rate in order.

    Args:
        rate_hz: samples a second.
        parties: none of them shares anybody with another.
        outlet_of: by listener's row, the code of its codec and the cells of its packets; a listener who is sent
            nothing now is not in it.
    """
    equal = sorted((party for party in parties if party.gains is None), key=lambda party: len(party.speakers))
    others = [party for party in parties if party.gains is not None]
    speakers = [row for party in (*equal, *others) for row in party.speakers]
    listeners = [row for party in (*equal, *others) for row in party.listeners]
    samples = rate_hz // _FRAMES_A_SECOND
    mixer = Mixer(_blocks(equal), _others(others, speakers, listeners), _voices(equal))
    rows = np.array(listeners, np.intp)
    return Plan(
        rate_hz,
        np.array(speakers, np.intp),
        mixer,
        _outlets(listeners, outlet_of),
        rows[[row not in outlet_of for row in listeners]],
        np.zeros((len(speakers), samples), np.int16),
        (np.zeros((len(speakers), samples), np.int16), np.zeros((len(speakers), samples), np.int16)),
        np.zeros((len(listeners), samples), np.int16),
        np.arange(len(listeners)),
    )


def alone_plan(speakers: Sequence[int], rate_hz: int) -> Plan:
    """Return a plan for people whom nobody hears but the switch."""
    nobody = np.empty(0, np.intp)
    spoken, last, oldest = np.zeros((3, len(speakers), rate_hz // _FRAMES_A_SECOND), np.int16)
    rows = np.array(speakers, np.intp)
    mixer = Mixer((), (), None)
    return Plan(rate_hz, rows, mixer, (), nobody, spoken, (last, oldest), spoken[:0].copy(), nobody)


def _blocks(parties: Sequence[Party]) -> list[Block]:
    blocks: list[Block] = []
    first = 0
    for people, alike in groupby(parties, key=lambda party: len(party.speakers)):
        rooms = len(list(alike))
        blocks.append(Block(first, rooms, people))
        first += rooms * people
    return blocks


def _voices(parties: Sequence[Party]) -> Gains | None:
    if not any(party.voices for party in parties):
        return None
    return np.array([party.voices.get(row, 1.0) for party in parties for row in party.speakers], np.float32)


def _others(parties: Sequence[Party], speakers: Sequence[int], listeners: Sequence[int]) -> list[Rooms]:
    place_of_speaker = {row: place for place, row in enumerate(speakers)}
    place_of_listener = {row: place for place, row in enumerate(listeners)}
    shapes: dict[tuple[int, int], list[Party]] = {}
    for party in parties:
        shapes.setdefault((len(party.listeners), len(party.speakers)), []).append(party)
    return [
        Rooms(
            np.array([[place_of_speaker[row] for row in party.speakers] for party in alike], np.intp),
            np.array([[place_of_listener[row] for row in party.listeners] for party in alike], np.intp),
            np.array([_matrix(party) for party in alike], np.float32),
        )
        for alike in shapes.values()
    ]


def _matrix(party: Party) -> list[list[float]]:
    gains = party.gains or {}
    return [[gains[listener].get(speaker, 0.0) for speaker in party.speakers] for listener in party.listeners]


def _outlets(listeners: Sequence[int], outlet_of: Mapping[int, tuple[int, int]]) -> tuple[Outlet, ...]:
    places: dict[tuple[int, int], list[int]] = {}
    for place, row in enumerate(listeners):
        if row in outlet_of:
            places.setdefault(outlet_of[row], []).append(place)
    rows = np.array(listeners, np.intp)
    return tuple(
        Outlet(code, cells, rows[group], np.array(group, np.intp), len(group) == len(listeners))
        for (code, cells), group in places.items()
    )
