"""Steps that run for some callers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from softswitch.directory.site import number_key
from softswitch.scenario.model import TEXT, Block, Step
from softswitch.scenario.running import Here, Over


def _texts(given: object) -> object:
    """Read one text as a list of one."""
    return [given] if isinstance(given, str) else given


Texts = Annotated[
    list[str],
    BeforeValidator(_texts),
    WithJsonSchema({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}),
]


class If(Step):
    """Run steps where everything that is said of a value holds, and others where it does not.

    Numbers are compared without their plus sign, so that ``+7495...`` and ``7495...`` are the same.
    """

    kind: ClassVar[str] = "if"
    instant: ClassVar[bool] = True

    value: str = Field("{caller}", description="What is looked at.", examples=['"{tariff}"'])
    is_: Texts | None = Field(None, alias="is", description="It is one of these.", examples=['["+79161112233"]'])
    starts: Texts | None = Field(None, description="It begins with one of these.", examples=['["+7495", "+7499"]'])
    above: float | None = Field(None, description="It is a number above this one.", examples=["2"])
    below: float | None = Field(None, description="It is a number below this one.", examples=["10"])
    contact: bool | None = Field(None, description="It is the number of a known contact, or of none.")
    steps: Block = Field(description="What runs then.", examples=["[{group: {name: sales}}]"])
    else_: Block | None = Field(None, alias="else", description="What runs otherwise.")

    @model_validator(mode="after")
    def _has_condition(self) -> If:
        if all(said is None for said in (self.is_, self.starts, self.above, self.below, self.contact)):
            raise ValueError('nothing is said of the value|is, starts, above, below or contact, e.g. starts: ["+7495"]')
        return self

    def blocks(self) -> Mapping[str, Block]:
        """Return both branches."""
        return {"steps": self.steps} if self.else_ is None else {"steps": self.steps, "else": self.else_}

    def texts(self) -> Mapping[str, Sequence[str]]:
        """Return the value, and what it is compared with."""
        return {"value": (self.value,), "is": self.is_ or (), "starts": self.starts or ()}

    def begin(self, here: Here) -> Over:
        """Take one of the branches."""
        if self._holds(here):
            return Over("yes", into="steps")
        return Over("no") if self.else_ is None else Over("no", into="else")

    def _holds(self, here: Here) -> bool:
        value = number_key(here.text(self.value))
        given = {
            "is": self.is_ is None or value in _keys(here, self.is_),
            "starts": self.starts is None or any(value.startswith(key) for key in _keys(here, self.starts) if key),
            "numbers": self._in_range(value),
            "contact": self.contact is None or here.world.is_contact(value) == self.contact,
        }
        return all(given.values())

    def _in_range(self, value: str) -> bool:
        if self.above is None and self.below is None:
            return True
        try:
            number = float(value)
        except ValueError:
            return False
        return (self.above is None or number > self.above) and (self.below is None or number < self.below)

    def label(self) -> str:
        """Say what is asked."""
        said = [
            f"is {', '.join(self.is_)}" if self.is_ is not None else "",
            f"starts with {', '.join(self.starts)}" if self.starts is not None else "",
            f"above {self.above:g}" if self.above is not None else "",
            f"below {self.below:g}" if self.below is not None else "",
            "" if self.contact is None else "is a contact" if self.contact else "is no contact",
        ]
        return f"if {self.value} {' and '.join(part for part in said if part)}"


def _keys(here: Here, written: Sequence[str]) -> list[str]:
    return [number_key(here.text(each)) for each in written]
