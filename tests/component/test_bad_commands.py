"""A bad command is answered with the field and the reason, and changes nothing: every command of the API is tried.

The commands are those that the API's own description lists, so a new one is tried without a line here; each in every
way of being wrong that its path and its fields allow, and about a leg in every state that a call can be in.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import httpx

from softswitch.directory.site import Route, Trunk
from softswitch.simulation.behaviour import run_once
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.commanded import Command, Remote, commands
from tests.component.controlled import leg, phones, talk

OUTSIDE: Final = "+79161112233"
SETTING: Final = Setting(
    trunks=(Trunk("city", "203.0.113.5", 5060, "udp", any_port=False, caller_id="+74950000001"),),
    routes=(Route("pstn", "city", r"\+?[0-9]{10,15}"),),
    users={name: {"routes": (), "supervises": ("anna", "boris")} for name in ("anna", "boris", "vera", "gleb")},
)
"""Nobody may take the one route; gleb has no phone."""
Wrongness = tuple[str, dict[str, Any] | None, int | None, str]
"""About whom, with which body; status (None: any refusal) and field of the answer."""
OF_FIELDS: Final[dict[str, tuple[tuple[object, int | None, str], ...]]] = {
    "number": (("", 422, "number"), (" ", 422, "number"), ("199", 404, "number"), ("104", None, "number")),
    "route": (("none", 404, "route"), ("pstn", 403, "route")),
    "caller_id": (("+74959999999", 403, "caller_id"),),
    "keys": (("", 422, "keys"), ("12x", 422, "keys")),
    "supervisor": (("nobody", 404, "supervisor"), ("gleb", 409, "supervisor")),
    "mode": (("shout", 422, "mode"),),
    "follow": (("nobody", 422, "follow"),),
    "slot": (("zz", None, "slot"),),
    "other_leg": (("nothing.1", 404, "other_leg"),),
    "status": (("nonsense", None, "status"),),
    "text": (("x" * 1001, 422, "text"),),
    "queue": (("nowhere", 404, "queue"),),
    "kind": (("sometimes", None, "kind"),),
    "at_s": ((-1.0, 422, "body.at_s"),),
}
"""Values that are wrong by what they say, and what is answered; a field that is not named has no such value."""
WITHOUT_NUMBER: Final = {"/legs/{leg}/conference"}
"""Where no number means something else than a number."""


def wrongnesses(command: Command, good: str) -> Iterator[Wrongness]:
    """Find what can be wrong about a command, beside the state of the call."""
    yield "nothing.1" if command.subject == "leg" else "nobody", command.body(), 404, command.subject
    if command.required:
        yield good, None, 422, "body"
    for name, schema in command.fields.items():
        if name in command.required:
            yield (
                good,
                {key: value for key, value in (command.body() or {}).items() if key != name},
                422,
                f"body.{name}",
            )
        yield good, command.body(**{name: {"not": ["what", "it", "takes"]}}), 422, f"body.{name}"
        assert schema.get("type") or schema.get("anyOf"), name
        for value, status, field in OF_FIELDS.get(name, ()):
            if name != "number" or str(value).strip() or command.path not in WITHOUT_NUMBER:
                more = {"number": OUTSIDE} if name in {"route", "caller_id"} else {}
                yield good, command.body(**more, **{name: value}), status, field
    if command.fields:
        yield good, command.body(nonsense=1), 422, "body.nonsense"


def assert_refused(answer: httpx.Response, status: int | None, field: str, what: object) -> None:
    """See that it is a problem with field and reason."""
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.text)
    assert status in {None, answer.status_code}, (what, answer.text)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["field"].startswith(field), (what, problem)
    assert problem["detail"], what


def run(script: Callable[[World], Awaitable[None]]) -> None:
    async def whole(world: World) -> None:
        await script(world)

    outcome = run_once(whole, SETTING, seed=1)
    if outcome.failure is not None:
        raise outcome.failure


def test_every_command_that_is_wrong_in_any_way_is_refused_with_its_field_and_changes_nothing() -> None:
    tried = 0

    async def script(world: World) -> None:
        nonlocal tried
        await phones(world, "anna", "boris", "vera")
        await talk(world, "anna", "boris", "102")
        remote = Remote(world)
        for command in commands():
            good = leg(world, "anna") if command.subject == "leg" else "anna"
            for subject, body, status, field in wrongnesses(command, good):
                before = remote.all_there_is()
                answer = await remote.give(command, subject, body)
                assert_refused(answer, status, field, (str(command), subject, body))
                await asyncio.sleep(0.3)
                assert remote.all_there_is() == before, (str(command), body)
                tried += 1

    run(script)
    assert tried > 100


async def talking(world: World) -> str:
    await talk(world, "anna", "boris", "102")
    return leg(world, "anna")


async def held(world: World) -> str:
    own = await talking(world)
    world.order(lambda lines: lines.hold(own))
    return own


async def on_hold(world: World) -> str:
    await held(world)
    return leg(world, "boris")


async def calling(world: World) -> str:
    await world.phones["anna"].dial("102")
    await world.phones["anna"].call.until(CallState.RINGING)
    return leg(world, "anna")


async def ringing(world: World) -> str:
    await calling(world)
    return leg(world, "boris")


async def asking(world: World) -> str:
    own = await talking(world)
    world.order(lambda lines: lines.consult(own, "103"))
    await world.phones["vera"].until_called()
    return own


async def advised(world: World) -> str:
    own = await asking(world)
    world.phones["vera"].call.answer()
    await asyncio.sleep(1)
    return own


async def asked(world: World) -> str:
    await advised(world)
    return leg(world, "vera")


async def parked(world: World) -> str:
    own = await talking(world)
    there = leg(world, "boris")
    world.order(lambda lines: lines.park(own, "5"))
    return there


async def together(world: World) -> str:
    own = await advised(world)
    world.switch.in_turn(lambda: world.switch.brain.command(lambda: world.switch.brain.conferences.press(own)))
    return own


async def own_phone_rings(world: World) -> str:
    world.order(lambda lines: lines.dial("anna", "102", auto_answer=False))
    await world.phones["anna"].until_called()
    return leg(world, "anna")


async def over(world: World) -> str:
    own = await talking(world)
    await world.phones["anna"].call.hang_up()
    return own


STATES: Final = (
    *(talking, held, on_hold, calling, ringing, asking, advised, asked, parked, together, own_phone_rings, over),
)
FIT_EVERY_CALL: Final = {"POST /legs/{leg}/hangup", "POST /legs/{leg}/mute"}
"""What can be said of a call in whatever state it is, unless it is over."""


def test_a_command_that_does_not_fit_the_state_of_the_call_is_refused_and_changes_nothing() -> None:
    about_legs = [command for command in commands() if command.subject == "leg"]
    refused: dict[str, set[str]] = defaultdict(set)
    for state in STATES:
        left = list(about_legs)
        while left:  # a command that was followed has made another call of it: the next ones get a new one
            left = _tried_in(state, left, refused)
    assert {str(command) for command in about_legs} - FIT_EVERY_CALL == {
        name for name, states in refused.items() if states - {"over"}
    }
    assert all("over" in states for states in refused.values())
    assert len(refused) == len(about_legs)


def _tried_in(
    state: Callable[[World], Awaitable[str]], left: list[Command], refused: dict[str, set[str]]
) -> list[Command]:
    """Give commands until one is followed; note which were refused, and return those that were not given."""
    rest: list[Command] = []

    async def script(world: World) -> None:
        nonlocal rest
        await phones(world, "anna", "boris", "vera")
        name = await state(world)
        await asyncio.sleep(0.5)
        remote = Remote(world)
        for number, command in enumerate(left):
            before = remote.all_there_is()
            answer = await remote.give(command, name, command.body())
            if answer.status_code == 200:
                rest = left[number + 1 :]
                return
            assert_refused(answer, None, "", (state.__name__, str(command)))
            await asyncio.sleep(0.3)
            assert remote.all_there_is() == before, (state.__name__, str(command))
            refused[str(command)].add(state.__name__)

    run(script)
    return rest
