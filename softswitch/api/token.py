"""The token that guards the TCP port: made once per installation, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

FILE_NAME = "api.token"


def ensure_token(directory: Path) -> str:
    """Return the token in ``<directory>/api.token``, which is made when it is not there."""
    path = directory / FILE_NAME
    try:
        return _read(path)
    except FileNotFoundError:
        return _make(path)


def _read(path: Path) -> str:
    token = path.read_text().strip()
    if not token:
        raise FileNotFoundError(path)
    return token


def _make(path: Path) -> str:
    """Write a whole file beside it first, so that a crash leaves no empty token."""
    token = secrets.token_urlsafe(32)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
    fresh.replace(path)
    return token
