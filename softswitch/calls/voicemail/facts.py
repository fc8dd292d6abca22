"""The facts of voicemail. A call's id, where one is concerned, and the wall time stand in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("voicemail.begun", version=2)
class VoicemailBegun:
    """A caller is about to be recorded for a box: a message, or whoever has the box says its greeting."""

    box: str
    """Name of the user or group."""
    path: str
    """Of the file, within the storage directory."""
    from_number: str
    from_name: str
    greeting: bool = False
    """Whether it is the box's greeting."""


@fact("voicemail.greeting_set")
class VoicemailGreetingSet:
    """Callers hear another greeting of a box from now on."""

    box: str
    path: str
    """Within the storage directory; empty: the switch's own words."""


@fact("voicemail.left")
class VoicemailLeft:
    """A message is in the box."""

    box: str
    message: str
    """Its name."""
    path: str
    """Within the storage directory."""
    from_number: str
    from_name: str
    seconds: float


@fact("voicemail.dropped")
class VoicemailDropped:
    """What was recorded is no message, and no greeting: nothing was said, or nothing could be written."""

    path: str
    why: str
    """``too-short`` or ``lost``."""


@fact("voicemail.heard")
class VoicemailHeard:
    """Somebody has listened to a message."""

    box: str
    message: str
    by: str
    """``phone``, ``api``."""


@fact("voicemail.deleted")
class VoicemailDeleted:
    """A message was deleted."""

    box: str
    message: str
    by: str
    """``phone``, ``api``, or ``retention``."""


@fact("voicemail.file_deleted")
class VoicemailFileDeleted:
    """The file of what was deleted or dropped is gone."""

    path: str
    """Within the storage directory."""


@fact("voicemail.mailed")
class VoicemailMailed:
    """A message went out by mail, or was given up."""

    box: str
    message: str
    problem: str
    """Why it was given up; empty where it went out."""
