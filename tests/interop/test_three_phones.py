"""Three softphones that no one of us wrote, on two media workers: what people do at them all day, heard and recorded.

And the command lines about calls: each of them, in each way of being wrong.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
import typer

from softswitch.calls.control_facts import HoldReminded
from softswitch.calls.facts import LegMediaOpened
from softswitch.cli.call import call
from softswitch.cli.main import main
from softswitch.journal.reading import read_records
from softswitch.runtime.clocks import SystemClock
from tests.interop.conftest import TONES_HZ, PhoneMaker
from tests.interop.peers.audio import loud_part, share_of
from tests.interop.peers.desk import (
    NOT_HEARD,
    Desk,
    all_hear_all,
    assert_hears,
    heard_lately,
    hears_music,
    shares,
    until,
)
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SITE, SwitchProcess
from tests.interop.test_recorded import listed, sound_of

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

ROOM = """\
rooms:
  - name: class
    extension: "802"
    tones: false
    moderators: [vera]
    wait_for_moderator: true
    end_with_moderator: true
"""
FLOOR = 'groups:\n  - {name: floor, extension: "610", members: [{user: boris}, {user: vera}]}\n'
SECOND_WORKER = 16384 + (32768 - 16384) // 2
"""Where the second worker's ports begin."""
BEEP_HZ = 1000.0
"""Of the tone that reminds of whoever waits."""
CLOCK = SystemClock()
Moment = tuple[float, float]
"""Between which two times something was, in seconds of UTC: not before the first, not after the second."""
_TAKEN = re.compile(r"SIP/2\.0 200 .*\r\nCSeq: *\d+ INVITE\r\n", re.DOTALL | re.IGNORECASE)
_BYE = re.compile(r"BYE ")


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A switch with two media workers that reminds of whoever waits every two seconds."""
    found = SwitchProcess(
        space,
        tmp_path_factory.mktemp("switch"),
        site=SITE.replace("groups:\n", FLOOR) + ROOM,
        more="[media]\nworkers = 2\n[calls]\nhold_reminder_s = 2",
    )
    try:
        yield found
    finally:
        code = found.close()
    assert code == 0
    assert not found.complaints()


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def leg_of(switch: SwitchProcess, user: str) -> str:
    (found,) = switch.ask("GET", f"users/{user}/calls")
    return str(found["leg"])


def ordered(switch: SwitchProcess, leg: str, command: str, **body: object) -> Moment:
    """Give a command that is followed; return when that was."""
    began_s = CLOCK.wall()
    assert switch.ask("POST", f"legs/{leg}/{command}", **body).get("leg") == leg
    return began_s, CLOCK.wall()


def came_last(switch: SwitchProcess, leg: str, what: re.Pattern[str]) -> Moment:
    """Return when the last such message came in a leg's call: when a phone took it, or hung up."""
    messages = switch.ask("GET", f"trace/{leg.partition('.')[0]}")
    times = [one["at"] for one in messages if not one["sent"] and what.match(one["text"])]
    at_s = datetime.fromisoformat(times[-1]).timestamp()
    return at_s, at_s


def segments(switch: SwitchProcess, conversation_id: str) -> list[tuple[str, str, float, float]]:
    """Return who talked with whom, from when to when, by the records of a conversation that is over."""

    def rows() -> list[dict[str, Any]]:
        return [row for row in switch.records("segments") if row["conversation_id"] == conversation_id]

    until(lambda: rows() and all(row["ended_at"] is not None for row in rows()), rows)
    ends = [[datetime.fromisoformat(row[name]).timestamp() for name in ("started_at", "ended_at")] for row in rows()]
    return [(row["party_a"], row["party_b"], *times) for row, times in zip(rows(), ends, strict=True)]


def assert_right_to_50_ms(
    found: list[tuple[str, str, float, float]], wanted: list[tuple[str, str, Moment, Moment]]
) -> None:
    """Compare segments with when phones answered and commands were followed, which no load of the machine moves.

    That people heard one another just so long is shown in virtual time, where no sound is late.
    """
    assert [each[:2] for each in found] == [each[:2] for each in wanted]
    for segment, truth in zip(found, wanted, strict=True):
        for at_s, (earliest_s, latest_s) in zip(segment[2:], truth[2:], strict=True):
            assert earliest_s - 0.05 <= at_s <= latest_s + 0.05, (segment, truth)


def workers_used(switch: SwitchProcess) -> set[bool]:
    """Tell whether legs were in the first worker, and in the second."""
    journal = read_records(switch.directory / "var" / "journal")
    return {record.fact.port >= SECOND_WORKER for record in journal if isinstance(record.fact, LegMediaOpened)}


