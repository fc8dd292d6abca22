"""The program of the journal's upkeep: started by the writer whenever a segment was closed, and ends by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from softswitch.app.processes import name_process
from softswitch.app.upkeep import keep_up
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.log import configure_logging, get_logger

LOWEST_PRIORITY = 19


def main() -> NoReturn:
    """Do what is due.

    The command line has the journal's directory, the days for which segments are kept, and the log's level and form.
    """
    journal, keep_days, level, form = sys.argv[1:]
    os.nice(LOWEST_PRIORITY)
    name_process("switch-upkeep")
    configure_logging("upkeep", level=level, form=form)
    try:
        keep_up(Path(journal), keep_days=int(keep_days), wall_s=SystemClock().wall())
    except OSError as error:
        get_logger("upkeep").error("upkeep.failed", reason=str(error))
        raise SystemExit(1) from None
    raise SystemExit(0)


if __name__ == "__main__":
    main()
