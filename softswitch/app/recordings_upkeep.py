"""What becomes of recordings when their calls are over: another form, and an end. Done by the upkeep's process.

What it does to a recording it says to the switch, which keeps it as a fact; where no switch runs, nothing is done.
"""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from softswitch.api.recordings_view import RecordingView
from softswitch.app.key_file import ensure_key
from softswitch.app.recording_archive import MOST, RecordingArchive, convert, is_same_sound
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
    for one in ended:
        if why := _why_to_delete(one, rules, excess, wall_s):
            _delete(switch, one, why)
            excess -= one.octets
        else:
            kept.append(one)
    for one in kept:
        path = directory / one.path
        if one.kind == "message" or not path.is_file():
            continue  # messages are played as they are
        if rules.form != "wav":
            path = _convert(directory, switch, one, rules.form)
        if rules.encrypt:
            _seal(directory, switch, one, path)


def _every(archive: RecordingArchive) -> Iterator[RecordingView]:
    offset = 0
    while page := archive.listed(limit=MOST, offset=offset):
        yield from page
        offset += len(page)


def _why_to_delete(one: RecordingView, rules: RecordingSettings, excess: int, wall_s: float) -> str:
    """Messages are their boxes', and stay; of recordings the oldest go first."""
    if one.kind != "conversation":
        return ""
    if rules.keep_days and one.started_at < iso_utc(wall_s - rules.keep_days * DAY_S):
        return f"older than {rules.keep_days} days"
    return f"more than {rules.keep_gb} GB" if excess > 0 and one.octets else ""


def _delete(switch: Switch, one: RecordingView, why: str) -> None:
    try:
        switch.delete_recording(one.recording, BY, why)
    except CommandError as error:
        _LOG.warning("recording.not_deleted", recording=one.recording, reason=str(error))


def _seal(directory: Path, switch: Switch, one: RecordingView, source: Path) -> None:
    """Put a sealed file in a recording's place; the one before goes only when the new one opens to the same octets."""
    if source.suffix == SUFFIX:
        return
    target, key = source.with_name(source.name + SUFFIX), ensure_key(directory / KEY_FILE)
    try:
        seal(source, target, key)
        with plain_file(target, key) as plain:
            same = filecmp.cmp(source, plain, shallow=False)
        if not same:
            target.unlink()
            _LOG.error("recording.not_sealed", recording=one.recording, reason="it opens to something else")
            return
        switch.converted_recording(one.recording, str(target.relative_to(directory)))
        source.unlink()
    except (CommandError, OSError) as error:
        target.unlink(missing_ok=True)
        _LOG.warning("recording.not_sealed", recording=one.recording, reason=str(error))


def _convert(directory: Path, switch: Switch, one: RecordingView, form: str) -> Path:
    """Put a file of another form in a recording's place; return which file is there then.

    The one before goes only when the new one sounds the same.
    """
    source = directory / one.path
    if source.suffix != ".wav":
        return source
    target = source.with_suffix(f".{form}")
    made = source.with_name(f".{source.stem}.{form}")
    try:
        convert(source, made)
        if not is_same_sound(source, made):
            made.unlink()
            _LOG.error("recording.not_converted", recording=one.recording, reason="it sounds different")
            return source
        made.chmod(0o600)
        made.replace(target)
        switch.converted_recording(one.recording, str(target.relative_to(directory)))
        source.unlink()
    except (CommandError, OSError) as error:
        _LOG.warning("recording.not_converted", recording=one.recording, reason=str(error))
        return source
    return target