@pytest.mark.row("I-11")
def test_three_phones_page_pick_up_park_hold_turn_to_and_fro_forward_and_wait_for_a_moderator(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    phones = {extension: phone(extension) for extension in ("101", "102", "103")}
    desks = [Desk(each) for each in phones.values()]
    a_recorded_call_is_transferred(switch, *desks)
    a_group_is_paged(*desks)
    a_call_that_rings_is_picked_up(*desks)
    whoever_forwards_or_is_not_to_be_disturbed_is_not_rung(*desks)
    somebody_is_asked_turned_from_and_let_go(switch, *desks)
    a_call_is_parked_and_taken_by_a_third(*desks)
    whoever_holds_by_the_phones_key_is_reminded(switch, *desks)
    a_room_waits_for_its_moderator_and_ends_with_them(*desks)
    assert workers_used(switch) == {False, True}
    switch.until_at_rest()


def a_recorded_call_is_transferred(switch: SwitchProcess, anna: Desk, boris: Desk, vera: Desk) -> None:
    """Vera calls boris, who gives her to anna: she is recorded left all the time, boris and then anna right."""
    vera.phone.command("dial", "102")
    boris.takes()
    vera.talks()
    leg = leg_of(switch, "vera")
    assert switch.ask("POST", f"legs/{leg}/record/start")["files"]
    for phone, other in ((vera, "102"), (boris, "103")):
        assert_hears(phone.phone, other)
    boris.phone.command("transfer", "sip:101@softswitch.local")
    anna.takes()
    boris.is_let_go()
    for phone, other in ((vera, "101"), (anna, "103")):
        assert_hears(phone.phone, other)
    vera.hangs_up()
    anna.is_let_go()
    (one,) = listed(switch, 1, leg.partition(".")[0])
    rate_hz, samples = sound_of(switch, one)
    left, right = loud_part(samples[:, 0]), loud_part(samples[:, 1])
    ends = [(left[:rate_hz], "103"), (left[-rate_hz:], "103"), (right[:rate_hz], "102"), (right[-rate_hz:], "101")]
    for said, extension in ends:
        assert share_of(said, TONES_HZ[extension]) > 0.9


def a_group_is_paged(anna: Desk, boris: Desk, vera: Desk) -> None:
    anna.phone.command("dial", "*60610")
    boris.takes()
    vera.takes()
    anna.talks()
    for hears in (boris, vera):
        assert_hears(hears.phone, "101")
    for hears in (boris, vera):
        assert_hears(hears.phone, "101")
    anna.hangs_up()
    boris.is_let_go()
    vera.is_let_go()


def a_call_that_rings_is_picked_up(anna: Desk, boris: Desk, vera: Desk) -> None:
    anna.phone.command("dial", "102")
    boris.rings()
    vera.dials("*8102")
    anna.talks()
    boris.is_let_go()
    assert_hears(anna.phone, "103")
    assert_hears(vera.phone, "101")
    anna.hangs_up()
    vera.is_let_go()


def whoever_forwards_or_is_not_to_be_disturbed_is_not_rung(anna: Desk, boris: Desk, vera: Desk) -> None:
    vera.keys("*78")
    anna.phone.command("dial", "103")
    anna.is_let_go()
    vera.keys("*79")
    vera.keys("*72102")
    anna.phone.command("dial", "103")
    boris.takes()
    anna.talks()
    assert_hears(anna.phone, "102")
    anna.hangs_up()
    boris.is_let_go()
    vera.keys("*73")
    assert len(vera.phone.seen("CALL_INCOMING")) == 1  # the page's


def somebody_is_asked_turned_from_and_let_go(switch: SwitchProcess, anna: Desk, boris: Desk, vera: Desk) -> None:
    anna.phone.command("dial", "102")
    boris.takes()
    anna.talks()
    leg = leg_of(switch, "anna")
    began = came_last(switch, leg, _TAKEN)
    asked = ordered(switch, leg, "consult", number="103")
    vera.takes()
    assert_hears(anna.phone, "103")
    assert_hears(vera.phone, "101")
    advised = came_last(switch, leg, _TAKEN)
    turned = ordered(switch, leg, "toggle")
    assert_hears(anna.phone, "102")
    assert_hears(boris.phone, "101")
    ordered(switch, leg, "cancel")
    vera.is_let_go()
    assert_hears(boris.phone, "101")
    anna.hangs_up()
    boris.is_let_go()
    over = came_last(switch, leg, _BYE)
    talks = [("101", "102", began, asked), ("101", "103", advised, turned), ("101", "102", turned, over)]
    assert_right_to_50_ms(segments(switch, leg.partition(".")[0]), talks)


def a_call_is_parked_and_taken_by_a_third(anna: Desk, boris: Desk, vera: Desk) -> None:
    boris.phone.command("dial", "101")
    anna.takes()
    boris.talks()
    assert_hears(boris.phone, "101")
    anna.phone.command("transfer", "sip:*685@softswitch.local")
    anna.is_let_go()
    until(lambda: hears_music(boris.phone), lambda: shares(boris.phone))
    vera.dials("*695")
    assert_hears(vera.phone, "102")
    assert_hears(boris.phone, "103")


def whoever_holds_by_the_phones_key_is_reminded(switch: SwitchProcess, anna: Desk, boris: Desk, vera: Desk) -> None:
    """Vera lets boris wait and calls anna: she is reminded of him in that call."""
    vera.phone.command("hold")
    until(lambda: hears_music(boris.phone), lambda: shares(boris.phone))
    vera.phone.command("dial", "101")
    anna.takes()
    vera.talks()
    second = switch.ask("GET", "users/vera/calls")[-1]["leg"]
    until(lambda: second in reminded(switch), lambda: reminded(switch))
    until(lambda: share_of(heard_lately(vera.phone, 3.0), BEEP_HZ) > NOT_HEARD, lambda: "no beep")
    assert_hears(anna.phone, "103")
    vera.hangs_up()
    anna.is_let_go()
    vera.phone.command("resume")
    assert_hears(boris.phone, "103")
    vera.hangs_up()
    boris.is_let_go()


def a_room_waits_for_its_moderator_and_ends_with_them(anna: Desk, boris: Desk, vera: Desk) -> None:
    for each in (anna, boris):
        each.dials("802")
    until(lambda: hears_music(anna.phone) and hears_music(boris.phone), lambda: "no music")
    vera.dials("802")
    all_hear_all({"101": anna.phone, "102": boris.phone, "103": vera.phone})
    vera.hangs_up()
    anna.is_let_go()
    boris.is_let_go()


def reminded(switch: SwitchProcess) -> list[str]:
    """Return the legs that were let hear a reminder."""
    journal = read_records(switch.directory / "var" / "journal")
    return [record.fact.told for record in journal if isinstance(record.fact, HoldReminded)]


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
