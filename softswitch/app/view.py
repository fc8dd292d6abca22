"""What the API sees of the brain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch import __version__
from softswitch.api.view import CallView, LegView, ProcessView, RegistrationView, StatusView
from softswitch.app.brain import Brain
from softswitch.calls.description import codec_of
from softswitch.calls.state import Conversation, Leg, LegState
from softswitch.core.clock import Clock, iso_utc
from softswitch.core.errors import ConfigurationError, Problem
from softswitch.directory.difference import differences
from softswitch.directory.location import Binding
from softswitch.directory.site import read_compiled


class BrainView:
    """The running switch, read between turns.

    Args:
        brain: what is looked at.
        clock: for what is said relative to now.
        processes: the processes of the switch, asked anew each time.
        store: keeps a loaded site's octets before it is swapped in.
        alarms: what is wrong, in words.
    """

    def __init__(
        self,
        brain: Brain,
        clock: Clock,
        *,
        processes: Callable[[], Sequence[ProcessView]],
        store: Callable[[bytes], None],
        alarms: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._brain = brain
        self._clock = clock
        self._processes = processes
        self._store = store
        self._alarms = alarms
        self._started_at = iso_utc(clock.wall())

    def ready(self) -> bool:
        """Tell whether calls can be taken."""
        return not self._brain.desk.draining

    def status(self) -> StatusView:
        """Count what is going on."""
        return StatusView(
            **self._brain.counts(),
            processes=tuple(self._processes()),
            version=__version__,
            started_at=self._started_at,
            alarms=tuple(self._alarms()),
        )

    def registrations(self) -> Sequence[RegistrationView]:
        """List the registered phones, by extension."""
        now = self._clock.wall()
        found = [self._registration(binding, now) for binding in self._brain.locations]
        return sorted(found, key=lambda view: (view.extension, view.contact))

    def _registration(self, binding: Binding, now: float) -> RegistrationView:
        user = self._brain.desk.site.users.get(binding.user)
        host, port = binding.flow.remote
        source = f"{binding.flow.transport}:{f'[{host}]' if ':' in host else host}:{port}"
        left_s = max(0, round(binding.expires_at_s - now))
        return RegistrationView(user.extension if user else binding.user, binding.contact, source, left_s)

    def calls(self) -> Sequence[CallView]:
        """List the conversations, oldest first."""
        return [_call(conversation) for conversation in self._brain.calls.conversations.values()]

    def load_site(self, compiled: bytes, *, dry_run: bool) -> Sequence[str]:
        """Swap in another site; calls in progress keep what they were decided with."""
        site = read_compiled(compiled, "the site that was sent").site
        running = self._brain.desk.site
        if site.domain != running.domain:
            raise ConfigurationError([_other_domain(site.domain, running.domain)])
        changes = differences(running, site)
        if not dry_run:
            self._store(compiled)
            self._brain.desk.site = site
        return changes


def _other_domain(sent: str, running: str) -> Problem:
    return Problem(
        "the site that was sent",
        f"it was compiled for the domain {sent}, and this switch serves {running}",
        f'load it with the configuration that says [sip] domain = "{running}"',
    )


def _call(conversation: Conversation) -> CallView:
    legs = tuple(_leg(leg) for leg in conversation.legs.values() if leg.is_live)
    started_at = iso_utc(conversation.started_at_s)
    return CallView(conversation.conversation_id, conversation.state.value, legs, started_at)


def _leg(leg: Leg) -> LegView:
    state = "held" if leg.held and leg.state is LegState.TALKING else leg.state.value
    return LegView(leg.leg, leg.user, leg.number, state, codec_of(leg.local_sdp))
