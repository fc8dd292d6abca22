"""The file beside a conversation's recordings: which intervals there are, who speaks in them, and what is missing.

``CONVERSATION.json`` is ``{"conversation_id": ..., "intervals": [interval, ...]}``. What an interval says of its
parties is told by the brain with each change; here the file's rate and its gaps are added.
"""

from __future__ import annotations

import fcntl
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final

MOST_GAPS: Final = 1000
"""Listed for a file; more are only counted."""


def update_about(path: Path, told: str, found: dict[str, Any]) -> None:
    """Put an interval's file into the conversation's, or what has changed of it.

    Args:
        path: of the recording.
        told: JSON: ``conversation_id`` and ``interval``, which has a ``file``.
        found: what was seen as it was written.

    Raises:
        OSError: it cannot be written; what was there stays.
        ValueError: ``told`` is no such JSON.
    """
    said = json.loads(told)
    interval = {**said["interval"], **found}
    target = path.parent / f"{said['conversation_id']}.json"
    lock = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker's recorder may write into the same file
        whole = _read(target, said["conversation_id"])
        others = [one for one in whole["intervals"] if one.get("file") != interval["file"]]
        before: dict[str, Any] = next((one for one in whole["intervals"] if one.get("file") == interval["file"]), {})
        interval["gaps"] = _joined(before.get("gaps", []), interval.get("gaps", []))
        whole["intervals"] = sorted([*others, interval], key=lambda one: str(one["file"]))
        _replace(target, json.dumps(whole, ensure_ascii=False, indent=1))
    finally:
        os.close(lock)


def joined_at_s(told: str) -> dict[str, float]:
    """Return when whoever is heard last in each channel joined, in seconds of the file; nothing where that is not told.

    Args:
        told: as in :func:`update_about`.
    """
    try:
        interval = json.loads(told)["interval"]
        began = datetime.fromisoformat(interval["started_at"])
        parties = [(party["channel"], datetime.fromisoformat(party["from"])) for party in interval["parties"]]
    except (ValueError, KeyError, TypeError):
        return {}
    found: dict[str, float] = {}
    for channel, joined in parties:
        found[channel] = max(found.get(channel, 0.0), (joined - began).total_seconds())
    return found


def forget_about(path: Path, conversation_id: str) -> None:
    """Take a file out of what stands beside it, because it was deleted; the last one takes the rest along.

    Raises:
        OSError: it cannot be written.
    """
    target = path.parent / f"{conversation_id}.json"
    if not target.exists():
        return
    whole = _read(target, conversation_id)
    whole["intervals"] = [one for one in whole["intervals"] if _stem(str(one.get("file"))) != _stem(path.name)]
    if whole["intervals"]:
        _replace(target, json.dumps(whole, ensure_ascii=False, indent=1))
    else:
        target.unlink()


def _stem(name: str) -> str:
    """Return what is the same of a file's name in all its forms."""
    return Path(name.removesuffix(".sealed")).stem


def _read(path: Path, conversation_id: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        found["intervals"] = list(found["intervals"])
    except (OSError, ValueError, KeyError, TypeError):
        return {"conversation_id": conversation_id, "intervals": []}
    return found


def _joined(before: list[Any], now: list[Any]) -> list[Any]:
    """Keep the gaps that another recorder has listed: of the other channel, or of a time before it died."""
    every = {(gap["channel"], gap["from_s"]): gap for gap in (*before, *now)}
    return sorted(every.values(), key=lambda gap: (gap["from_s"], gap["channel"]))[:MOST_GAPS]


def _replace(path: Path, text: str) -> None:
    made = path.with_suffix(".json.new")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
    made.replace(path)
