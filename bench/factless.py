"""A switch whose facts change its state and nothing else: no encoding, no ring, no writer, no SQL.

Run by :mod:`bench.fact_cost` as a file, with the words of ``softswitch`` behind its name; nobody else wants it. It
stands in for the product's programs of brain and writer; the supervisor and the workers are the product's.
"""

from __future__ import annotations

import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softswitch.app.processes import inherited

if TYPE_CHECKING:
    from softswitch.app.launch import OpenSockets
    from softswitch.runtime.settings import Settings

OURS = Path(__file__).resolve()


def run() -> None:
    """Be ``softswitch``, with other programs in the supervisor's plan."""
    from softswitch.app import launch
    from softswitch.cli.main import main as command_line

    make_plan = launch.make_plan

    def changed(settings: Settings, config: Path | None, opened: OpenSockets, ready: int, ring: int) -> dict[str, Any]:
        plan = make_plan(settings, config, opened, ready, ring)
        for role in ("brain", "writer"):
            plan["programs"][role] = [sys.executable, "-P", str(OURS), f"--{role}"]
        return plan

    launch.make_plan = changed
    command_line()


def brain() -> None:
    """Be the brain, whose turns forget their facts before they end."""
    from softswitch.app import brain_start
    from softswitch.app.turn import Turn

    end = Turn.end

    def forgetful(turn: Turn) -> None:
        turn._pending.clear()
        end(turn)

    Turn.end = forgetful  # type: ignore[method-assign, assignment]
    brain_start.main()


def writer() -> None:
    """Be a writer that has nothing to write."""
    given = inherited()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    given.say_ready()
    select.select([given.life], [], [])


if __name__ == "__main__":
    {"--brain": brain, "--writer": writer}.get(sys.argv[1], run)()
