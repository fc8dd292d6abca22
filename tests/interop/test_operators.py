"""Operators with softphones: transfers to groups by their modes, and a status that is chosen in a call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.office import PEOPLE, Office, open_office
from tests.waiting import until

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

SITE = """\
users:
  - {name: anna, extension: "101", password: secret-101}
  - {name: boris, extension: "102", password: secret-102, preset: mango}
  - {name: vera, extension: "103", password: secret-103}
  - {name: gleb, extension: "201", password: secret-201}
  - {name: dora, extension: "202", password: secret-202}
groups:
  - {name: idle, extension: "601", mode: longest_idle_once, members: [{user: vera}, {user: gleb}]}
  - {name: turns, extension: "602", mode: sequential_until_answer, members: [{user: vera}, {user: gleb}]}
"""


@pytest.fixture(scope="module")
def office(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(space, tmp_path_factory.mktemp("operators"), site=SITE) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_talks(office: Office) -> Iterator[None]:
    yield
    office.left_quiet()


def calls_boris(office: Office) -> None:
    """Anna calls boris and both hear one another."""
    office.anna.phone.command("dial", "102")
    office.boris.takes()
    office.anna.talks()
    until(office.all_talk, lambda: office.switch.ask("GET", "calls"))
    office.hear_each_other("anna", "boris")


@pytest.mark.row("V-34", "V-38", "V-39")
def test_a_transfer_to_a_group_rings_who_has_not_answered_for_the_longest_time_and_nobody_else(office: Office) -> None:
    for rested, busy in ((office.gleb, "vera"), (office.vera, "gleb")):
        office.anna.phone.command("dial", PEOPLE[busy].user)
        office.desks[busy].takes()
        office.anna.talks()
        office.anna.hangs_up()
        office.desks[busy].is_let_go()
        calls_boris(office)
        office.boris.phone.command("transfer", "sip:601@softswitch.local")
        rested.declines()
        office.boris.is_let_go()
        office.anna.is_let_go()


@pytest.mark.row("V-40", "V-41")
def test_a_transfer_to_a_group_rings_one_after_the_other_again_and_again_until_one_answers(office: Office) -> None:
    calls_boris(office)
    office.boris.phone.command("transfer", "sip:602@softswitch.local")
    for each in (office.vera, office.gleb, office.vera):
        each.declines()
    office.boris.is_let_go()
    office.gleb.takes()
    office.hear_each_other("anna", "gleb")
    office.anna.hangs_up()
    office.gleb.is_let_go()


@pytest.mark.row("M-1")
def test_a_status_chosen_in_a_call_leaves_it_alone_and_rules_the_next(office: Office) -> None:
    calls_boris(office)
    for status in ("break", "dnd"):
        office.switch.ask("PUT", "users/boris/status", status=status)
    office.hear_each_other("anna", "boris")
    office.vera.phone.command("dial", "102")
    office.vera.is_let_go()
    assert "486" in office.vera.phone.seen("CALL_CLOSED")[-1]["param"]
    office.hear_each_other("anna", "boris")
    office.switch.ask("PUT", "users/boris/status", status="on_line")
    office.anna.hangs_up()
    office.boris.is_let_go()
