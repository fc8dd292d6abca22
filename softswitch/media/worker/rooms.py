"""Who hears whom: the rooms' rows as they were said, and what of them is so now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softswitch.media.engine import Format, Hear
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import AUDIO, NO_TYPE, TELEPHONE_EVENT, TYPE_SHIFT, UNKNOWN, Rows

_REPORT_TYPES = range(64, 96)  # RFC 5761 §4: where a port is shared with RTCP, never RTP


class Rooms:
    """Keeps the rooms, and the routes of packets that follow from them and from the legs' streams.

    A listener with several sources hears the first of them: the others need mixing.

    Args:
        legs: by leg id; a row may name legs that are not there (yet).
        state: the rows.
        routes: who hears whom, for the relay.
    """

    def __init__(self, legs: Mapping[str, Leg], state: Rows, routes: Routes) -> None:
        self._legs = legs
        self._state = state
        self._routes = routes
        self._rooms: dict[str, tuple[Hear, ...]] = {}
        self._source: dict[str, str] = {}
        """Listener to source."""
        self._listeners: dict[str, dict[str, None]] = {}
        """Source to its listeners, in the order in which they were said."""

    def items(self) -> list[tuple[str, tuple[Hear, ...]]]:
        """Return the rooms as they were said."""
        return list(self._rooms.items())

    def set_room(self, room: str, rows: Sequence[Hear]) -> None:
        """Replace a room's rows; no rows dissolve it."""
        touched = [self._leave(row.listener) for row in self._rooms.pop(room, ())]
        if rows:
            self._rooms[room] = tuple(rows)
        touched += [self._enter(row.listener, row.sources[0]) for row in rows if row.sources]
        for source in dict.fromkeys(touched):
            self._route(source)

    def refresh(self, leg: Leg) -> None:
        """Follow a change of a leg: it was opened, its stream was set, or it was latched."""
        if leg.stream is not None:
            self._fill_kinds(leg)
        self._route(leg.name)
        source = self._source.get(leg.name, leg.name)
        if source != leg.name:
            self._route(source)

    def drop(self, leg: Leg) -> None:
        """Follow a leg's closing: nobody hears it, and it hears nobody. What rooms say of it stays said."""
        self._routes.set_listeners(leg.row, ())
        source = self._source.get(leg.name, leg.name)
        if source != leg.name:
            self._route(source)

    def _leave(self, listener: str) -> str:
        source = self._source.pop(listener, "")
        self._listeners.get(source, {}).pop(listener, None)
        if not self._listeners.get(source):
            self._listeners.pop(source, None)
        return source

    def _enter(self, listener: str, source: str) -> str:
        before = self._leave(listener)
        if before and before != source:
            self._route(before)
        self._source[listener] = source
        self._listeners.setdefault(source, {})[listener] = None
        return source

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
