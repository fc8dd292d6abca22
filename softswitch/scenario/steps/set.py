"""Remember something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Step, Variable
from softswitch.scenario.running import Here, Over


class Set(Step):
    """Give a variable a value; later steps read it as ``{name}``."""

    kind: ClassVar[str] = "set"
    instant: ClassVar[bool] = True

    name: Variable = Field(examples=["tariff"])
    value: str = Field(max_length=1000, description="Text, in which {variables} may stand.", examples=["gold"])

    def sets(self) -> tuple[str, ...]:
        """Return the variable."""
        return (self.name,)

    def texts(self) -> Mapping[str, Sequence[str]]:
        """Return the value."""
        return {"value": (self.value,)}

    def begin(self, here: Here) -> Over:
        """Set it."""
        return Over("set", sets=((self.name, here.kept_text(self.value)),))

    def label(self) -> str:
        """Name the variable and its value."""
        return f"{self.name} = {self.value}"
