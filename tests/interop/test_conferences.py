"""Softphones that no one of us wrote are together, on two media workers; what each hears is checked."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers import desk
from tests.interop.peers.baresip import Baresip, let_hear
from tests.interop.peers.desk import LISTENED_S, assert_hears, hears_music, shares
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.segments import workers_used
from tests.interop.peers.switch import SITE, SwitchProcess
from tests.waiting import until

pytestmark = pytest.mark.network

ROOMS = 'rooms:\n  - {name: meeting, extension: "800", tones: false}\n'
SUPERVISED = SITE.replace("password: secret-103}", "password: secret-103, supervises: [anna]}") + ROOMS


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    found = SwitchProcess(space, tmp_path_factory.mktemp("switch"), site=SUPERVISED, more="[media]\nworkers = 2")
    try:
        yield found
    finally:
        code = found.close()
    assert code == 0
    assert "Traceback" not in found.log()


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def phones_of(phone: PhoneMaker, *extensions: str) -> dict[str, Baresip]:
    return {extension: phone(extension) for extension in extensions}


def three(phone: PhoneMaker) -> dict[str, Baresip]:
    return phones_of(phone, "101", "102", "103")


def all_hear_all(phones: Mapping[str, Baresip]) -> None:
    """Each hears all others, from now on."""
    let_hear(LISTENED_S, *phones.values())
    desk.all_hear_all(phones)


def dial(phones: Sequence[Baresip], number: str) -> None:
    for phone in phones:
        phone.command("dial", number)
        phone.until("CALL_ESTABLISHED")


def leg_of(switch: SwitchProcess, user: str) -> str:
    (call,) = switch.ask("GET", f"users/{user}/calls")
    return str(call["leg"])


def order(switch: SwitchProcess, leg: str, command: str, **body: object) -> None:
    """Give a command as programs do, which is sooner done than by a program of its own."""
    answer = switch.ask("POST", f"legs/{leg}/{command}", **body)
    assert answer.get("leg") == leg, answer


@pytest.mark.row("V-11", "V-24")
def test_a_room_of_five_on_two_workers_sounds_on_while_the_brain_is_killed_and_people_mute_drop_and_leave_afterwards(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    phones = phones_of(phone, "101", "102", "103", "201", "202")
    switch.until_workers_have_room()
    dial(list(phones.values()), "800")
    all_hear_all(phones)
    assert workers_used(switch) == {False, True}
    brain = next(int(each["pid"]) for each in switch.status()["processes"] if each["role"] == "brain")
    os.kill(brain, signal.SIGKILL)
    all_hear_all(phones)
    switch.until_ready_again()
    all_hear_all(phones)
    order(switch, leg_of(switch, "boris"), "mute")
    let_hear(LISTENED_S, phones["101"], phones["102"])
    assert_hears(phones["101"], "103", "201", "202")
    assert_hears(phones["102"], "101", "103", "201", "202")
    phones.pop("103").command("hangup")
    order(switch, leg_of(switch, "u201"), "hangup")
    phones.pop("201").until("CALL_CLOSED")
    order(switch, leg_of(switch, "boris"), "mute", wanted=False)
    all_hear_all(phones)
    for each in phones.values():
        each.command("hangup")
    switch.until_at_rest()


@pytest.mark.row("I-12", "I-13")
def test_two_presses_of_the_conference_button_bring_three_together(switch: SwitchProcess, phone: PhoneMaker) -> None:
    phones = three(phone)
    anna, boris, vera = phones.values()
    anna.command("dial", "102")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    anna.until("CALL_ESTABLISHED")
    leg = leg_of(switch, "anna")
    switch.cli("call", "conference", leg, "103")
    vera.until("CALL_INCOMING")
    vera.command("accept")
    vera.until("CALL_ESTABLISHED")
    assert_hears(anna, "103")
    assert_hears(vera, "101")
    until(lambda: hears_music(boris), lambda: shares(boris))
    order(switch, leg, "conference")
    all_hear_all(phones)
    anna.command("hangup")
    phones.pop("101")
    all_hear_all(phones)
    boris.command("hangup")
    vera.until("CALL_CLOSED")
    switch.until_at_rest()


@pytest.mark.row("C-21", "C-22", "C-23")
def test_a_supervisor_listens_whispers_and_barges_in_and_stays_when_the_brain_is_killed(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    phones = three(phone)
    anna, boris, vera = phones.values()
    anna.command("dial", "102")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    anna.until("CALL_ESTABLISHED")
    leg = leg_of(switch, "anna")
    order(switch, leg, "supervise", supervisor="vera", mode="listen")
    vera.until("CALL_INCOMING")
    vera.command("accept")
    vera.until("CALL_ESTABLISHED")
    assert_hears(vera, "101", "102")
    let_hear(LISTENED_S, anna, boris, vera)
    assert_hears(anna, "102")
    assert_hears(boris, "101")
    assert_hears(vera, "101", "102")
    switch.cli("call", "whisper", "vera", leg)
    assert_hears(anna, "102", "103")
    brain = next(int(each["pid"]) for each in switch.status()["processes"] if each["role"] == "brain")
    os.kill(brain, signal.SIGKILL)
    let_hear(LISTENED_S, anna, boris, vera)
    assert_hears(anna, "102", "103")
    assert_hears(boris, "101")
    assert_hears(vera, "101", "102")
    switch.until_ready_again()
    order(switch, leg, "supervise", supervisor="vera", mode="barge")
    all_hear_all(phones)
    vera.command("hangup")
    let_hear(LISTENED_S, anna, boris)
    assert_hears(anna, "102")
    assert_hears(boris, "101")
    anna.command("hangup")
    switch.until_at_rest()
