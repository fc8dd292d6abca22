"""One turn: the time that counts for all of it, the facts it came to, and what it lets out once they are kept."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.fact_feed import FactFeed
from softswitch.app.message_trace import MessageTrace
from softswitch.core.clock import Clock
from softswitch.core.facts import Record
from softswitch.core.listing import Kinds, places_by_type
from softswitch.journal.sink import FactSink
from softswitch.media.engine import MediaEngine
from softswitch.sip.flow import Flow


class Turn:
    """What the brain does between two waits.

    Args:
        clock: both faces of time.
        journal: keeps facts.
        send: lets a datagram or a stream's octets out.
        media: its commands are let out with the datagrams.
        trace: is told of what is sent.
        sequence: the last fact that there is.

    Attributes:
        now: monotonic seconds, taken once for all that follows from one input.
        wall_s: UTC, taken at the same moment.
        sequence: of the last fact.
    """

    def __init__(
        self,
        clock: Clock,
        journal: FactSink,
        send: Callable[[Flow, bytes], None],
        media: MediaEngine,
        trace: MessageTrace,
        sequence: int,
    ) -> None:
        self.sequence = sequence
        self._clock = clock
        self._journal = journal
        self._send = send
        self._media = media
        self._trace = trace
        self._pending: list[Record] = []
        """The facts of this turn, which are kept together."""
        self._outbox: list[tuple[Flow, bytes]] = []
        self._feeds: list[FactFeed] = []
        self._listeners: tuple[Callable[[Record], None], ...] = ()
        self._kinds: Kinds = ()
        self._concerned = places_by_type(())
        """By type of fact, the places of those who are told of it."""
        self.look_at_clock()

    def listen(self, listener: Callable[[Record], None], kinds: frozenset[type]) -> None:
        """Have a listener told of every fact of these types as it gets its place, before it is applied."""
        self._listeners = (*self._listeners, listener)
        self._kinds = (*self._kinds, kinds)
        self._concerned = places_by_type(self._kinds)

    def look_at_clock(self) -> None:
        """Take the time once for all that follows from one input."""
        self.now = self._clock.monotonic()
        self.wall_s = self._clock.wall()

    def place(self, fact: object, conversation_id: str = "") -> Record:
        """Give a fact its place in the order of all facts."""
        self.sequence = sequence = self.sequence + 1
        record = Record(sequence, self.wall_s, conversation_id, fact)
        self._pending.append(record)
        kind = type(fact)
        if kind in self._concerned:
            listeners = self._listeners
            for each in self._concerned[kind]:
                listeners[each](record)
        return record

    def watched(self) -> FactFeed:
        """Let somebody watch the facts of all turns from now on."""
        feed = FactFeed(self._feeds.remove)
        self._feeds.append(feed)
        return feed

    def queue(self, flow: Flow, data: bytes) -> None:
        """Have octets sent at the end of the turn."""
        self._outbox.append((flow, data))

    def end(self) -> None:
        """Keep the turn's facts, then let its effects out."""
        if self._pending:
            pending, self._pending = self._pending, []
            self._journal.keep(pending)
            for feed in tuple(self._feeds):
                feed.tell(pending)
        # The workers do what they are told while the messages leave; and ports are ready before anybody knows them.
        self._media.acknowledge()
        self._media.flush()
        if self._outbox:
            outbox, self._outbox = self._outbox, []
            for flow, data in outbox:
                self._trace.note(self.wall_s, flow, data, sent=True)
                self._send(flow, data)
