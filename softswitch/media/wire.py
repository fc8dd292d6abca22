"""The messages between the brain and a media worker: msgpack arrays over an AF_UNIX SOCK_SEQPACKET pair.

::

    brain  -> worker   ["hello", protocol, product]
                       ["do", acknowledged, [command, ...]]       one message a turn of the brain's loop
    worker -> brain    ["hello", protocol, product, number, instance]
                       ["state", more, [leg, ...], [room, ...]]   after a brain's hello; ``more`` parts follow
                       ["events", [[number, name, ...], ...]]
                       ["health", more, late_ms, missed_ticks, [leg, ...], [ticks, ...]]     every few seconds
                       ["quality", [[leg, mos_in, mos_out, ...], ...]]       four times a second, where there is any
                       ["full", full]                             when it has become too busy for new calls, or no more
                       ["ahead", [[address, [port, ...]], ...]]   ports held ready, beside those told before

A worker says hello when it starts and when a brain has said hello; ``instance`` is new with each process, so that a
brain notices a worker that was started again behind the same pair of sockets. Events are numbered by the instance and
stay in the worker until a ``do`` acknowledges them. A message is kept below :data:`MESSAGE_OCTETS`, because a
SEQPACKET message must fit the socket's buffer as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, Final

import msgpack

from softswitch.core.errors import MediaError
from softswitch.core.facts import reader_of
from softswitch.media.engine import (
    DigitPressed,
    Format,
    Hear,
    LegClosed,
    LegLatched,
    LegOpened,
    LegRefused,
    LegSilent,
    LegState,
    LegStatistics,
    MediaEvent,
    OpenLeg,
    PlayEnded,
    Playing,
    Quality,
    Recording,
    RecordingEnded,
    RecordingTrouble,
    Srtp,
    Stream,
)

PROTOCOL: Final = 6
"""Raised when a message changes its meaning; a brain places no new legs on a worker that speaks another."""
PRODUCT: Final = "softswitch/0.1.0"
MESSAGE_OCTETS: Final = 96 * 1024
"""What a message may hold before the next one is begun."""
RECEIVE_OCTETS: Final = 1 << 20
"""The buffer for one message; nothing longer is ever sent."""

Values = tuple[Any, ...]

EVENT_TYPES: Final[dict[str, type[Any]]] = {
    "leg-opened": LegOpened,
    "leg-refused": LegRefused,
    "leg-latched": LegLatched,
    "digit-pressed": DigitPressed,
    "leg-silent": LegSilent,
    "play-ended": PlayEnded,
    "leg-closed": LegClosed,
    "recording-ended": RecordingEnded,
    "recording-trouble": RecordingTrouble,
}
_EVENT_NAMES: Final = {cls: name for name, cls in EVENT_TYPES.items()}
_FIELDS_OF: Final = {
    cls: reader_of(tuple(field.name for field in fields(cls)))
    for cls in (*EVENT_TYPES.values(), LegStatistics, Quality, Recording)
}


_PACKER: Final = msgpack.Packer()
pack: Final[Callable[[object], bytes]] = _PACKER.pack
"""Encodes one message; one packer for all, because to make one costs more than to use it."""


def unpack(data: bytes) -> Values:
    """Decode one message.

    Raises:
        MediaError: the octets are not a message.
    """
    try:
        message = msgpack.unpackb(data, use_list=False, strict_map_key=False)
    except (ValueError, TypeError, msgpack.exceptions.ExtraData, msgpack.exceptions.FormatError) as error:
        raise MediaError(f"not a message of the media plane: {error}") from error
    if not isinstance(message, tuple) or not message:
        raise MediaError("not a message of the media plane")
    return message


def grouped(packed_entries: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Group encoded entries so that no group outgrows a message; there is at least one group, perhaps empty."""
    packed_entries = list(packed_entries)
    if sum(map(len, packed_entries)) <= MESSAGE_OCTETS:
        yield packed_entries
        return
    group: list[bytes] = []
    size = 0
    for packed in packed_entries:
        if group and size + len(packed) > MESSAGE_OCTETS:
            yield group
            group, size = [], 0
        group.append(packed)
        size += len(packed)
    yield group


def pack_lists(head: Sequence[object], *lists: Sequence[bytes]) -> bytes:
    """Encode a message whose last elements are lists of entries that are encoded already."""
    parts: list[bytes] = [_PACKER.pack_array_header(len(head) + len(lists))]
    parts += [pack(part) for part in head]
    for entries in lists:
        parts += [_PACKER.pack_array_header(len(entries)), *entries]
    return b"".join(parts)


