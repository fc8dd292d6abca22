"""Which codecs that are not everywhere this machine has, told without loading them: the brain only negotiates."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec


@cache
def opus_is_here() -> bool:
    """Tell whether there is a libopus: the system's, or the one inside the package ``av``.

    :mod:`softswitch_codecs.opus` looks in the same places.
    """
    for name in ("libopus.so.0", "libopus.so"):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return find_spec("av") is not None
