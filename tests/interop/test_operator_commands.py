"""Operators with softphones, commanded from outside: hold, routes, shown numbers, and transfers that fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.peers.audio import RATE_HZ, share_of
from tests.interop.peers.desk import LISTENED_S, Desk, heard_lately, hears_music
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.office import CUSTOMER, MOBILE, TRUNKS, Office, open_office
from tests.waiting import until

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

SHOWN = "+74950000777"
BEEP_HZ = 1000.0
"""Of the tone that tells who asks that the target has answered."""
_WINDOW = RATE_HZ // 4
SITE = f"""\
users:
  - {{name: anna, extension: "101", password: secret-101}}
  - {{name: boris, extension: "102", password: secret-102, preset: mango, routes: [by_gsm, by_city]}}
  - {{name: vera, extension: "103", password: secret-103}}
  - {{name: gleb, extension: "201", password: secret-201}}
  - {{name: dora, extension: "202", password: secret-202, preset: mango, routes: [by_city]}}
groups:
  - {{name: pair, extension: "601", members: [{{user: vera}}, {{user: gleb}}]}}
queues:
  - {{name: help, extension: "701", members: [{{user: dora}}]}}
trunks:
{TRUNKS}\
routes:
  - {{name: by_gsm, trunk: gsm, pattern: '^\\+7[0-9]{{10}}$'}}
  - {{name: by_city, trunk: city, pattern: '^\\+7[0-9]{{10}}$'}}
numbers:
  - {{number: "+74950000102", user: boris}}
  - {{number: "{SHOWN}", user: boris}}
