"""Statuses are data: a named row of rights, and a preset is a named set of them.

Two presets are shipped as YAML beside this file; a site adds rows of its own. No code asks for a status by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DEFAULT_PRESET: Final = "voximplant"

RIGHTS: Final = (
    "queue",
    "group",
    "direct",
    "internal",
    "outbound",
    "chat_auto",
    "chat_manual",
    "transfer_in",
    "mobile_forward",
)
"""What a status permits or refuses; the head of ``status_presets/voximplant.yaml`` says what each is."""

YES: Final = "true"
NO: Final = "false"
CALL_WAITING: Final = "call_waiting"
"""Permitted only to a user whose call_waiting switch is on."""


@dataclass(frozen=True, slots=True)
class Status:
    """One row of a preset. A right is :data:`YES`, :data:`NO` or :data:`CALL_WAITING`."""

    preset: str
    name: str
    label_ru: str
    label_en: str
    code: str
    """N of the dialled code that chooses it; empty where it has none."""
    set_by: str
    """``user`` or ``system``: who may set it."""
    planned: bool
    """Whether it may be chosen ahead while a call is handled (V-74)."""
    unavailable: bool
    """Whether it counts as having left the work (V-69, V-78)."""
    refuse_with: int
    """The SIP status for a call that it refuses."""
    queue: str
    group: str
    direct: str
    internal: str
    outbound: str
    chat_auto: str
    chat_manual: str
    transfer_in: str
    mobile_forward: str

    def right(self, name: str) -> str:
        """Return one of :data:`RIGHTS`.

        Raises:
            KeyError: there is no such right.
        """
        if name not in RIGHTS:
            raise KeyError(name)
        value: str = getattr(self, name)
        return value

    def rights(self) -> dict[str, str]:
        """Return all of them by name."""
        return {name: self.right(name) for name in RIGHTS}


@dataclass(frozen=True, slots=True)
class Preset:
    """A set of statuses that belong together."""

    name: str
    login: str
    """What the first live registration of a user sets."""
    ready: str
    """What logging in to all queues sets."""
    offline: str
    """What the end of the last live registration sets."""
    custom: Mapping[str, object]
    """The values of a custom row where it says nothing."""
    statuses: Mapping[str, Status] = field(default_factory=dict)
    """By name, in the order in which they are shown."""
    ringing: str = ""
    """The status while a queue's call rings; empty: as before."""
    serving: str = ""
    """The status while it is served; empty: as before, and a status that is chosen meanwhile holds at once."""
    wrap_up: str = ""
    """The status after it, where a queue or group names none."""
    missed: str = ""
    """The status after a call that was not answered in time; empty: as before."""
    return_to: str = "ready"
    """What follows a wrap-up: ``ready``, or ``previous``, the status before the call."""

    def choosable(self) -> tuple[Status, ...]:
        """Return the statuses that a user may choose."""
        return tuple(status for status in self.statuses.values() if status.set_by == "user")

    def by_code(self, code: str) -> Status | None:
        """Return the status that a dialled code chooses, or None."""
        return next((status for status in self.choosable() if status.code == code), None)
