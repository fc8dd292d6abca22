"""Statuses chosen by code on softphones: which calls then ring there, and what those hear who are refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.peers.desk import Desk
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.office import Office, open_office

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

KINDS = ("colleague", "customer_direct", "group", "queue", "transfer", "outbound")
PERMITTED = """
status     code  | colleague  customer_direct  group  queue  transfer  outbound

on_line    *701  | yes        yes              yes    yes    yes       yes
break      *702  | yes        mobile           no     no     yes       yes
outbound   *703  | yes        yes              no     no     yes       yes
all_calls  *704  | yes        yes              yes    yes    yes       yes
dnd        *705  | 486        486              no     no     no        yes
lunch      *707  | yes        603              no     no     yes       403

online     *701  | yes        yes              yes    no     yes       yes
ready      *702  | yes        yes              yes    yes    yes       yes
unavailable *703 | yes        yes              no     no     no        yes
training   *708  | yes        yes              no     no     no        yes
"""
"""What a call of each kind comes to: the rows of MANGO, with one of the site's own, and of Voximplant, with one too.

``no`` where the next one of a list is rung, or the operator keeps the customer; a number is the refusal's SIP status.
"""


@pytest.fixture(scope="module")
def office(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(space, tmp_path_factory.mktemp("office")) as found:
        for each in (found.boris, found.vera, found.gleb, found.dora):
            each.keys("*45")
        yield found


@pytest.fixture(autouse=True)
def nobody_talks(office: Office) -> Iterator[None]:
    yield
    office.at_rest()


def rows() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the code of each status, and what becomes of each kind of call."""
    lines = [line.replace("|", " ").split() for line in PERMITTED.splitlines() if line]
    assert tuple(lines[0][2:]) == KINDS
    return {name: (code, dict(zip(KINDS, answers, strict=True))) for name, code, *answers in lines[1:]}


def chosen(office: Office, desk: Desk, status: str) -> None:
    """Choose a status on the phone and see which calls ring there."""
    code, permitted = rows()[status]
    desk.keys(code)
    office.try_all(desk, permitted)


@pytest.mark.row("M-6", "M-7")
def test_on_line_takes_every_call_and_lets_call_out(office: Office) -> None:
    chosen(office, office.boris, "on_line")


@pytest.mark.row("M-9", "M-10", "M-11")
def test_a_break_takes_direct_calls_alone(office: Office) -> None:
    chosen(office, office.boris, "break")


@pytest.mark.row("M-12", "M-13")
def test_outbound_calling_takes_all_but_calls_that_are_distributed(office: Office) -> None:
    chosen(office, office.boris, "outbound")


@pytest.mark.row("M-14", "M-26")
def test_all_calls_takes_what_on_line_takes(office: Office) -> None:
    chosen(office, office.boris, "all_calls")
    assert rows()["all_calls"][1] == rows()["on_line"][1]


@pytest.mark.row("M-15", "M-16")
def test_do_not_disturb_takes_nothing_and_lets_call_out(office: Office) -> None:
    chosen(office, office.boris, "dnd")


@pytest.mark.row("M-17")
def test_a_status_of_the_sites_own_takes_what_its_row_says(office: Office) -> None:
    chosen(office, office.boris, "lunch")


@pytest.mark.row("V-67")
def test_online_takes_all_but_calls_of_queues(office: Office) -> None:
    chosen(office, office.vera, "online")


@pytest.mark.row("V-30", "V-78")
@pytest.mark.parametrize("status", ["unavailable", "training"])
def test_to_whom_is_unavailable_nothing_is_distributed_and_nobody_transferred(office: Office, status: str) -> None:
    chosen(office, office.vera, status)


@pytest.mark.row("V-68", "V-69", "V-79")
def test_ready_takes_every_call_and_is_left_and_come_back_to_by_code(office: Office) -> None:
    for other in ("online", "unavailable", "training"):
        chosen(office, office.vera, "ready") if other == "online" else office.vera.keys("*702")
        office.queue(office.vera, "yes")
        office.vera.keys(rows()[other][0])
        office.queue(office.vera, "no")
        office.at_rest()
    office.vera.rang_no_more()


@pytest.mark.row("M-8")
def test_in_a_break_a_customers_call_is_taken_on_the_mobile(office: Office) -> None:
    office.boris.keys("*702")
    office.customer.phone.command("dial", office.outside("102"))
    office.boris.rings()
    office.mobile.takes()
    office.customer.talks()
    office.boris.is_let_go()
    office.customer.hangs_up()
    office.mobile.is_let_go()


@pytest.mark.row("M-3")
def test_whose_status_is_not_respected_is_rung_by_the_queue_although_not_to_be_disturbed(office: Office) -> None:
    office.dora.keys("*705")
    office.queue(office.dora, "yes")
    office.colleague(office.dora, "yes")
    office.dora.rang_no_more()


def test_without_call_waiting_a_second_call_is_refused_and_the_phone_is_not_rung(office: Office) -> None:
    office.anna.phone.command("dial", "202")
    office.dora.takes()
    office.anna.talks()
    office.vera.phone.command("dial", "202")
    office.vera.is_let_go()
    assert "486" in office.vera.phone.seen("CALL_CLOSED")[-1]["param"]
    office.anna.hangs_up()
    office.dora.is_let_go()
    office.dora.rang_no_more()


@pytest.mark.row("M-2", "M-5")
def test_each_code_of_the_list_chooses_its_status_and_no_other_code_does(office: Office) -> None:
    listed = [row for row in office.switch.ask("GET", "statuses") if row["preset"] == "mango" and row["code"]]
    assert [row["name"] for row in listed] == ["on_line", "break", "outbound", "all_calls", "dnd", "lunch"]
    for row in listed:
        office.boris.keys(f"*70{row['code']}")
        assert status_of(office, "boris") == row["name"]
    office.boris.phone.command("dial", "*706")
    office.boris.is_let_go()
    assert "404" in office.boris.phone.seen("CALL_CLOSED")[-1]["param"]
    assert status_of(office, "boris") == "lunch"


def status_of(office: Office, user: str) -> str:
    (found,) = [row for row in office.switch.ask("GET", "agents") if row["user"] == user]
    return str(found["status"])
