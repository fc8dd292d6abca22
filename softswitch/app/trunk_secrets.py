"""Passwords towards trunks: from a variable or a file, never from the site, so nothing that we keep holds them."""

from __future__ import annotations

import os
from pathlib import Path

from softswitch.directory.site import Trunk
from softswitch.runtime.log import get_logger

_LOG = get_logger("trunks")


def password_of(trunk: Trunk) -> str:
    """Return a trunk's password, or an empty text where it has none or cannot be read: the log says so."""
    if trunk.password_env:
        found = os.environ.get(trunk.password_env, "")
        if not found:
            _LOG.error("trunk.no_password", trunk=trunk.name, variable=trunk.password_env)
        return found
    if not trunk.password_file:
        return ""
    try:
        return Path(trunk.password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        _LOG.error("trunk.no_password", trunk=trunk.name, file=trunk.password_file, reason=str(error))
        return ""
