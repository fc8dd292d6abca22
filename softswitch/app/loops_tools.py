"""What the command line does with the media workers' loops."""

from __future__ import annotations

from pathlib import Path

from softswitch.core.errors import MediaError
from softswitch.media.loops.compiling import GENERIC, compile_loops
from softswitch.media.loops.found import find_loops


def make_loops(*, generic: bool) -> Path:
    """Compile them; return the file that was made.

    Args:
        generic: for any processor of this machine's kind.

    Raises:
        MediaError: that cannot be done here, or what was made does not work.
    """
    made = compile_loops(GENERIC if generic else "host")
    found = find_loops()
    if found.loops is None:
        raise MediaError(f"{made} was made, and cannot be used: {found.why_not}")
    return made
