"""Calls that are controlled from outside while real softphones carry them: what each of three hears in turn.

Their legs live in two media workers, and the brain is killed in the middle of a consultation.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import typer

from softswitch.cli.call import call
from softswitch.cli.main import main
from softswitch.media.sound_files import MUSIC_ON_HOLD, SoundFile
from tests.interop.conftest import TONES_HZ, PhoneMaker
from tests.interop.peers.audio import PURE, RATE_HZ, best_likeness, likeness, longest_without, read_wav, share_of
from tests.interop.peers.baresip import Baresip, let_hear
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.segments import (
    Moment,
    assert_right_to_50_ms,
    ordered,
    segments,
    taken_last,
    workers_used,
)
from tests.interop.peers.switch import PROGRAM, SwitchProcess, ends_well
from tests.interop.test_recorded import listed, sound_of
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network

PHASE_S = 1.4
MUSIC = SoundFile(MUSIC_ON_HOLD, RATE_HZ).decode_all().astype(np.float64)
ANNA, BORIS, VERA = (TONES_HZ[number] for number in ("101", "102", "103"))


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A switch with two media workers."""
    with ends_well(SwitchProcess(space, tmp_path_factory.mktemp("switch"), more="[media]\nworkers = 2")) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_at_rest()
    switch.until_nobody_is_registered()


