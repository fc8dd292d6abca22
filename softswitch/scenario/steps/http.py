"""Ask a program elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field

from softswitch.calls.inputs import Input
from softswitch.scenario.errands import HTTP, Errand, ErrandOver
from softswitch.scenario.listening import ask_to_play
from softswitch.scenario.model import Block, Step, Variable
from softswitch.scenario.running import Event, Here, Over, TimeOver, Wait
from softswitch.scenario.texts import filled

_ASKING: Final = "asking"
_GUARD_S: Final = 2.0
"""Above the time-out: whoever asks ends it by itself."""


def web_address(url: str) -> str:
    """Refuse what is no address of the web, or has a variable where the host stands."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"'{url[:60]}' is no address|https://crm.example.net/contacts?phone={{caller}}")
    if "{" in parts.netloc:
        raise ValueError("a caller must not choose the host|variables behind the host only")
    return url


WebAddress = Annotated[str, AfterValidator(web_address)]


class Http(Step):
    """Send a request and take parts of its JSON answer into variables.

    No answer in time, a status of 400 and more and an answer that lacks something run ``failed``; without it the next
    step. A switch that is restarted meanwhile asks again, with the same ``Idempotency-Key``.
    """

    kind: ClassVar[str] = "http"

    url: WebAddress = Field(examples=['"https://crm.example.net/contacts?phone={caller}"'])
    method: Literal["GET", "POST", "PUT"] = Field("GET", description="POST and PUT send json.")
    headers: dict[str, str] = Field({}, description="Further headers.", examples=['{X-Office: "Moscow"}'])
    token_env: str | None = Field(
        None,
        description="The environment variable with a token, sent as Authorization: Bearer.",
        examples=["CRM_TOKEN"],
    )
    body: dict[str, Any] | None = Field(None, alias="json", examples=['{number: "{caller}"}'])
    into: dict[Variable, str] = Field(
        {}, description="Variables, each with its place in the answer.", examples=['{tariff: "customer.tariff"}']
    )
    timeout_s: float = Field(3.0, gt=0, le=30)
    file: str | None = Field(None, description="Played meanwhile, again and again.", examples=["wait.wav"])
    failed: Block | None = Field(None, description="What runs where no answer came.")

    def blocks(self) -> Mapping[str, Block]:
        """Return what runs where no answer came."""
        return {} if self.failed is None else {"failed": self.failed}

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def sets(self) -> tuple[str, ...]:
        """Return the variables."""
        return tuple(self.into)

    def texts(self) -> Mapping[str, Sequence[str]]:
        """Return what may have variables in it."""
        return {"url": (self.url,), "headers": tuple(self.headers.values()), "json": tuple(_leaves(self.body))}

    def begin(self, here: Here) -> Wait:
        """Send the request."""
        return Wait(_ASKING, self.timeout_s + _GUARD_S)

    def hear(self, here: Here, event: Event) -> Over | None:
        """Take the answer."""
        if isinstance(event, TimeOver):
            return self._failed("time-out")
        if not isinstance(event, ErrandOver):
            return None
        if not event.ok:
            return self._failed(event.word)
        lacking = [name for name in self.into if name not in event.values]
        if lacking:
            return self._failed(f"no {self.into[lacking[0]]} in the answer")
        return Over("answered", sets=tuple((name, event.values[name]) for name in self.into))

    def _failed(self, how: str) -> Over:
        return Over(how, into="" if self.failed is None else "failed")

    def asks(self, here: Here) -> Sequence[Input | Errand]:
        """Ask, and play meanwhile what is to be played."""
        values = {
            "method": self.method,
            "url": filled(self.url, here.variables, lambda value: quote(here.revealed(value), safe="")),
            "headers": {name: here.text(value) for name, value in self.headers.items()},
            "token_env": self.token_env or "",
            "json": None if self.body is None else _filled(self.body, here),
            "into": dict(self.into),
        }
        errand = Errand(HTTP, values, self.timeout_s)
        return (
            (errand, *ask_to_play(here._replace(phase="playing"), self.file, repeat=True)) if self.file else (errand,)
        )

    def label(self) -> str:
        """Name the host."""
        return f"{self.method} {urlsplit(self.url).netloc}"


def _leaves(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value] if isinstance(value, str) else []


def _filled(value: object, here: Here) -> object:
    if isinstance(value, Mapping):
        return {key: _filled(each, here) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, here) for each in value]
    return here.text(value) if isinstance(value, str) else value
