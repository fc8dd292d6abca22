"""Receive a fax: a step that files may have, and that this switch cannot run yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Step


class Fax(Step):
    """Receive a fax for a user; callers pass over it, which the check says."""

    kind: ClassVar[str] = "fax"
    missing: ClassVar[str] = "this switch does not receive faxes yet"

    box: str | None = Field(None, description="Whose document it will be.", examples=["anna"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return whose document it is."""
        return {"box": ("user or group", self.box)} if self.box else {}

    def label(self) -> str:
        """Say it."""
        return "receive a fax"
