"""The rooms' rows as they were said, and what of them is so now.

A listener who hears one phone as loud as it is, in formats that both have and packets of the length that it wants, gets
that phone's packets relayed. All others get their sound from the mixing desk; also from the moment on in which the
phone speaks in a format that the listener has not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from softswitch.media.engine import EVERYBODY, Format, Hear
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.mixing.plan import Party
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import AUDIO, NO_TYPE, TELEPHONE_EVENT, TYPE_SHIFT, UNKNOWN, Rows, To

_REPORT_TYPES: Final = range(64, 96)  # RFC 5761 §4: where a port is shared with RTCP, never RTP
_ADDITIONS: Final = frozenset({"telephone-event", "CN"})


class Mixing(Protocol):
    """Makes sound for listeners who cannot be relayed to."""

    def can_hear(self, formats: tuple[Format, ...]) -> bool:
        """Tell whether sound can be made of some of a phone's formats, and for them."""
        ...


class Rooms:
    """Keeps the rooms, and the routes of packets that follow from them and from the legs' streams.

    Args:
        legs: by leg id; a row may name legs that are not there (yet).
        state: the rows.
        routes: who hears whom, for the relay.
        mixing: the mixing desk. What it should do is asked of :meth:`parties` when :attr:`changed` is true.
    """

    def __init__(self, legs: Mapping[str, Leg], state: Rows, routes: Routes, mixing: Mixing) -> None:
        self.changed = False
        self._retuned: dict[int, Leg] = {}
        """By row, legs that hear another track than the desk knows of, or hear it otherwise."""
        self._legs = legs
        self._state = state
        self._routes = routes
        self._mixing = mixing
        self._rooms: dict[str, tuple[Hear, ...]] = {}
        self._home: dict[str, str] = {}
        """Listener to the room in which it listens."""
        self._wanted: dict[str, tuple[str, ...]] = {}
        """Listener to all whom it hears, relayed or mixed."""
        self._hearers: dict[str, dict[str, None]] = {}
        """Source to all who hear it."""
        self._rows: dict[str, Hear] = {}
        """Listener to its row."""
        self._source: dict[str, str] = {}
        """Listener to source, where it is relayed."""
        self._listeners: dict[str, dict[str, None]] = {}
        """Source to its listeners by relay, in the order in which they were said."""
        self._strange: dict[str, tuple[Format, ...]] = {}
        """Sources that spoke in a format that a listener has not, with the formats that they had then."""
        self._eventless: set[str] = set()
        """Legs that have not agreed upon telephone events: their keys are in their sound."""
        self._shapes: dict[str, tuple[object, ...]] = {}
        """By leg, what of it concerns the desk."""
        self._mixed: dict[str, dict[str, None]] = {}
        """Room to its listeners who get their sound from the desk."""

    def items(self) -> list[tuple[str, tuple[Hear, ...]]]:
        """Return the rooms as they were said."""
        return list(self._rooms.items())

    def set_room(self, room: str, rows: Sequence[Hear]) -> None:
        """Replace a room's rows; no rows dissolve it."""
        rows = tuple(rows)
        before = self._rooms.pop(room, ())
        if rows:
            self._rooms[room] = rows
        listeners = {row.listener for row in rows}
        for row in before:
            if row.listener not in listeners and self._home.get(row.listener) == room:
                self._forget(row.listener)
        people = tuple(row.listener for row in rows)
        for row in rows:
            self._take_row(room, row, people)
        for listener in people:
            self._decide(listener)
        self.changed = self.changed or room in self._mixed or bool(self._eventless)

    def welcome(self, leg: Leg) -> None:
        """Follow that a leg was opened; most are before a room names them, and nothing follows."""
        if leg.name in self._wanted or leg.name in self._hearers:
            self.refresh(leg)

    def refresh(self, leg: Leg) -> None:
        """Follow a change of a leg: its stream was set, or it was latched."""
        stream = leg.stream and (leg.stream.ptime_ms, leg.stream.keys)
        shape = leg.row, _formats(leg), stream, leg.may_receive, leg.may_send
        if self._shapes.get(leg.name) == shape:
            return
        self._shapes[leg.name] = shape
        if leg.stream is not None:
            self.changed = self.changed or leg.name in self._eventless
            self._fill_kinds(leg)
            self._note_events(leg)
        if leg.track is not None:
            self._retuned[leg.row] = leg
        self.changed = self.changed or self._at_desk(leg.name) or leg.name in self._eventless
        hearers = self._hearers.get(leg.name, ())
        if not hearers and leg.name not in self._wanted:
            self._routes.set_listeners(leg.row, ())  # no room has it yet, so nothing of it goes anywhere
            return
        for listener in (leg.name, *hearers):
            self._decide(listener)
        self._route(leg.name)
        source = self._source.get(leg.name, leg.name)
        if source != leg.name:
            self._route(source)

    def hear_track(self, leg: Leg) -> None:
        """Follow that a leg begins or ceases to hear a track of the switch in the place of its room."""
        self._state.sending[leg.row, To.STREAM] = 0  # whoever sends to it next takes the listener's stream up anew
        self._decide(leg.name)
        self._retuned[leg.row] = leg

    def take_retuned(self) -> list[Leg]:
        """Return, once, the legs that begin or cease to hear a track, or hear it otherwise."""
        retuned, self._retuned = list(self._retuned.values()), {}
        return retuned

    def meet_strange(self, leg: Leg, payload_type: int) -> None:
        """Learn that a leg's phone spoke in a format that somebody to whom it is relayed has not."""
        form = next((form for form in _formats(leg) if form.receive_type == payload_type), None)
        if form is None or form.encoding in _ADDITIONS or self._strange.get(leg.name) == _formats(leg):
            return
        self._strange[leg.name] = _formats(leg)
        for listener in list(self._hearers.get(leg.name, ())):
            self._decide(listener)
        self.changed = self.changed or bool(self._mixed)

    def drop(self, leg: Leg) -> None:
        """Follow a leg's closing: nobody hears it, and it hears nobody. What rooms say of it stays said."""
        self._routes.set_listeners(leg.row, ())
        self._retuned.pop(leg.row, None)
        self._strange.pop(leg.name, None)
        if leg.name in self._eventless:
            self._eventless.discard(leg.name)
            self.changed = True
        self._shapes.pop(leg.name, None)
        source = self._source.get(leg.name, leg.name)
        if source != leg.name:
            self._route(source)
        self.changed = self.changed or self._at_desk(leg.name)

    def _at_desk(self, name: str) -> bool:
        """Tell whether somebody hears a leg from the desk, or it hears others from there."""
        return any(one in self._mixed.get(self._home.get(one, ""), ()) for one in (name, *self._hearers.get(name, ())))

    def parties(self) -> list[Party]:
        """Return who hears whom from the desk, and note that this was asked."""
        self.changed = False
        parties = (self._party(room, listeners) for room, listeners in self._mixed.items())
        return [party for party in parties if party.listeners]

    def talking_to_us(self) -> list[int]:
        """Return the rows of those who are heard by nobody and can press keys only in their sound."""
        alone = (self._legs[name] for name in self._eventless if name in self._legs and name not in self._hearers)
        return [leg.row for leg in alone if leg.may_receive and self._mixing.can_hear(_formats(leg))]

    def without_events_of(self, leg: Leg) -> list[Leg]:
        """Return those who talk with this leg alone and get its sound, but not its telephone events."""
        hearers = (self._legs.get(name) for name in self._hearers.get(leg.name, ()))
        alone = (one for one in hearers if one is not None and self._wanted[one.name] == (leg.name,) and one.may_send)
        events = _event_kinds(leg)
        return [one for one in alone if self._source.get(one.name) != leg.name or not events <= _event_kinds(one)]

    def _note_events(self, leg: Leg) -> None:
        told = leg.stream is None or leg.stream.keys
        if not told or any(form.encoding == "telephone-event" for form in _formats(leg)):
            self._eventless.discard(leg.name)
        else:
            self._eventless.add(leg.name)

    # Rows

    def _take_row(self, room: str, row: Hear, people: tuple[str, ...]) -> None:
        home = self._home.get(row.listener)
        if home is not None and home != room:
            self._forget(row.listener)
        others = row.sources == (EVERYBODY,)
        sources = tuple(name for name in people if name != row.listener) if others else row.sources
        self._set_wanted(row.listener, sources)
        self._home[row.listener] = room
        self._rows[row.listener] = row

    def _forget(self, listener: str) -> None:
        self._set_wanted(listener, ())
        self._leave_desk(listener)
        self._set_source(listener, "")
        del self._home[listener], self._rows[listener]

    def _set_wanted(self, listener: str, sources: tuple[str, ...]) -> None:
        before = self._wanted.pop(listener, ())
        if sources:
            self._wanted[listener] = sources
        if before == sources:
            return
        for name in before:
            self._hearers[name].pop(listener, None)
            if not self._hearers[name]:
                del self._hearers[name]
        for name in sources:
            self._hearers.setdefault(name, {})[listener] = None

    def _decide(self, listener: str) -> None:
        """Let a listener be relayed to, or be served by the desk."""
        sources = self._wanted.get(listener, ())
        hearing = self._legs.get(listener)
        if hearing is not None and hearing.track is not None:
            sources = ()  # it hears what the switch plays
        if sources and self._needs_desk(listener, sources):
            self._set_source(listener, "")
            mixed = self._mixed.setdefault(self._home[listener], {})
            self.changed = self.changed or listener not in mixed
            mixed[listener] = None
        else:
            self._leave_desk(listener)
            self._set_source(listener, sources[0] if sources else "")

    def _needs_desk(self, listener: str, sources: tuple[str, ...]) -> bool:
        hearing = self._legs.get(listener)
        if hearing is None or hearing.stream is None or not self._mixing.can_hear(hearing.stream.formats):
            return False
        if len(sources) > 1 or self._loudness(listener, sources[0]) != 1.0:
            return True
        heard = self._legs.get(sources[0])
        if heard is None or heard.stream is None or not self._mixing.can_hear(heard.stream.formats):
            return False
        theirs, known = _sounds(heard), _sounds(hearing)
        if heard.stream.ptime_ms != hearing.stream.ptime_ms or not theirs & known:
            return True
        return self._strange.get(heard.name) == heard.stream.formats and not theirs <= known

    def _loudness(self, listener: str, source: str) -> float:
        row = self._rows[listener]
        if row.sources == (EVERYBODY,):
            return self._rows[source].voice
        return dict(zip(row.sources, row.gains, strict=False)).get(source, 1.0)

    def _leave_desk(self, listener: str) -> None:
        room = self._home.get(listener, "")
        if listener not in self._mixed.get(room, ()):
            return
        self.changed = True
        del self._mixed[room][listener]
        if not self._mixed[room]:
            del self._mixed[room]
        leg = self._legs.get(listener)
        if leg is not None:
            self._state.sending[leg.row, To.STREAM] = 0  # the relay takes the listener's stream up anew

    # The desk

    def _party(self, room: str, mixed: Mapping[str, None]) -> Party:
        listeners = [self._legs[name].row for name in mixed if name in self._legs]
        equal = self._equal_party(room, mixed)
        if equal is not None:
            return equal
        gains: dict[int, dict[int, float]] = {}
        for name in mixed:
            if name in self._legs:
                present = [source for source in self._wanted[name] if source in self._legs]
                gains[self._legs[name].row] = {
                    self._legs[source].row: self._loudness(name, source) for source in present
                }
        speakers = list(dict.fromkeys(row for heard in gains.values() for row in heard))
        return Party(speakers, listeners, gains)

    def _equal_party(self, room: str, mixed: Mapping[str, None]) -> Party | None:
        """Return the party of a room where each hears all others, None where it is not so."""
        rows = self._rooms.get(room, ())
        if len(mixed) != len(rows) or any(name not in self._legs for name in mixed):
            return None
        all_rows = [self._legs[name].row for name in mixed]
        if all(row.sources == (EVERYBODY,) for row in rows):
            voices = {self._legs[row.listener].row: row.voice for row in rows if row.voice != 1.0}
            return Party(all_rows, all_rows, None, voices)
        names = set(mixed)
        for row in rows:
            sources = set(row.sources)
            if row.gains or len(sources) != len(names) - 1 or row.listener in sources or not sources <= names:
                return None
        return Party(all_rows, all_rows)

    # The relay

    def _set_source(self, listener: str, source: str) -> None:
        before = self._source.get(listener, "")
        if before == source:
            return
        if before:
            del self._source[listener]
            self._listeners[before].pop(listener)
            if not self._listeners[before]:
                del self._listeners[before]
        if source:
            self._source[listener] = source
            self._listeners.setdefault(source, {})[listener] = None
        for name in (before, source):
            if name:
                self._route(name)

    def _fill_kinds(self, leg: Leg) -> None:
        kinds = self._state.kinds[leg.row]
        kinds[:] = UNKNOWN
        for form in _formats(leg):
            if form.receive_type not in _REPORT_TYPES:
                kinds[form.receive_type] = TELEPHONE_EVENT if form.encoding == "telephone-event" else AUDIO

    def _route(self, name: str) -> None:
        """Let the packets of one source go to those who hear it now."""
        source = self._legs.get(name)
        if source is None:
            return
        named = (self._legs.get(listener) for listener in self._listeners.get(name, ()))
        listeners = [leg for leg in named if leg is not None and leg.may_send] if source.may_receive else []
        for listener in listeners:
            self._fill_map(source, listener)
        self._routes.set_listeners(source.row, [leg.row for leg in listeners])

    def _fill_map(self, source: Leg, listener: Leg) -> None:
        """Map the payload types of a source to the listener's for the same format."""
        send_types = {form[:3]: form.send_type << TYPE_SHIFT for form in reversed(_formats(listener))}
        types = self._state.maps[listener.row]
        types[:] = NO_TYPE
        for form in _formats(source):
            types[form.receive_type] = send_types.get(form[:3], NO_TYPE)


def _formats(leg: Leg) -> tuple[Format, ...]:
    return () if leg.stream is None else leg.stream.formats


def _sounds(leg: Leg) -> set[tuple[str, int, int]]:
    """Return the formats in which a phone may speak, and is spoken to."""
    return {form[:3] for form in _formats(leg) if form.encoding not in _ADDITIONS}


def _event_kinds(leg: Leg) -> set[tuple[str, int, int]]:
    """Return the telephone events that were agreed upon with a phone."""
    return {form[:3] for form in _formats(leg) if form.encoding == "telephone-event"}
