"""Call the manager who is responsible for the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Responsible(Step):
    """Ring the manager of the contact that the caller's number belongs to; an unknown caller leads to the next step."""

    kind: ClassVar[str] = "responsible"

    ring_s: Seconds = Field(20.0, description="How long the phones ring.")
    mobile: bool = Field(True, description="Whether the mobile phone is called after that, or at once when offline.")
    all_phones: bool = Field(False, description="Whether the mobile numbers ring together with the phones.")
    additional: str | None = Field(None, description="Who is called when neither answers.", examples=["boris"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the additional employee, if there is one."""
        return {"additional": ("user", self.additional)} if self.additional else {}

    def label(self) -> str:
        """Say who is rung."""
        return "ring the responsible manager"
