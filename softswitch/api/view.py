"""What the API sees of the switch; the brain fills it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from softswitch.api.conference_view import TogetherView
from softswitch.api.control_view import ControlView
from softswitch.api.facts_view import FactsView
from softswitch.api.people_view import PeopleView
from softswitch.api.phones_view import PhonesView
from softswitch.api.queues_view import QueuesView
from softswitch.api.recordings_view import RecordingsView
from softswitch.api.voicemail_view import MailboxView


@dataclass(frozen=True, slots=True)
class ProcessView:
    """One process of the switch."""

    role: str
    """``supervisor``, ``brain``, ``worker`` or ``writer``."""
    pid: int


@dataclass(frozen=True, slots=True)
class StatusView:
    """The switch in numbers: all but the registrations are zero at rest."""

    calls: int
    legs: int
    dialogs: int
    transactions: int
    """Those that can still change a call, not those that only absorb retransmissions."""
    ports: int
    """Those bound by a leg."""
    timers: int
    """Those owned by a call, a dialog or such a transaction."""
    registrations: int
    processes: tuple[ProcessView, ...]
    version: str = ""
    started_at: str = ""
    """ISO 8601 in UTC."""
    alarms: tuple[str, ...] = ()
    """What is wrong, in words; empty when all is well."""
    subscriptions: int = 0
    """What phones watch; like registrations, not zero at rest."""


@dataclass(frozen=True, slots=True)
class WorkerView:
    """How a media worker does, as it told last."""

    worker: int
    legs: int
    late_ms: float
    """The latest tick of the last seconds."""
    missed_ticks: int
    full: bool = False
    """Whether it is too busy for new calls."""
    ticks: tuple[tuple[float, int], ...] = ()
    """Seconds, rising to infinity, and how many ticks began no later; empty while nothing was told."""


@dataclass(frozen=True, slots=True)
class MetricsView:
    """What is measured of the switch."""

    status: StatusView
    ready: bool
    journal_lag_octets: int
    journal_lag_facts: int
    journal_late_s: float
    """How long facts have waited for the disk."""
    journal_lost_facts: int
    invariant_breaches: int
    """Since this signalling process was started."""
    restarts: Mapping[str, int]
    """By role."""
    socket_drops: Mapping[str, int]
    """By local address: packets that a full socket lost."""
    workers: tuple[WorkerView, ...]
    mos_in: float = 0.0
    """Mean of the legs that are measured; 0 where none is."""
    mos_out: float = 0.0
    bad_phones: int = 0
    """Users whose last calls sounded bad."""


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """A phone that is registered."""

    extension: str
    contact: str
    """The URI as the phone registered it."""
    source: str
    """Where its REGISTER came from, e.g. ``udp:10.0.0.7:5062``."""
    expires_s: int
    """Seconds from now."""


@dataclass(frozen=True, slots=True)
class TrunkView:
    """A trunk."""

    name: str
    host: str
    registers: bool
    """Whether the switch registers there."""
    registered_until: str
    """UTC; empty where it is not registered now."""
    last_failure: str
    """Why the last attempts to register failed, since the last success; empty where they did not."""
    last_failure_at: str
    calls: int
    """Going on now, in both directions."""


@dataclass(frozen=True, slots=True)
class QualityView:
    """How good a leg sounds now (ITU-T G.107)."""

    mos_in: float
    """Of what comes from the phone, 1 to 4.5; 0: not measured."""
    mos_out: float
    """Of what the phone hears, by its reports."""
    lost_in: float
    """Share of packets that were lost or too late, from 0 to 1."""
    lost_out: float
    jitter_ms: float
    round_trip_ms: float


@dataclass(frozen=True, slots=True)
class LegView:
    """One end of a call."""

    leg: str
    user: str
    """Name of the user; empty for a number outside."""
    number: str
    state: str
    codec: str
    """Empty until one is agreed on."""
    quality: QualityView | None = None
    """How good it sounds; none in the first seconds."""


@dataclass(frozen=True, slots=True)
class CallView:
    """A conversation that is going on."""

    conversation_id: str
    state: str
    legs: tuple[LegView, ...]
    started_at: str = ""
    """ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class BanView:
    """A source that is shut out."""

    source: str
    """An address, or an IPv6 network."""
    until: str
    """ISO 8601 in UTC."""
    reason: str
    """``guessing`` or ``flooding``."""
    times: int
    """How often in a row."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A SIP message that came or was sent."""

    at: str
    """ISO 8601 in UTC."""
    sent: bool
    """Whether the switch sent it."""
    transport: str
    local: str
    remote: str
    """``HOST:PORT``."""
    text: str
    """Without credentials and keys."""


class SwitchView(
    PeopleView, QueuesView, ControlView, FactsView, TogetherView, PhonesView, RecordingsView, MailboxView, Protocol
):
    """The running switch. Every method returns at once."""

    def ready(self) -> bool:
        """Tell whether calls can be taken."""
        ...

    def status(self) -> StatusView:
        """Count what is going on."""
        ...

    def metrics(self) -> MetricsView:
        """Return what is measured."""
        ...

    def registrations(self) -> Sequence[RegistrationView]:
        """List the registered phones."""
        ...

    def trunks(self) -> Sequence[TrunkView]:
        """List the trunks."""
        ...

    def calls(self) -> Sequence[CallView]:
        """List the conversations."""
        ...

    def trace(self, conversation_id: str) -> Sequence[MessageView]:
        """List the SIP messages of a conversation that are still in memory.

        Raises:
            CommandError: there are none.
        """
        ...

    def bans(self) -> Sequence[BanView]:
        """List the sources that are shut out now."""
        ...

    def lift_ban(self, source: str) -> BanView:
        """Let a source in again; return the ban that was lifted.

        Raises:
            CommandError: it is not shut out.
        """
        ...

    async def load_site(self, compiled: bytes, *, dry_run: bool) -> Sequence[str]:
        """Put another site in place of the loaded one, without a pause; calls in progress keep the old.

        Args:
            compiled: what :func:`softswitch.directory.compiled_site.compile_site` made.
            dry_run: only tell the difference.

        Returns:
            The difference against what was loaded, a line each.

        Raises:
            ConfigurationError: the compiled site cannot be used; nothing has changed.
        """
        ...
