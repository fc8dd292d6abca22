from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import MediaError
from softswitch.media import wire
from softswitch.media.engine import (
    DigitPressed,
    Format,
    Hear,
    LegClosed,
    LegLatched,
    LegOpened,
    LegRefused,
    LegState,
    LegStatistics,
    MediaEvent,
    OpenLeg,
    Stream,
)

STREAM = Stream(
    "10.0.0.1", 4000, 0, "10.0.0.2", (Format("PCMU", 8000, 1, 0, 8),), receive=True, send=False, ptime_ms=30
)


@pytest.mark.parametrize(
    "event",
    [
        LegOpened("c.1", "127.0.0.1", 16384),
        LegRefused("c.1", "no-port"),
        LegLatched("c.1", "10.0.0.1", 4000),
        DigitPressed("c.1", "#"),
        LegClosed("c.1", LegStatistics(1, 2, 3, 4, 5.5, 6, 7, 8.5)),
    ],
)
def test_events_arrive_as_they_were(event: MediaEvent) -> None:
    number, *values = wire.unpack(wire.pack(wire.event_values(9, event)))
    assert number == 9
    assert wire.event_of(tuple(values)) == event


def test_streams_arrive_as_they_were() -> None:
    assert wire.stream_of(wire.unpack(wire.pack(wire.stream_values(STREAM)))) == STREAM


def test_a_worker_of_an_earlier_version_understands_what_is_as_it_was_in_its_time() -> None:
    assert len(wire.stream_values(STREAM)) == 9
    assert wire.stream_of(wire.stream_values(STREAM)).keys
    silent = replace(STREAM, keys=False)
    assert wire.stream_of(wire.stream_values(silent)) == silent
    assert wire.open_command(OpenLeg("c.1", "c", "10.0.0.1")) == ("open", "c.1", "c", "10.0.0.1")
    assert wire.open_command(OpenLeg("c.1", "c", "10.0.0.1", 20000))[4:] == (20000,)


def test_rooms_arrive_as_they_were() -> None:
    rows = (Hear("c.1", ("c.2", "c.3")), Hear("c.2", ()))
    assert wire.hears_of(wire.unpack(wire.pack(wire.hear_values(rows)))) == rows


@pytest.mark.parametrize("stream", [None, STREAM])
@pytest.mark.parametrize("latched", [None, ("10.0.0.1", 4000)])
def test_states_of_legs_arrive_as_they_were(stream: Stream | None, latched: tuple[str, int] | None) -> None:
    state = LegState("c.1", "c", "127.0.0.1", 16384, stream, latched)
    assert wire.leg_state_of(wire.unpack(wire.pack(wire.leg_state_values(state)))) == state


def test_an_event_of_unknown_name_is_an_error() -> None:
    with pytest.raises(MediaError, match="leg-flew"):
        wire.event_of(("leg-flew", "c.1"))


@settings(max_examples=100)
@given(st.binary(max_size=40))
def test_other_octets_are_an_error(data: bytes) -> None:
    try:
        message = wire.unpack(data)
    except MediaError:
        return
    assert isinstance(message, tuple)


def test_entries_are_grouped_so_that_a_message_fits() -> None:
    groups = list(wire.grouped([bytes(wire.MESSAGE_OCTETS // 3)] * 10))
    assert [len(group) for group in groups] == [3, 3, 3, 1]


def test_an_entry_larger_than_a_message_stands_alone() -> None:
    assert [len(group) for group in wire.grouped([b"a", bytes(2 * wire.MESSAGE_OCTETS), b"b"])] == [1, 1, 1]


def test_without_entries_there_is_one_empty_group() -> None:
    assert list(wire.grouped([])) == [[]]


def test_lists_of_encoded_entries_become_part_of_the_message() -> None:
    packed = wire.pack_lists(("state", True), [wire.pack((1, "a"))], [])
    assert wire.unpack(packed) == ("state", True, ((1, "a"),), ())
