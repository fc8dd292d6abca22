"""Every behaviour is tried more than once: straight through, and with the brain thrown away at a random turn.

A brain folded again from the journal must go on as if nothing had happened: the phones see the same messages in the
same order, and the records have the same rows. Where a request other than INVITE was unanswered at that moment less is
asked for: all ends are released, and nothing is left. A brain may also be thrown away when its last turn is kept and
nothing of it was sent; then what became of the calls is compared, not the messages, some of which come again.
"""

from __future__ import annotations

import difflib
import inspect
import re
import zlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec

from softswitch.calls.records import PROJECTORS
from softswitch.core.errors import SimulationError
from softswitch.core.rows import Value
from softswitch.journal.memory import MemoryJournal
from softswitch.simulation.death import Death
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World

ArgumentsP = ParamSpec("ArgumentsP")
Script = Callable[[World], Coroutine[object, object, None]]

_PARTS: Final = re.compile(r"([./-])")
"""What stands beside a conversation's id in the names of its legs and recordings."""
_CONFERENCE: Final = re.compile(r"conference-[0-9a-f]{16}")
_ROUND_S: Final = 5.0
"""By how much times of records may differ: what a new brain sends again gets some seconds to be answered."""


class CallOutcome(NamedTuple):
    """What one call was for one phone."""

    path: tuple[str, ...]
    """The states it was in."""
    status: int
    ended_by: str
    reasons: tuple[str, ...] = ()


class PhoneOutcome(NamedTuple):
    """What one phone saw."""

    log: tuple[str, ...]
    calls: tuple[CallOutcome, ...]
    shown: tuple[tuple[str, str, str], ...] = ()
    """In the end, of what it has subscribed to: number, package and what it shows of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run led to."""

    phones: dict[str, PhoneOutcome]
    rows: dict[tuple[Value, ...], dict[str, Value]]
    turns: int
    """How many the switch took until the script's end; what follows is mostly timers that have nothing to do."""
    in_exchange: bool
    """Whether the brain was thrown away while a request other than INVITE was unanswered."""
    failure: BaseException | None
    """What the script itself found wrong."""


def run_once(script: Script, setting: Setting, seed: int, deaths: Sequence[Death] = ()) -> Outcome:
    """Run a script in a world of its own, in which the brain dies as given, and let the world come to rest.

    Raises:
        SimulationError: something is left when all timers have run out, or a callback failed.
    """

    async def run(loop: VirtualLoop) -> Outcome:
        broken: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: broken.append(context))
        world = World(loop, seed, setting)
        world.switch.deaths = list(deaths)
        failure: BaseException | None = None
        try:
            await script(world)
        except Exception as error:  # it is told, unless the brain's death may be noticed
            failure = error
        turns = world.switch.turns
        if not broken and (failure is None or deaths):
            await world.release()
            await world.settle()
        _raise_broken(broken)
        return _outcome(world, failure, turns)

    return run_virtually(run)


def _raise_broken(broken: list[dict[str, Any]]) -> None:
    for context in broken:
        raise context.get("exception") or SimulationError(str(context["message"]))


def _outcome(world: World, failure: BaseException | None, turns: int) -> Outcome:
    return Outcome(
        {name: _seen_by(phone) for name, phone in world.phones.items()},
        _rows(world.switch.journal),
        turns,
        world.switch.refolded_in_exchange,
        failure,
    )


def _seen_by(phone: SimulatedPhone) -> PhoneOutcome:
    calls = tuple(
        CallOutcome(tuple(state.value for state in call.history), call.status, call.ended_by, tuple(call.reasons))
        for call in phone.calls
    )
    # Keep-alives begin anew with a new brain and belong to no call.
    log = tuple(str(line) for line in phone.log if "OPTIONS" not in line.what)
    shown = tuple((_named(one.number), one.package, _named(one.shown)) for one in phone.watches)
    return PhoneOutcome(log, calls, shown)


def _named(text: str) -> str:
    """Leave out what chance chose of the names of conferences: another brain chooses otherwise."""
    return _CONFERENCE.sub("conference", text)


def _rows(journal: MemoryJournal) -> dict[tuple[Value, ...], dict[str, Value]]:
    """Fold the records' rows, with conversations numbered in their order, so that two runs can be compared."""
    numbers: dict[str, str] = {}
    rows: dict[tuple[Value, ...], dict[str, Value]] = {}

    def plain(value: Value) -> Value:
        if isinstance(value, str):
            return "".join(numbers.get(part, part) for part in _PARTS.split(value))
        return value

    for record in journal.decoded():
        if record.conversation_id:
            numbers.setdefault(record.conversation_id, f"call {len(numbers) + 1}")
        projector = PROJECTORS.get(type(record.fact))
        for change in projector(record, record.fact) if projector else ():
            key = (change.table, *map(plain, change.key))
            rows.setdefault(key, {}).update({column: plain(value) for column, value in change.values.items()})
    return rows


def differences(straight: Outcome, refolded: Outcome, *, rough: bool = False, effects_lost: bool = False) -> list[str]:
    """Tell in what two outcomes differ, one line a thing.

    Args:
        straight: of the run with one brain.
        refolded: of the run with two.
        rough: whether chance takes part in the network. It falls differently in the two runs, so only what became of
            the calls is compared, neither messages nor times.
        effects_lost: whether the first brain died before its last messages were sent: they are not compared, and
            that somebody's phone rang is not either, which may have been the message that was lost.
    """
    found = []
    for name, seen in straight.phones.items():
        other = refolded.phones.get(name, PhoneOutcome((), ()))
        one, two = (_ends_of(seen), _ends_of(other)) if rough else (seen, other)
        if effects_lost:
            one, two = _without_lost(one), _without_lost(two)
        found += _phone_differences(name, one, two) if one != two else []
    if rough:
        return found
    for key in sorted(straight.rows.keys() | refolded.rows.keys(), key=str):
        found += _row_differences(key, straight.rows.get(key, {}), refolded.rows.get(key, {}))
    return found