def line(switch: SwitchProcess, user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = switch.ask("GET", f"users/{user}/calls")
    return found


def heard_in_turn(samples: npt.NDArray[np.float64]) -> list[float]:
    """Return the tones that were heard, one after the other, each at least three quarters of a second.

    Where packets came late there is a seam, which is no tone.
    """
    size = RATE_HZ // 4
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    tones = (next((hz for hz in TONES_HZ.values() if share_of(part, hz) > PURE), 0.0) for part in parts if loud(part))
    lasting = [tone for tone, run in groupby(filter(None, tones)) if len([*run]) >= 3]
    return [tone for tone, _ in groupby(lasting)]


def loud(part: npt.NDArray[np.float64]) -> bool:
    return bool(np.abs(part).max() > 500)


def before(samples: npt.NDArray[np.float64], frequency_hz: float) -> npt.NDArray[np.float64]:
    """Return what was heard before a tone began."""
    size = RATE_HZ // 4
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    first = next(number for number, part in enumerate(parts) if share_of(part, frequency_hz) > 0.2)
    return samples[: first * size]


def heard(phone: Baresip) -> npt.NDArray[np.float64]:
    return read_wav(phone.heard())


def refused(switch: SwitchProcess, path: str, **body: object) -> tuple[int, str, str]:
    """Return status, field and id of the problem that a command is answered with."""
    problem = switch.ask("POST", path, **body)
    assert problem["detail"]
    return problem["status"], problem["field"], problem["error_id"]


def kill_brain(switch: SwitchProcess) -> None:
    os.kill(next(int(each["pid"]) for each in switch.status()["processes"] if each["role"] == "brain"), signal.SIGKILL)


@pytest.mark.row("I-7", "I-9", "V-45")
def test_a_call_is_dialled_held_and_handed_over_after_a_consultation_in_which_the_brain_was_killed(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    anna, boris, vera = (phone(each, more=";answermode=auto") for each in ("101", "102", "103"))
    leg = a_call_is_dialled_and_recorded(switch, boris)
    began = taken_last(switch, leg)
    nothing_changes_by_bad_commands(switch, leg)
    hear_each_other(anna, BORIS, boris, ANNA)
    held = ordered(switch, leg, "hold")
    boris.until_last(0.75, lambda last, _: likeness(last, MUSIC) > 0.9)
    back = ordered(switch, leg, "connect")
    switch.ask("PUT", f"legs/{leg}/note", text="Wants a copy")
    hear_each_other(anna, BORIS, boris, ANNA)
    asked = ordered(switch, leg, "consult", number="103")
    vera.until("CALL_ESTABLISHED")
    hear_each_other(anna, VERA, vera, ANNA)
    advised = taken_last(switch, leg)
    the_brain_is_killed(switch, anna, vera)
    confirmed = ordered(switch, leg, "confirm")
    anna.until("CALL_CLOSED")
    hear_each_other(boris, VERA, vera, BORIS)
    [there] = line(switch, "boris")
    assert there["party"] == "103"
    assert "anna: Wants a copy" in switch.cli("call", "info", line(switch, "vera")[0]["leg"])
    first_of_anna, first_of_boris = heard(anna), heard(boris)
    merged = two_calls_on_two_workers_are_brought_together(switch, anna, boris, there["leg"])
    hear_each_other(anna, VERA, vera, ANNA)
    over = ordered(switch, line(switch, "vera")[0]["leg"], "hangup")
    vera.until("CALL_CLOSED")
    anna.until("CALL_CLOSED", count=2)
    assert heard_in_turn(first_of_anna) == [BORIS, VERA]
    assert heard_in_turn(first_of_boris) == [ANNA, VERA]
    assert heard_in_turn(heard(anna)) == [BORIS, VERA]
    assert heard_in_turn(heard(vera)) == [ANNA, BORIS, ANNA]
    assert_music_between(first_of_boris)
    conversation_id = leg.partition(".")[0]
    assert_right_to_50_ms(
        segments(switch, conversation_id),
        [
            ("101", "102", began, held),
            ("101", "102", back, asked),
            ("101", "103", advised, confirmed),
            ("102", "103", confirmed, merged),
            ("103", "101", merged, over),
        ],
    )
    assert_recorded_on_their_sides(switch, conversation_id)


def a_call_is_dialled_and_recorded(switch: SwitchProcess, boris: Baresip) -> str:
    """Let anna's phone call boris; return her leg."""
    switch.cli("call", "dial", "anna", "102")
    boris.until("CALL_ESTABLISHED")
    [own] = line(switch, "anna")
    assert (own["state"], own["party"], own["user"], own["number"]) == ("talking", "102", "anna", "101")
    assert json.loads(switch.cli("call", "list", "anna", "--json")) == [own]
    switch.ask("POST", f"legs/{own['leg']}/record/start")
    return str(own["leg"])


def the_brain_is_killed(switch: SwitchProcess, *heard_on: Baresip) -> None:
    """Kill it in anna's consultation, which goes on."""
    kill_brain(switch)
    let_hear(PHASE_S, *heard_on)
    switch.until_ready_again()
    assert line(switch, "anna")[0]["consultation"] == "advising"


def assert_recorded_on_their_sides(switch: SwitchProcess, conversation_id: str) -> None:
    """See that all who talked are recorded, from the first to the last, each where who had their place before was."""
    (one,) = listed(switch, 1, conversation_id)
    _, samples = sound_of(switch, one)
    left, right = samples[:, 0], samples[:, 1]
    assert heard_in_turn(left) == [ANNA, BORIS, ANNA]
    assert heard_in_turn(right) == [BORIS, VERA]


def hear_each_other(one: Baresip, first_hz: float, other: Baresip, second_hz: float) -> None:
    """Let one hear the first tone, and the other one the second, for a while."""
    one.until_hears(first_hz, PHASE_S)
    other.until_hears(second_hz, PHASE_S)


def assert_music_between(by_boris: npt.NDArray[np.float64]) -> None:
    music = longest_without(before(by_boris, VERA), ANNA)[RATE_HZ // 4 : -RATE_HZ // 4]
    assert len(music) >= RATE_HZ // 2
    assert best_likeness(music, MUSIC) > 0.9


def two_calls_on_two_workers_are_brought_together(
    switch: SwitchProcess, anna: Baresip, boris: Baresip, first: str
) -> Moment:
    """Boris calls anna in a second call and hands the first one's party over; return when."""
    switch.until_workers_have_room()
    switch.ask("POST", "users/boris/calls", number="101")
    anna.until("CALL_ESTABLISHED", count=2)
    for each in (anna, boris):
        each.until_heard(PHASE_S, earlier=1)
    hear_each_other(anna, BORIS, boris, ANNA)
    [second] = [str(call["leg"]) for call in line(switch, "boris") if call["leg"] != first]
    assert workers_used(switch) == {False, True}
    merged = ordered(switch, first, "confirm", other_leg=second)
    boris.until("CALL_CLOSED", count=2)
    return merged


def nothing_changes_by_bad_commands(switch: SwitchProcess, leg: str) -> None:
    before = line(switch, "anna")
    assert refused(switch, f"legs/{leg}/transfer", number="103999") == (404, "number", "not-found")
    assert refused(switch, f"legs/{leg}/transfer", number="191") == (409, "number", "offline")
    assert refused(switch, f"legs/{leg}/consult", number="600") == (409, "number", "blind-only")
    assert refused(switch, f"legs/{leg}/transfer", number="+7999111", route="none") == (404, "route", "unknown-route")
    assert refused(switch, f"legs/{leg}/transfer", route="pstn") == (422, "body.number", "invalid-request")
    assert refused(switch, f"legs/{leg}/connect") == (409, "leg", "not-held")
    assert refused(switch, f"legs/{leg}/confirm") == (409, "leg", "no-consultation")
    assert refused(switch, "legs/nothing.1/hold") == (404, "leg", "unknown-leg")
    assert line(switch, "anna") == before


GOOD = {
    "user": "anna",
    "leg": "nothing.1",
    "number": "103",
    "slot": "5",
    "keys": "1",
    "text": "x",
    "supervisor": "vera",
    "other_leg": "nothing.2",
    "tags": "x",
}
"""A word for each argument of a command; nobody is in a call, so no leg is there. A new argument needs one here."""
WITHOUT_NUMBER = {"conference"}
"""Commands to which no number means something else than a number."""


def wrong_lines() -> Iterator[tuple[list[str], int, str]]:
    """Find what can be wrong about each command below ``call``: its words, the exit code, and what is said."""
    for path, command in commands_below(typer.main.get_command(call), ()):
        arguments = [param for param in command.params if param.param_type_name == "argument"]
        good = [GOOD[str(param.name)] for param in arguments if param.required or param.name == "number"]
        yield [*path, *good, "--nonsense"], 2, "--nonsense"
        required = [param for param in arguments if param.required]
        for number, param in enumerate(required):
            yield [*path, *good[:number]], 2, f"Missing argument '{param.name}'"
        names = [str(param.name) for param in arguments]
        if "leg" in names:
            yield [*path, *good], 1, "There is no leg nothing.1"
        elif "user" in names:
            nobody = ["nobody" if word == "anna" else word for word in good]
            yield [*path, *nobody], 1, "There is no user nobody"
        if "number" in names and path[-1] not in WITHOUT_NUMBER:
            yield [*path, *(" " if word == "103" else word for word in good)], 2, "NUMBER: a number is required"
        if "route" in {param.name for param in command.params} and "user" in names:
            yield [*path, *good, "--route", "none"], 1, "There is no route none"


def commands_below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401  # typer's own click
    """Find the commands that are no groups, each with its words."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, one in command.commands.items():
        yield from commands_below(one, (*path, name))


def said_by(
    switch: SwitchProcess, words: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Run a command line in this process, which is sooner done than by a program of its own."""
    monkeypatch.setattr(sys, "argv", ["softswitch", "call", *words, "--config", str(switch.config)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.mark.row("I-4")
def test_each_command_that_is_wrong_tells_what_is_wrong_and_changes_nothing(
    switch: SwitchProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        *wrong_lines(),
        (["pickup", "anna", "103"], 1, "No call rings at 103"),
        (["dial", "anna", "103"], 1, "No phone is registered there now"),
        (["retrieve", "anna", "5"], 1, "Nobody is parked at 5"),
        (["fly", "anna"], 2, "fly"),
    ]
    assert len(lines) > 70
    for words, code, said in lines:
        found, text = said_by(switch, words, monkeypatch, capsys)
        assert (found, said in text, "Traceback" in text) == (code, True, False), (words, found, text)
    assert switch.status()["calls"] == 0


def test_a_wrong_command_ends_as_a_program_with_code_and_reason(switch: SwitchProcess, space: Namespace) -> None:
    command = space.command([PROGRAM, "call", "transfer", "nothing.1", "103", "--config", str(switch.config)])
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "There is no leg nothing.1 in a call now" in done.stderr