def open_command(order: OpenLeg) -> Values:
    """Return the command that opens a leg."""
    named = (order.port,) if order.port else ()  # a worker of an earlier version holds no ports ready
    return ("open", order.leg, order.conversation_id, order.address, *named)


def stream_command(leg: str, stream: Stream) -> Values:
    """Return the command that sets a leg's stream."""
    return ("stream", leg, stream_values(stream))


def room_command(room: str, rows: Sequence[Hear]) -> Values:
    """Return the command that sets a room's rows."""
    return ("room", room, hear_values(rows))


def play_command(leg: str, playing: Playing | None) -> Values:
    """Return the command that lets a leg hear something, or nothing more."""
    if playing is None:
        return ("play", leg)
    order = ("play", leg, playing.number, playing.sounds, playing.repeat)
    steered = playing.paused or playing.moves  # a worker of an earlier version does not know of that
    return (*order, playing.paused, playing.moves, playing.sound, playing.at_ms) if steered else order


def press_command(leg: str, digits: str) -> Values:
    """Return the command that sends a leg keys."""
    return ("press", leg, digits)


def record_command(recording: Recording) -> Values:
    """Return the command that records."""
    return ("record", *_FIELDS_OF[Recording](recording))


def end_recording_command(recording: str, ended_us: int, about: str) -> Values:
    """Return the command that ends a recording."""
    return ("end-recording", recording, ended_us, about)


def close_command(leg: str) -> Values:
    """Return the command that closes a leg and answers with its statistics."""
    return ("close", leg)


def forget_command(leg: str) -> Values:
    """Return the command that closes a leg without an answer."""
    return ("forget", leg)


def stream_values(stream: Stream) -> Values:
    """Return a stream as plain values."""
    return (
        stream.address,
        stream.port,
        stream.rtcp_port,
        stream.sip_source,
        tuple(tuple(form) for form in stream.formats),
        stream.receive,
        stream.send,
        stream.ptime_ms,
        None if stream.srtp is None else (stream.srtp.suite, stream.srtp.send_key, stream.srtp.receive_key),
        *(() if stream.keys else (False,)),  # a worker of an earlier version does not know of that
    )


def stream_of(values: Values) -> Stream:
    """Make a stream of its plain values."""
    address, port, rtcp_port, sip_source, formats, receive, send, ptime_ms, srtp, *told = values
    made = tuple(Format(*form) for form in formats)
    keys = None if srtp is None else Srtp(*srtp)
    return Stream(address, port, rtcp_port, sip_source, made, receive, send, ptime_ms, keys, *told)


def hear_values(rows: Sequence[Hear]) -> Values:
    """Return a room's rows as plain values."""
    return tuple((row.listener, tuple(row.sources), tuple(row.gains), row.voice) for row in rows)


def hears_of(values: Values) -> tuple[Hear, ...]:
    """Make a room's rows of their plain values."""
    return tuple(Hear(listener, tuple(sources), tuple(gains), voice) for listener, sources, gains, voice in values)


def leg_state_values(state: LegState) -> Values:
    """Return what a worker holds of a leg as plain values."""
    stream = None if state.stream is None else stream_values(state.stream)
    return (state.leg, state.conversation_id, state.address, state.port, stream, state.latched)


def leg_state_of(values: Values) -> LegState:
    """Make what a worker holds of a leg of its plain values."""
    leg, conversation_id, address, port, stream, latched = values
    return LegState(leg, conversation_id, address, port, None if stream is None else stream_of(stream), latched)


def quality_values(quality: Quality) -> Values:
    """Return how good a leg sounds as plain values."""
    return _FIELDS_OF[Quality](quality)


def event_values(number: int, event: MediaEvent) -> Values:
    """Return a numbered event as plain values."""
    name = _EVENT_NAMES[type(event)]
    if isinstance(event, LegClosed):
        return (number, name, event.leg, _FIELDS_OF[LegStatistics](event.statistics))
    return (number, name, *_FIELDS_OF[type(event)](event))


def event_of(values: Values) -> MediaEvent:
    """Make an event of its plain values without the number.

    Raises:
        MediaError: no event has that name.
    """
    name, *rest = values
    cls = EVENT_TYPES.get(name)
    if cls is None:
        raise MediaError(f"no media event is named {name}")
    if cls is LegClosed:
        leg, statistics = rest
        return LegClosed(leg, LegStatistics(*statistics))
    made: MediaEvent = cls(*rest)
    return made
