"""Dying at any line: a trace function that ends the work when its n-th line of the journal is reached."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_PACKAGE = str(Path("softswitch") / "journal")


class Died(BaseException):
    """Not an Exception, so that nothing takes it for a failing disk."""


def dies_at(line: int, work: Callable[[], object]) -> bool:
    """Do the work and die just before its ``line``-th line in the journal package; False when it has fewer."""
    seen = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> TraceFunction | None:  # noqa: ANN401  # as Python has it
        nonlocal seen
        if _PACKAGE not in frame.f_code.co_filename:
            return None
        if event == "line":
            seen += 1
            if seen == line:
                sys.settrace(None)
                raise Died
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except Died:
        return True
    finally:
        sys.settrace(before)
    return False


def undying(work: Callable[[], object]) -> None:
    """Do a part of the work in which nobody dies."""
    trace = sys.gettrace()
    sys.settrace(None)
    work()
    sys.settrace(trace)
