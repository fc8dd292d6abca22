"""What becomes of recordings when their calls are over: another form, and an end. Done by the upkeep's process.

What it does to a recording it says to the switch, which keeps it as a fact; where no switch runs, nothing is done.
"""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from softswitch.api.recordings_view import RecordingView
from softswitch.app.key_file import ensure_key
from softswitch.app.recording_archive import MOST, RecordingArchive
from softswitch.app.recording_forms import all_files_of, being_made, convert, is_same_sound
from softswitch.app.retention import days_by_rule
from softswitch.app.sealed_files import KEY_FILE, SUFFIX, plain_file, seal
from softswitch.core.clock import iso_utc
from softswitch.core.errors import CommandError
from softswitch.runtime.log import get_logger
from softswitch.runtime.settings import RecordingSettings

BY: Final = "retention"
DAY_S: Final = 86_400.0
SETTLED_S: Final = 60.0
"""So long after its end nobody writes into a file any more."""
_LOG = get_logger("recordings")


class Switch(Protocol):
    """Takes what was done; :class:`softswitch.api.client.SwitchClient`."""

    def delete_recording(self, recording: str, by: str, why: str) -> None:
        """Delete a recording."""
        ...

    def converted_recording(self, recording: str, path: str) -> None:
        """Say that a file of another form took the place of a recording's."""
        ...


def keep_recordings(
    directory: Path, archive: RecordingArchive, switch: Switch, rules: RecordingSettings, *, wall_s: float
) -> None:
    """Delete what is too old or too much, then convert what is to be.

    Args:
        directory: the storage directory.
        archive: the recordings.
        switch: takes what was done.
        rules: how long they are kept, and in which form.
        wall_s: the time in UTC.
    """
    ended = [one for one in _every(archive) if one.ended_at and one.ended_at < iso_utc(wall_s - SETTLED_S)]
    ended.sort(key=lambda one: (one.started_at, one.recording))
    kept = []
    excess = sum(one.octets for one in ended) - int(rules.keep_gb * 1e9) if rules.keep_gb else 0
    marks = archive.marks() if rules.rules else {}
    for one in ended:
        by_rule = days_by_rule(rules.rules, marks.get(one.conversation_id, ()))
        if why := _why_to_delete(one, rules, by_rule, excess, wall_s):
            _delete(switch, one, why)
            excess -= one.octets
        else:
            kept.append(one)
    for one in kept:
        path: Path | None = directory / one.path
        if one.kind == "message" or path is None or not path.is_file():
            continue  # messages are played as they are
        if rules.form != "wav":
            path = _convert(directory, switch, one, path, rules.form)
        if rules.encrypt and path is not None:
            path = _seal(directory, switch, one, path)
        if path is not None:
            _clear_away(path)


def _every(archive: RecordingArchive) -> Iterator[RecordingView]:
    offset = 0
    while page := archive.listed(limit=MOST, offset=offset):
        yield from page
        offset += len(page)


def _why_to_delete(
    one: RecordingView, rules: RecordingSettings, by_rule: int | None, excess: int, wall_s: float
) -> str:
    """Messages are their boxes', and stay; what a rule keeps stays; of other recordings the oldest go first."""
    if one.kind != "conversation":
        return ""
    days = rules.keep_days if by_rule is None else by_rule
    if days and one.started_at < iso_utc(wall_s - days * DAY_S):
        return f"older than {days} days"
    return f"more than {rules.keep_gb} GB" if by_rule is None and excess > 0 and one.octets else ""


def _delete(switch: Switch, one: RecordingView, why: str) -> None:
    try:
        switch.delete_recording(one.recording, BY, why)
    except CommandError as error:
        _LOG.warning("recording.not_deleted", recording=one.recording, reason=str(error))


def _clear_away(kept: Path) -> None:
    """Remove what is left of a recording's other forms where this process was killed before it could."""
    for other in all_files_of(kept):
        if other != kept:
            with suppress(OSError):
                other.unlink(missing_ok=True)


def _seal(directory: Path, switch: Switch, one: RecordingView, source: Path) -> Path | None:
    """Put a sealed file in a recording's place; return which file is there then, None where that is not sure.

    The one before goes only when the new one opens to the same octets.
    """
    if source.suffix == SUFFIX:
        return source
    target, key = source.with_name(source.name + SUFFIX), ensure_key(directory / KEY_FILE)
    try:
        seal(source, target, key)
        with plain_file(target, key) as plain:
            same = filecmp.cmp(source, plain, shallow=False)
    except (CommandError, OSError) as error:
        target.unlink(missing_ok=True)
        _LOG.warning("recording.not_sealed", recording=one.recording, reason=str(error))
        return source
    if not same:
        target.unlink()
        _LOG.error("recording.not_sealed", recording=one.recording, reason="it opens to something else")
        return source
    return _take_place(directory, switch, one, source, target)


def _convert(directory: Path, switch: Switch, one: RecordingView, source: Path, form: str) -> Path | None:
    """Put a file of another form in a recording's place; return which file is there then, None where it is not sure.

    The one before goes only when the new one sounds the same.
    """
    if source.suffix != ".wav":
        return source
    target, made = source.with_suffix(f".{form}"), being_made(source, form)
    try:
        convert(source, made)
        same = is_same_sound(source, made)
        made.chmod(0o600)
    except (CommandError, OSError) as error:
        _LOG.warning("recording.not_converted", recording=one.recording, reason=str(error))
        return source
    if not same:
        made.unlink()
        _LOG.error("recording.not_converted", recording=one.recording, reason="it sounds different")
        return source
    made.replace(target)
    return _take_place(directory, switch, one, source, target)


def _take_place(directory: Path, switch: Switch, one: RecordingView, source: Path, target: Path) -> Path | None:
    """Say that another file is the recording's, then remove the one before.

    Where the switch does not answer it may have heard all the same: both files stay, and the next time tells.
    """
    try:
        switch.converted_recording(one.recording, str(target.relative_to(directory)))
        source.unlink()
    except (CommandError, OSError) as error:
        _LOG.warning("recording.not_replaced", recording=one.recording, reason=str(error))
        return None
    return target
