"""All that the brain folds from facts, as one thing: folded, turned into a snapshot, made again from one.

The brain folds it at its start, and the journal's upkeep folds closed segments with the very same code to make the next
snapshot. So a snapshot holds what the brain would have folded, octet for octet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Final

import msgpack

from softswitch.app.quality_watch import PhoneQuality
from softswitch.calls import state_values
from softswitch.calls.apply import APPLIED
from softswitch.calls.apply import apply as apply_call_fact
from softswitch.calls.deadlines import Deadlines
from softswitch.calls.facts import ConversationEnded, DialogChanged, LegAdded, LegAnswered
from softswitch.calls.recording.state import RECORDED, RecordingState
from softswitch.calls.state import CallsState
from softswitch.calls.trunk_days import TrunkDays
from softswitch.calls.voicemail.state import Mailboxes
from softswitch.core.errors import JournalError
from softswitch.core.facts import Record, decode
from softswitch.directory.bans import BanState
from softswitch.directory.host_names import FoundHosts
from softswitch.directory.location import LocationState
from softswitch.directory.messages import Messages
from softswitch.directory.publications import Publications
from softswitch.directory.subscriptions import Subscriptions
from softswitch.directory.trunk_hosts import SilentHosts
from softswitch.directory.trunk_registrations import TrunkRegistrations
from softswitch.journal.facts import GapFound
from softswitch.journal.framing import sequence_of
from softswitch.journal.reading import Gap, Loss
from softswitch.queues.agents.state import AgentsState
from softswitch.queues.figures.state import Figures
from softswitch.queues.notices.state import Notices
from softswitch.queues.router import values as queue_values
from softswitch.queues.router.apply import apply as apply_queue_fact
from softswitch.queues.router.state import RouterState
from softswitch.scenario.counters import Counters
from softswitch.scenario.names import Names

FORMAT: Final = 3
"""Raised when older snapshots cannot be read any more; then the whole journal is folded again."""
GAPS_REMEMBERED: Final = 1000


class FoldedState:
    """The fold of all facts up to one.

    Args:
        deadlines: how long transient states of calls may last.

    Attributes:
        calls: conversations and legs.
        locations: where the phones are.
        bans: who is shut out.
        agents: who is logged in, and in which status.
        queues: who waits, and for whom.
        figures: what queues and agents have done today.
        notices: what supervisors are told.
        trunks: where we are registered ourselves.
        silent_hosts: hosts of trunks that do not answer.
        phone_quality: how the last calls of users sounded.
        recordings: what is recorded.
        subscriptions: what phones watch.
        publications: what phones say of their users.
        messages: short messages on their way.
        counters: how often scenarios have counted today.
        found_hosts: where trunks are whose hosts are names.
        trunk_days: how many calls left through each trunk today.
        mailboxes: the messages that callers left.
        names: the files in which callers have said who they are.
        sequence: the last fact that was folded.
        last_s: its wall time: so long at least did the brain live that kept it.
        gaps: those that stand in a fact already, by first and last missing sequence number.
        untold: those that no fact tells of yet, by the same.
        kept: encoded facts of guided conversations that are not over, for their guides, which fold elsewhere.
        unfit: facts that fitted no state because others before them are missing: sequence number and reason.
    """

    def __init__(self, deadlines: Deadlines | None = None) -> None:
        self.calls = CallsState(deadlines or Deadlines())
        self.locations = LocationState()
        self.bans = BanState()
        self.agents = AgentsState()
        self.queues = RouterState()
        self.figures = Figures()
        self.notices = Notices()
        self.trunks = TrunkRegistrations()
        self.silent_hosts = SilentHosts()
        self.phone_quality = PhoneQuality()
        self.recordings = RecordingState()
        self.subscriptions = Subscriptions()
        self.publications = Publications()
        self.messages = Messages()
        self.counters = Counters()
        self.found_hosts = FoundHosts()
        self.trunk_days = TrunkDays(self.calls)
        self.mailboxes = Mailboxes()
        self.names = Names()
        self.sequence = 0
        self.last_s = 0.0
        self.gaps: dict[tuple[int, int], None] = {}
        self.untold: dict[tuple[int, int], Gap] = {}
        self.kept: dict[str, list[bytes]] = {}
        self.unfit: list[tuple[int, str]] = []

    def fold(self, items: Iterable[bytes | Gap], also: Callable[[Record], None] | None = None) -> None:
        """Fold encoded records in their order, and remember the gaps between them that no fact tells of.

        A record that fits nothing, because what came before it is lost, changes nothing.

        Args:
            items: records, and the gaps between them.
            also: folds each record, too.
        """
        for item in items:
            if isinstance(item, Gap):
                self._meet_gap(item)
                continue
            try:
                record = decode(item)
                self.apply(record)
                self._keep(record, item)
                if also is not None:
                    also(record)
            except Exception as error:  # whatever is missing before it: one fact stops no start
                self.unfit.append((sequence_of(item), f"{type(error).__name__}: {error}"))
                self.sequence = max(self.sequence, sequence_of(item))

    def _keep(self, record: Record, encoded: bytes) -> None:
        """Keep what a guide will want to see again as long as its conversation lasts: all but the bulky dialogs."""
        conversation = self.calls.conversations.get(record.conversation_id)
        if conversation is None or not conversation.guide or type(record.fact) is DialogChanged:
            return
        self.kept.setdefault(record.conversation_id, []).append(encoded)
        if len(self.kept) > 2 * len(self.calls.conversations) + 100:
            self.kept = self._kept_of_the_living()

    def _kept_of_the_living(self) -> dict[str, list[bytes]]:
        living = self.calls.conversations
        return {name: kept for name, kept in self.kept.items() if name in living}

    def kept_records(self) -> list[Record]:
        """Return the records that guides have to fold behind a snapshot, in their order."""
        records = [decode(encoded) for kept in self.kept.values() for encoded in kept]
        return sorted(records, key=attrgetter("sequence"))

    def apply(self, record: Record) -> None:
        """Fold one record."""
        if record.sequence > self.sequence:
            self.sequence, self.last_s = record.sequence, record.wall_s
        kind = type(record.fact)
        if kind in APPLIED:
            apply_call_fact(self.calls, record)
            if kind in RECORDED:
                self.recordings.apply(record)
            if kind is LegAnswered:
                self.agents.apply(record)
            elif kind is LegAdded:
                self.trunk_days.apply(record)
            elif kind is ConversationEnded:
                self.names.apply(record)
        elif kind is GapFound:
            self._remember_gap(record.fact)
        else:
            self.locations.apply(record)
            self.bans.apply(record)
            self.agents.apply(record)
            apply_queue_fact(self.queues, record)
            self.figures.apply(record)
            self.notices.apply(record)
            self.trunks.apply(record)
            self.silent_hosts.apply(record)
            self.phone_quality.apply(record)
            self.recordings.apply(record)
            self.subscriptions.apply(record)
            self.publications.apply(record)
            self.messages.apply(record)
            self.counters.apply(record)
            self.found_hosts.apply(record)
            self.mailboxes.apply(record)
            self.names.apply(record)

    def _meet_gap(self, gap: Gap) -> None:
        place = (gap.first_sequence, gap.last_sequence)
        if place not in self.gaps:
            self.untold[place] = gap

    def _remember_gap(self, told: GapFound) -> None:
        place = (told.first_sequence, told.last_sequence)
        self.untold.pop(place, None)
        self.gaps[place] = None
        if len(self.gaps) > GAPS_REMEMBERED:
            del self.gaps[next(iter(self.gaps))]

    def encode(self) -> bytes:
        """Return the state as octets: equal states give equal octets."""
        values = (
            FORMAT,
            self.sequence,
            state_values.values_of(self.calls),
            self.locations.values(),
            self.bans.values(),
            self.agents.values(),
            self._kept_of_the_living(),
            tuple(self.gaps),
            tuple((gap.why.value, gap.where, *place) for place, gap in self.untold.items()),
            self.trunks.values(),
            self.silent_hosts.values(),
            self.last_s,
            self.recordings.values(),
            self.subscriptions.values(),
            self.publications.values(),
            self.messages.values(),
            self.counters.values(),
            queue_values.values_of(self.queues),
            self.figures.values(),
            self.found_hosts.values(),
            self.trunk_days.values(),
            self.mailboxes.values(),
            self.phone_quality.values(),
            self.notices.values(),
            self.names.values(),
        )
        packed: bytes = msgpack.packb(values)
        return packed

    def restore(self, data: bytes) -> None:
        """Put into an empty state what :meth:`encode` gave.

        Raises:
            JournalError: the octets are no state of this version.
        """
        try:
            version, *values = msgpack.unpackb(data, use_list=False)
            if version != FORMAT:
                raise JournalError(f"the snapshot has format {version}, this program {FORMAT}")
            self.sequence, calls, locations, bans, agents, kept, gaps, untold, *later = values
            state_values.restore(self.calls, calls)
            self.locations.restore(locations)
            self.bans.restore(bans)
            self.agents.restore(agents)
            self.kept = {name: list(encoded) for name, encoded in kept.items()}
            self.gaps = dict.fromkeys(gaps)
            for why, where, first, last in untold:
                self.untold[first, last] = Gap(Loss(why), where, first, last)
            self.trunks.restore(later[0] if later else ())  # older snapshots end before these
            self.silent_hosts.restore(later[1] if len(later) > 1 else ())
            self.last_s = later[2] if len(later) > 2 else 0.0
            self.recordings.restore(later[3] if len(later) > 3 else ())
            self.subscriptions.restore(later[4] if len(later) > 4 else ())
            self.publications.restore(later[5] if len(later) > 5 else ())
            self.messages.restore(later[6] if len(later) > 6 else ())
            self.counters.restore(later[7] if len(later) > 7 else ())
            if len(later) > 8:
                queue_values.restore(self.queues, later[8])
                self.figures.restore(later[9])
            self.found_hosts.restore(later[10] if len(later) > 10 else ())
            self.trunk_days.restore(later[11] if len(later) > 11 else ())
            self.mailboxes.restore(later[12] if len(later) > 12 else ())
            self.phone_quality.restore(later[13] if len(later) > 13 else ())
            if len(later) > 14:
                self.notices.restore(later[14])
            self.names.restore(later[15] if len(later) > 15 else ())
        except (ValueError, TypeError, LookupError, AttributeError, msgpack.exceptions.UnpackException) as error:
            raise JournalError(f"the snapshot holds no state: {error}") from error
