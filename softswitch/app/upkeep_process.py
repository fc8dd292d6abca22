"""The program of the journal's upkeep: started by the writer whenever a segment was closed, and ends by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from softswitch.api.client import SwitchClient
from softswitch.app.processes import name_process
from softswitch.app.recording_archive import RecordingArchive
from softswitch.app.recordings_upkeep import keep_recordings
from softswitch.app.upkeep import keep_up
from softswitch.core.errors import CommandError
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.log import configure_logging, get_logger
from softswitch.runtime.settings import RecordingSettings

LOWEST_PRIORITY = 19


def main() -> NoReturn:
    """Do what is due.

    The command line has the journal's directory, the days for which segments are kept, the log's level and form, the
    URL of the database (empty for the embedded one), and the rules for recordings as JSON.
    """
    journal, keep_days, level, form, database, rules = sys.argv[1:]
    os.nice(LOWEST_PRIORITY)
    name_process("switch-upkeep")
    configure_logging("upkeep", level=level, form=form)
    try:
        keep_up(Path(journal), keep_days=int(keep_days), wall_s=SystemClock().wall())
    except OSError as error:
        get_logger("upkeep").error("upkeep.failed", reason=str(error))
        raise SystemExit(1) from None
    _keep_recordings(Path(journal).parent, database, RecordingSettings.model_validate_json(rules))
    raise SystemExit(0)


def _keep_recordings(directory: Path, database: str, rules: RecordingSettings) -> None:
    try:
        with SwitchClient(directory) as switch:
            keep_recordings(
                directory, RecordingArchive(directory, database), switch, rules, wall_s=SystemClock().wall()
            )
    except CommandError as error:  # the brain is being started again: the next time
        get_logger("upkeep").info("recordings.postponed", reason=str(error))


if __name__ == "__main__":
    main()
