"""What the API shows of phones beside their calls, and orders to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch.api.phones_view import ResyncView, SubscriptionView
from softswitch.app.brain import Brain
from softswitch.core.clock import Clock
from softswitch.directory.subscriptions import Watch


class BrainPhones:
    """Implements :class:`softswitch.api.phones_view.PhonesView`.

    Args:
        brain: what is shown.
        clock: gives the age of things.
        in_turn: does something in the brain and ends the turn.
    """

    def __init__(self, brain: Brain, clock: Clock, in_turn: Callable[[Callable[[], None]], None]) -> None:
        self._brain = brain
        self._clock = clock
        self._in_turn = in_turn

    def subscriptions(self) -> Sequence[SubscriptionView]:
        """List what phones watch."""
        wall_s = self._clock.wall()
        return [self._subscription(watch, wall_s) for watch in self._brain.services.events.state]

    def _subscription(self, watch: Watch, wall_s: float) -> SubscriptionView:
        user = self._brain.desk.site.users.get(watch.user)
        return SubscriptionView(
            extension=watch.user if user is None else user.extension,
            package=watch.package,
            resource=watch.resource,
            contact=watch.contact,
            state=self._brain.services.events.progress_of(watch.subscription),
            expires_s=max(0, round(watch.expires_at_s - wall_s)),
        )

    def resync(self, extension: str, *, reboot: bool, contact: str) -> Sequence[ResyncView]:
        """Tell phones to read their configuration again, or to start anew."""
        told: list[tuple[str, str]] = []
        self._in_turn(lambda: told.extend(self._brain.resync_phones(extension, reboot=reboot, contact=contact)))
        return [ResyncView(contact, event) for contact, event in told]
