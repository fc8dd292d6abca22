"""Reach anybody who was named above."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class AnyoneAbove(Step):
    """Ring, of all employees in the steps above, members of groups included, whoever is free first."""

    kind: ClassVar[str] = "anyone_above"

    wait_s: Seconds = Field(60.0, description="How long to try.")
    ring_s: Seconds = Field(20.0, description="How long each rings.")

    def label(self) -> str:
        """Say who is tried."""
        return "anyone above who is free"