def _ends_of(seen: PhoneOutcome) -> PhoneOutcome:
    """Keep the last state and the status of each call."""
    return PhoneOutcome((), tuple(CallOutcome(call.path[-1:], call.status, call.ended_by) for call in seen.calls))


def _without_lost(seen: PhoneOutcome) -> PhoneOutcome:
    calls = (call._replace(path=tuple(part for part in call.path if part != "ringing")) for call in seen.calls)
    return seen._replace(log=(), calls=tuple(calls))


def _phone_differences(name: str, one: PhoneOutcome, other: PhoneOutcome) -> list[str]:
    logs = difflib.unified_diff(one.log, other.log, f"{name} straight", f"{name} refolded", n=2, lineterm="")
    calls = [f"{name}, straight: {call}" for call in one.calls] + [f"{name}, refolded: {c}" for c in other.calls]
    shown = [f"{name}, straight, shows {one.shown}", f"{name}, refolded, shows {other.shown}"]
    return [
        *logs,
        *(calls if one.calls != other.calls else []),
        *(shown if one.shown != other.shown else []),
    ]


def _row_differences(key: tuple[Value, ...], one: dict[str, Value], other: dict[str, Value]) -> list[str]:
    return [
        f"row {key}, {column}: straight {one.get(column)!r}, refolded {other.get(column)!r}"
        for column in sorted(one.keys() | other.keys())
        if not _is_same(one.get(column), other.get(column))
    ]


def _is_same(one: Value | None, other: Value | None) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _ROUND_S
    return one == other


def try_straight(script: Script, setting: Setting, seed: int) -> Outcome:
    """Run a script straight through; what it finds wrong is raised."""
    outcome = run_once(script, setting, seed)
    if outcome.failure is not None:
        raise outcome.failure
    return outcome


def try_refolded(
    script: Script,
    setting: Setting,
    seed: int,
    number: int,
    straight: Outcome,
    *,
    lose_effects: bool = False,
    alike: bool = True,
) -> None:
    """Run a script with the brain thrown away at a turn that ``number`` and the seed choose.

    Args:
        script: what happens.
        setting: of the world.
        seed: of the straight run.
        number: which of the many turns to choose; any number.
        straight: what the straight run led to.
        lose_effects: whether the brain dies before that turn's messages are sent.
        alike: whether the outcome has to be that of the straight run; else only nothing may be left of any call.

    Raises:
        SimulationError: the outcome differs, or something is left; the text has seed and turn.
    """
    turn = Random(f"{seed}/{number}").randint(1, straight.turns)  # noqa: S311  # a reproducible choice is wanted
    when = "before the effects of" if lose_effects else "after"
    told = f"brain thrown away {when} turn {turn} of {straight.turns}, seed {seed}"
    try:
        refolded = run_once(script, setting, seed, [Death(turn, lets_out=0 if lose_effects else None)])
    except BaseException as error:
        error.add_note(told)
        raise
    if refolded.in_exchange or not alike:
        return
    if refolded.failure is not None:
        refolded.failure.add_note(told)
        raise refolded.failure
    found = differences(straight, refolded, rough=setting.conditions.rough, effects_lost=lose_effects)
    if found:
        raise SimulationError("\n".join([told, *found]))


def behaviour(
    setting: Setting | None = None, *, differs: str = "", loses: str = ""
) -> Callable[[Callable[Concatenate[World, ArgumentsP], Coroutine[object, object, None]]], Callable[..., None]]:
    """Make a test of a script: called with ``run`` 0 it runs straight, with another number refolded.

    Below 0 the brain is thrown away before its last turn's messages are sent, above 0 after that.

    Args:
        setting: of the world, where it is not the usual one.
        differs: why the death of the brain may be noticed; empty: nobody may notice it. That nothing is left of any
            call is looked at in any case.
        loses: what may be lost with the messages of the turn in which the brain dies, if anything; it may be noticed
            then.
    """

    def decorate(
        script: Callable[Concatenate[World, ArgumentsP], Coroutine[object, object, None]],
    ) -> Callable[..., None]:
        straight: dict[int, Outcome] = {}

        def test(*args: ArgumentsP.args, **kwargs: ArgumentsP.kwargs) -> None:
            number = kwargs.pop("run")
            seed = zlib.crc32(f"{script.__qualname__}{sorted(kwargs.items(), key=str)}".encode())
            varied = replace(setting or Setting(), ports_ahead=bool(seed % 4))

            def play(world: World) -> Coroutine[object, object, None]:
                return script(world, *args, **kwargs)

            if seed not in straight:
                straight[seed] = try_straight(play, varied, seed)
            if number:
                lost = int(str(number)) < 0
                alike = not (differs or (lost and loses))
                try_refolded(play, varied, seed, int(str(number)), straight[seed], lose_effects=lost, alike=alike)

        parameters = list(inspect.signature(script).parameters.values())[1:]
        run = inspect.Parameter("run", inspect.Parameter.KEYWORD_ONLY)
        test.__signature__ = inspect.Signature([*parameters, run])  # type: ignore[attr-defined]  # read by pytest
        test.__name__, test.__qualname__ = script.__name__, script.__qualname__
        test.__module__, test.__doc__ = script.__module__, script.__doc__
        return test

    return decorate
