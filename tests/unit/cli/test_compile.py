"""``softswitch compile``."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest

from softswitch.app.loops_tools import make_loops
from softswitch.core.errors import MediaError
from softswitch.media.loops.found import find_loops


def test_without_numba_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba.pycc", None)
    with pytest.raises(MediaError, match=r"pip install 'softswitch\[compile\]'"):
        make_loops(generic=False)


@pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed, so nothing was compiled")
def test_what_was_compiled_is_used() -> None:
    assert not find_loops().why_not
