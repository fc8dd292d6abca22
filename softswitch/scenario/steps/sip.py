"""Call a SIP address outside."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Sip(Step):
    """Forward to a SIP address that is not of this switch."""

    kind: ClassVar[str] = "sip"
    missing: ClassVar[str] = "SIP addresses outside are not called yet"

    to: str = Field(pattern=r"^sips?:[^@\s]+@[^@\s]+$", examples=['"sip:desk@example.net"'])
    ring_s: Seconds = Field(40.0, description="How long it rings.")

    def label(self) -> str:
        """Name the address."""
        return f"call {self.to}"
