"""Randomness of a running switch; the simulation has a seeded one."""

from __future__ import annotations

import os

from softswitch.core.ids import Entropy


def system_entropy() -> Entropy:
    """Return an entropy that draws on the operating system's random source."""
    return Entropy(os.urandom)
