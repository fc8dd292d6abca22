"""The commands about calls as HTTP carries them, taken from the API's own description: every one, and new ones too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import httpx
from fastapi import FastAPI

from softswitch.api.server import PREFIX, build_app
from softswitch.api.view import SwitchView
from softswitch.app.view import BrainView
from softswitch.journal.ring import RingState
from softswitch.simulation.world import World

GOOD: Final[dict[str, Any]] = {
    "after_s": 20.0,
    "at_s": 1.0,
    "auto_answer": True,
    "caller_id": "",
    "follow": "agent",
    "keys": "12",
    "kind": "busy",
    "logged_in": True,
    "mode": "listen",
    "number": "103",
    "other_leg": "",
    "paused": True,
    "queue": "",
    "route": "",
    "slot": "1",
    "sound": 0,
    "status": "online",
    "supervisor": "vera",
    "tags": ["invoice"],
    "target": "103",
    "text": "Wants a copy",
    "wanted": True,
}
"""What can be given for each field of a command's body. A command with a field of a new name needs a value here."""


@dataclass(frozen=True)
class Command:
    """One command of the API.

    Attributes:
        method: of HTTP.
        path: below the API's prefix, with ``{leg}`` or ``{user}``.
        fields: of its body, by name: the schema.
        required: those without which it is refused.
        may_be_bare: whether it may come without any body.
    """

    method: str
    path: str
    fields: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    may_be_bare: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def subject(self) -> str:
        """Whom it is about: ``leg`` or ``user``."""
        return "leg" if "{leg}" in self.path else "user"

    def body(self, **differs: object) -> dict[str, Any] | None:
        """Return a good body, but for what differs; None where it takes none."""
        return {name: GOOD[name] for name in self.fields} | differs if self.fields else None


class _Shown:
    """The view of the world that is looked at now: making an application is dear, and one serves all worlds."""

    now: BrainView

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever a view has
        return getattr(self.now, name)


_SHOWN: Final = _Shown()


@cache
def _app() -> FastAPI:
    return build_app(cast("SwitchView", _SHOWN))


def commands() -> Iterator[Command]:
    """Find the commands about legs and users in the API's description of itself."""
    described = _app().openapi()
    for path, methods in described["paths"].items():
        if "{leg}" not in path and "{user}" not in path:
            continue
        for method, route in methods.items():
            if method != "get":
                yield _command(described, method.upper(), path.removeprefix(PREFIX), route)


def _command(described: dict[str, Any], method: str, path: str, route: dict[str, Any]) -> Command:
    if "requestBody" not in route:
        return Command(method, path)
    schema = route["requestBody"]["content"]["application/json"]["schema"]
    choices = schema.get("anyOf", [schema])
    name = next(one["$ref"] for one in choices if "$ref" in one).rpartition("/")[2]
    model = described["components"]["schemas"][name]
    required = frozenset(model.get("required", ()))
    return Command(method, path, model["properties"], required, not route["requestBody"].get("required", False))


class Remote:
    """Gives commands to a world's switch over HTTP, in its virtual time."""

    def __init__(self, world: World) -> None:
        self._world = world
        ring = RingState(1, 0, 0, 0, 0, 0, database_failing=False)
        _SHOWN.now = BrainView(
            world.switch.brain,
            world.clock,
            directory=Path(),
            pids=dict,
            ring=lambda: ring,
            journal_late_s=lambda: 0.0,
            in_turn=world.switch.in_turn,
            restarts=dict,
            drops=dict,
            workers=tuple,
        )
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(_app()), base_url=f"http://localhost{PREFIX}")

    async def give(self, command: Command, subject: str, body: object) -> httpx.Response:
        """Give a command about a leg or a user."""
        path = command.path.format(**{command.subject: subject})
        return await self._http.request(command.method, path, json=body)

    def all_there_is(self) -> object:
        """Return what a refused command must leave as it was: facts, calls, people, what phones saw, what they hear."""
        world = self._world
        folded = world.switch.brain._folded
        return (
            len(world.switch.journal.records()),
            folded.encode(),
            {name: tuple(phone.log) for name, phone in world.phones.items()},
            {name: world.hears(phone) for name, phone in world.phones.items()},
        )
