"""What the API sees of conferences, and asks of them and of supervision; the brain fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from softswitch.api.control_view import LineCallView


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody in a conference."""

    leg: str
    user: str
    """Name of the user; empty for a number outside."""
    number: str
    state: str
    """``talking`` or ``held``; ``ringing`` for whoever is called into it."""
    muted: bool
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class ConferenceView:
    """A conversation of more than two, or in a room that was dialled."""

    conversation_id: str
    room: str
    """Name of the site's room; empty where people were brought together."""
    members: tuple[MemberView, ...]
    since: str
    """When the conversation began, ISO 8601 in UTC."""
    page: str = ""
    """The leg of whoever speaks, where the others only hear; empty in a conference."""


class TogetherView(Protocol):
    """Conferences and supervision of the running switch; the commands are as those of ``ControlView``."""

    def conferences(self) -> Sequence[ConferenceView]:
        """List the conferences."""
        ...

    def conference(self, leg: str, number: str) -> LineCallView:
        """Do what the conference button does for a user's call."""
        ...

    def mute(self, leg: str, *, wanted: bool) -> LineCallView:
        """Let a leg not be heard, or be heard again."""
        ...

    def supervise(self, leg: str, supervisor: str, mode: str, follow: str) -> LineCallView:
        """Let a supervisor hear the talk of a leg; return that leg."""
        ...
