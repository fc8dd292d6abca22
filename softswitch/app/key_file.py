"""A secret key in a file: made once per installation, readable by its owner alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

KEY_OCTETS: Final = 32


def ensure_key(path: Path) -> bytes:
    """Return the key in ``path``, which is made when it is not there or too short to be one."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    return key if len(key) >= KEY_OCTETS else _make(path)


def _make(path: Path) -> bytes:
    """Write a whole file beside it first, so that a crash leaves no half key."""
    key = os.urandom(KEY_OCTETS)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return key