"""


@pytest.fixture(scope="module")
def office(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(space, tmp_path_factory.mktemp("operators"), site=SITE) as found:
        found.dora.keys("*45")  # she logs in to her queue
        yield found


@pytest.fixture(autouse=True)
def nobody_talks(office: Office) -> Iterator[None]:
    yield
    office.left_quiet()


def hears_the_music(office: Office, listener: Desk) -> None:
    until(lambda: hears_music(listener.phone), lambda: "no music")


def calls_of(office: Office, user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.switch.ask("GET", f"users/{user}/calls")
    return found


def a_customer_calls_boris(office: Office) -> str:
    """Let the customer call boris, and both hear one another; return his leg."""
    office.customer.phone.command("dial", office.outside("102"))
    office.boris.takes()
    office.customer.talks()
    until(office.all_talk, lambda: office.switch.ask("GET", "calls"))
    office.hear_each_other("customer", "boris")
    (own,) = calls_of(office, "boris")
    return str(own["leg"])


def shown_to(desk: Desk) -> str:
    """Return who the last call to a phone says that it is from."""
    return str(desk.phone.seen("CALL_INCOMING")[-1]["peeruri"])


def heard_a_beep(desk: Desk) -> bool:
    heard = heard_lately(desk.phone, LISTENED_S)
    return any(share_of(heard[start : start + _WINDOW], BEEP_HZ) > 0.5 for start in range(0, len(heard), _WINDOW // 4))


def refused(office: Office, path: str, **body: object) -> tuple[int, str, str]:
    """Return status, field and id of the problem that a command is answered with."""
    problem: dict[str, Any] = office.switch.ask("POST", path, **body)
    return problem["status"], problem["field"], problem["error_id"]


@pytest.mark.row("I-1", "I-22", "I-23")
def test_an_outside_call_takes_the_route_that_the_user_chooses_and_no_other(office: Office) -> None:
    for route, name, number in (
        ("", "mobile", MOBILE),
        ("by_gsm", "mobile", MOBILE),
        ("by_city", "customer", CUSTOMER),
    ):
        office.switch.ask("POST", "users/boris/calls", number=number, auto_answer=False, route=route)
        office.boris.takes()
        office.desks[name].takes()
        office.hear_each_other(name, "boris")
        office.boris.hangs_up()
        office.desks[name].is_let_go()
        office.at_rest()
    for user, route, wrong in (
        ("dora", "by_gsm", (403, "route", "forbidden-route")),
        ("boris", "none", (404, "route", "unknown-route")),
        ("anna", "", (403, "number", "forbidden-route")),
    ):
        assert refused(office, f"users/{user}/calls", number=MOBILE, route=route) == wrong
    assert not office.switch.status()["legs"]


@pytest.mark.row("I-5", "I-6", "V-12")
def test_while_a_customer_is_held_and_hears_music_the_line_is_free_for_calls_inside_and_outside(office: Office) -> None:
    own = a_customer_calls_boris(office)
    for number, name in (("101", "anna"), (MOBILE, "mobile")):
        office.switch.ask("POST", f"legs/{own}/hold")
        hears_the_music(office, office.customer)
        assert refused(office, f"legs/{own}/hold") == (409, "leg", "held")
        office.switch.ask("POST", "users/boris/calls", number=number, auto_answer=False)
        office.boris.takes()
        office.desks[name].takes()
        office.hear_each_other(name, "boris")
        assert [call["state"] for call in calls_of(office, "boris")] == ["held", "talking"]
        hears_the_music(office, office.customer)
        office.desks[name].hangs_up()
        office.boris.is_let_go()
        # baresip takes up the other call by itself, as if its user had, but keeps no more of what it hears in it
        office.until_hears("customer", "boris")
    office.switch.ask("POST", f"legs/{own}/hangup")
    office.customer.is_let_go()
    office.boris.is_let_go()


@pytest.mark.row("I-24", "V-42", "V-43")
def test_a_customer_goes_to_a_mobile_with_a_chosen_number_and_a_tone_tells_that_it_has_answered(office: Office) -> None:
    own = a_customer_calls_boris(office)
    office.switch.ask("POST", f"legs/{own}/consult", number=MOBILE, caller_id=SHOWN, route="by_gsm")
    office.mobile.rings()
    assert SHOWN in shown_to(office.mobile)
    hears_the_music(office, office.customer)
    office.mobile.phone.command("accept")
    until(lambda: heard_a_beep(office.boris), lambda: "no tone")
    office.mobile.talks()
    office.hear_each_other("mobile", "boris")
    office.switch.ask("POST", f"legs/{own}/confirm")
    office.boris.is_let_go()
    assert calls_of(office, "boris") == []
    office.hear_each_other("mobile", "customer")
    office.customer.hangs_up()
    office.mobile.is_let_go()


@pytest.mark.row("V-46", "V-47")
def test_a_failed_consultation_leaves_the_caller_and_a_blind_transfer_does_not_come_back(office: Office) -> None:
    own = a_customer_calls_boris(office)
    office.switch.ask("POST", f"legs/{own}/consult", number="103")
    office.vera.declines()
    office.hear_each_other("customer", "boris")
    office.switch.ask("POST", f"legs/{own}/consult", number="201")
    office.gleb.takes()
    office.hear_each_other("boris", "gleb")
    office.switch.ask("POST", f"legs/{own}/cancel")
    office.gleb.is_let_go()
    office.hear_each_other("customer", "boris")
    office.switch.ask("POST", f"legs/{own}/transfer", number="103")
    office.boris.is_let_go()
    office.vera.declines()
    office.customer.is_let_go()


@pytest.mark.row("V-13", "V-35", "V-36")
def test_a_customer_goes_to_an_operator_to_a_group_whose_phones_ring_together_and_to_a_queue(office: Office) -> None:
    a_customer_calls_boris(office)
    office.boris.phone.command("transfer", "sip:101@softswitch.local")
    office.anna.takes()
    office.boris.is_let_go()
    office.hear_each_other("customer", "anna")
    office.anna.phone.command("transfer", "sip:601@softswitch.local")
    office.vera.rings()
    office.gleb.takes()
    office.vera.is_let_go()
    office.anna.is_let_go()
    office.hear_each_other("customer", "gleb")
    office.gleb.phone.command("transfer", "sip:701@softswitch.local")
    office.dora.takes()
    office.gleb.is_let_go()
    office.hear_each_other("customer", "dora")
    office.customer.hangs_up()
    office.dora.is_let_go()
