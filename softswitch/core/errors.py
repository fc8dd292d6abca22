"""Every error that the switch raises on purpose, in one tree.

::

    SoftswitchError
        ProtocolError
            LocalProtocolError
            RemoteProtocolError
                SipError
                SdpError
                RtpError
        ConfigurationError
        CommandError
        JournalError
        MediaError
        SpeechError
        SimulationError

A time-out, a hang-up or a busy phone is an event, not an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SoftswitchError(Exception):
    """The root of the tree."""


class ProtocolError(SoftswitchError):
    """A rule of a protocol was broken."""


class LocalProtocolError(ProtocolError):
    """Our own caller asked for something that the state does not allow: a defect of ours."""


class RemoteProtocolError(ProtocolError):
    """The peer sent something that its protocol does not allow.

    Attributes:
        status_hint: the SIP status with which a UAS may answer it.
    """

    def __init__(self, message: str, status_hint: int = 400) -> None:
        super().__init__(message)
        self.status_hint = status_hint


class SipError(RemoteProtocolError):
    """A SIP message, header or URI that RFC 3261 does not allow."""


class SdpError(RemoteProtocolError):
    """A session description that cannot be understood or agreed upon (mostly 488)."""

    def __init__(self, message: str, status_hint: int = 488) -> None:
        super().__init__(message, status_hint)


class RtpError(RemoteProtocolError):
    """An RTP or RTCP packet that RFC 3550 does not allow."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file, told so that its author can mend it."""

    where: str
    """``file:line`` or the file alone."""
    what: str
    """What is wrong."""
    cure: str
    """What to write instead."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    write instead: {self.cure}"


class ConfigurationError(SoftswitchError):
    """Files that cannot be used as they are; nothing of them was taken over.

    Attributes:
        problems: every problem found, in the order of the files.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class CommandError(SoftswitchError):
    """A command from outside that is refused and changed nothing.

    Attributes:
        status: the HTTP status for it.
        error_id: a stable name for programs, e.g. ``unknown-leg``.
        field: the argument that is to blame, or an empty string.
    """

    def __init__(self, message: str, *, status: int, error_id: str, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.error_id = error_id
        self.field = field


class JournalError(SoftswitchError):
    """Facts that cannot be read or kept."""


class MediaError(SoftswitchError):
    """A media worker that cannot do what it was asked for."""


class SpeechError(SoftswitchError):
    """Something that cannot be said; the text names the cure."""


class SimulationError(SoftswitchError):
    """Something that cannot happen in virtual time, or did not happen in the time it was given."""
