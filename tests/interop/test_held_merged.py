"""A conference of four by the panel's buttons: call, hold, call, hold, call; who waits is selected one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.desk import all_hear_all, assert_hears, hears_music, shares
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.waiting import until

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A switch with two media workers."""
    with ends_well(SwitchProcess(space, tmp_path_factory.mktemp("switch"), more="[media]\nworkers = 2")) as found:
        yield found


@pytest.mark.row("I-14", "I-15", "I-16")
def test_who_is_held_comes_into_the_conference_when_selected_and_then_each_hears_all_others(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    phones = {each: phone(each, more=";answermode=auto") for each in ("101", "102", "103", "201")}
    legs: list[str] = []
    for number in ("102", "103", "201"):
        switch.ask("POST", "users/anna/calls", number=number)
        phones[number].until("CALL_ESTABLISHED")
        assert_hears(phones[number], "101")
        (leg,) = {call["leg"] for call in switch.ask("GET", "users/anna/calls")} - set(legs)
        legs.append(leg)
        if number != "201":
            assert switch.ask("POST", f"legs/{leg}/hold").get("leg") == leg
            until_hears_music(phones[number])
    assert switch.ask("POST", f"legs/{legs[0]}/conference").get("leg") == legs[0]
    all_hear_all({each: phones[each] for each in ("102", "201")} | {"101": phones["101"]})
    until_hears_music(phones["103"])
    assert switch.ask("POST", f"legs/{legs[1]}/conference").get("leg") == legs[1]
    all_hear_all(phones)
    for each in ("101", "102", "103"):
        phones[each].command("hangup")
    switch.until_at_rest()


def until_hears_music(phone: Baresip) -> None:
    until(lambda: hears_music(phone), lambda: shares(phone))
