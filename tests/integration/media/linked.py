"""Two media planes and the links between them, in one process and in one time: what two workers and a brain do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType

from softswitch.media.engine import Hear, MediaEvent, OpenLeg, Stream
from softswitch.media.links import Links
from softswitch.media.worker.rows import TICK_US
from tests.integration.media.rig import HandClock, PlaneRig
from tests.integration.media.talkers import Talker


class LinkedPlanes:
    """Two planes; a leg is in the one in which it was opened."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.planes = [PlaneRig("", range(low, low + 400), clock=self.clock) for low in (25000, 25400)]
        self._links = Links(self)
        self._told = [0, 0]
        self._open = ExitStack()

    def __enter__(self) -> LinkedPlanes:
        for plane in self.planes:
            self._open.enter_context(plane)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, plane in enumerate(self.planes):
            for name in plane.plane.names():
                if self._links.knows(name):
                    self.close_end(number, name)
            plane.plane.finish_turn()
        self._open.close()

    def set_room(self, rows: Sequence[Hear], talkers: Sequence[Talker]) -> None:
        """Say who hears whom, wherever they are."""
        for talker in talkers:
            stream = next(state.stream for state in talker.rig.plane.states() if state.leg == talker.leg)
            assert stream is not None
            self._links.streamed(talker.leg, stream)
        self._links.seat("room", rows, {talker.leg: self.planes.index(talker.rig) for talker in talkers})
        self._hear_of_ends()

    def talk(self, talkers: Sequence[Talker], seconds: float) -> None:
        """Let phones speak for a while."""
        for _ in range(round(seconds * 1e6 / TICK_US)):
            self.clock.now += TICK_US / 1e6
            for talker in talkers:
                talker.step()
            for plane in self.planes:
                plane.work()
            self._hear_of_ends()
        for talker in talkers:
            talker.step()

    def events(self) -> list[MediaEvent]:
        """Return what a brain would be told: events of links' ends are not among it."""
        return [event for plane in self.planes for event in plane.events if not self._links.takes(event)]

    def _hear_of_ends(self) -> None:
        for number, plane in enumerate(self.planes):
            fresh, self._told[number] = plane.events[self._told[number] :], len(plane.events)
            for event in fresh:
                self._links.takes(event)

    # What links ask for

    def open_end(self, worker: int, order: OpenLeg) -> None:
        """Open a link's end."""
        self.planes[worker].plane.open(order)

    def aim_end(self, worker: int, name: str, stream: Stream) -> None:
        """Say where its sound comes from and goes to."""
        self.planes[worker].plane.set_stream(name, stream)

    def close_end(self, worker: int, name: str) -> None:
        """Close it."""
        self.planes[worker].plane.close(name)

    def seat(self, worker: int, room: str, rows: Sequence[Hear]) -> None:
        """Say who hears whom in a plane's part of a room."""
        self.planes[worker].plane.set_room(room, rows)
