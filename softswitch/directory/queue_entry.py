"""From the lines of a queue in a site file to the queue; also what a group shares with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from softswitch.directory.fields import Entry
from softswitch.directory.sections import OVERFLOW_TARGETS
from softswitch.directory.site import Queue
from softswitch.directory.supervision_modes import SUPERVISION

_GUIDES: Final = {"user": "forward:", "voicemail": "scenario:*voicemail/", "number": "scenario:*number/"}
"""Before the name of what an overflow leads to, where the guide is called otherwise."""


def queue_of(entry: Entry) -> Queue:
    """Make the queue that a checked entry describes."""
    members = entry.entries("members")
    return Queue(
        entry.text("name"),
        entry.text("extension"),
        tuple(member.text("user") for member in members),
        entry.text("strategy", "longest_idle"),
        entry.text("priority", "normal"),
        _seconds(entry, "sla_s", 20),
        _seconds(entry, "ring_s", 15),
        tuple(member.whole("priority") or 1 for member in members),
        tuple(member.texts("skills") for member in members),
        entry.texts("supervisors"),
        retry_s=_seconds(entry, "retry_s", 10),
        short_abandon_s=_seconds(entry, "short_abandon_s", 5),
        max_wait_s=_seconds(entry, "max_wait_s", 0),
        max_length=entry.whole("max_length") or 0,
        leave_without_agents=entry.flag("leave_without_agents"),
        exit_key=entry.text("exit_key"),
        skills=entry.texts("skills"),
        relax_after_s=_seconds(entry, "relax_after_s", 0),
        auto_answer=tuple(member.text("user") for member in members if member.flag("auto_answer")),
        supervision=entry.texts("supervision") or SUPERVISION,
        recording=entry.text("recording"),
        recording_pause=entry.flag("recording_pause"),
        recording_notice=beside(entry, entry.text("recording_notice")),
        **wrap_up_values(entry),
        **_tables(entry),
    )


def wrap_up_values(entry: Entry) -> dict[str, Any]:
    """Return what follows a talk, by the names of the fields; nothing where nothing is written."""
    for rule in entry.entry("wrap_up"):
        return {
            "wrap_up_s": _seconds(rule, "seconds", 0),
            "wrap_up_limit": rule.values.get("limit") is not False,
            "wrap_up_status": rule.text("status"),
            "wrap_up_return": rule.text("return_to"),
            "wrap_up_every": rule.text("after") == "every",
        }
    return {}


def _tables(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for overflow in entry.entry("overflow"):
        target = next(target for target in OVERFLOW_TARGETS if target in overflow.lines)
        found["overflow_to"] = _GUIDES.get(target, f"{target}:") + overflow.text(target)
    for sticky in entry.entry("sticky"):
        found |= {"sticky_s": _seconds(sticky, "within_s", 0), "sticky_wait_s": _seconds(sticky, "wait_s", 0)}
    for callback in entry.entry("callback"):
        found |= {
            "callback_key": callback.text("key", "2"),
            "callback_first": callback.text("first", "agent"),
            "callback_offer_s": _seconds(callback, "offer_after_s", 0),
            "callback_keep_place": callback.values.get("keep_place") is not False,
            "callback_tries": callback.whole("tries") or 3,
            "callback_retry_s": _seconds(callback, "retry_s", 300),
            "callback_expires_s": _seconds(callback, "expires_s", 86_400),
        }
    for announce in entry.entry("announce"):
        found |= {
            "announce_every_s": _seconds(announce, "every_s", 0),
            "announce_at_once": announce.flag("at_once"),
            "announce_position": announce.values.get("position") is not False,
            "announce_wait": announce.flag("wait"),
            "announce_files": tuple(beside(announce, name) for name in announce.texts("files")),
            "language": announce.text("language", "en"),
        }
    for told in entry.entry("to_agent"):
        found |= {"agent_beep": told.flag("beep"), "agent_file": beside(told, told.text("file"))}
    for notify in entry.entry("notify"):
        found |= {"notify_mail": notify.texts("mail"), "notify_webhook": notify.text("webhook")}
    return found


def beside(entry: Entry, named: str) -> str:
    """Return the absolute path of a file that is named relative to the site's; empty where none is named."""
    return str(Path(entry.file).resolve().parent / named) if named else ""


def _seconds(entry: Entry, key: str, otherwise: float) -> float:
    written = entry.whole(key)
    return float(otherwise if written is None else written)
