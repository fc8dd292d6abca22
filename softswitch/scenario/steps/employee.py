"""Call an employee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Employee(Step):
    """Ring somebody's phones, then, with ``mobile``, the mobile phone; nobody answers: the next step.

    The mobile is called after ``ring_s``, or at once where no phone is registered. Without a mobile number an employee
    who is offline is passed over.
    """

    kind: ClassVar[str] = "employee"

    name: str = Field(min_length=1, examples=["anna"])
    ring_s: Seconds = Field(20.0, description="How long the phones ring.")
    mobile: bool = Field(False, description="Whether the mobile phone is called after that.")
    all_phones: bool = Field(False, description="Whether the mobile numbers ring together with the phones.")
    additional: str | None = Field(None, description="Who is called when neither answers.", examples=["boris"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the employees."""
        named = {"name": ("user", self.name)}
        return {**named, "additional": ("user", self.additional)} if self.additional else named

    def label(self) -> str:
        """Name the employee."""
        return f"ring {self.name}" + (" and the mobile" if self.mobile or self.all_phones else "")
