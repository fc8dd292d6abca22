"""Three softphones that no one of us wrote, on two media workers: what people do all day, heard and recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from softswitch.calls.control_facts import HoldReminded
from softswitch.journal.reading import read_records
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
)
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.segments import (
    assert_right_to_50_ms,
    hung_up_last,
    ordered,
    segments,
    taken_last,
    workers_used,
)
from tests.interop.peers.switch import SITE, SwitchProcess, ends_well
from tests.interop.test_recorded import listed, sound_of
from tests.waiting import until

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
BEEP_HZ = 1000.0
"""Of the tone that reminds of whoever waits."""


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A switch with two media workers that reminds of whoever waits every two seconds."""
    with ends_well(
        SwitchProcess(
            space,
            tmp_path_factory.mktemp("switch"),
            site=SITE.replace("groups:\n", FLOOR) + ROOM,
            more="[media]\nworkers = 2\n[calls]\nhold_reminder_s = 2",
        )
    ) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def leg_of(switch: SwitchProcess, user: str) -> str:
    (found,) = switch.ask("GET", f"users/{user}/calls")
    return str(found["leg"])


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
    began = taken_last(switch, leg)
    asked = ordered(switch, leg, "consult", number="103")
    vera.takes()
    assert_hears(anna.phone, "103")
    assert_hears(vera.phone, "101")
    advised = taken_last(switch, leg)
    turned = ordered(switch, leg, "toggle")
    assert_hears(anna.phone, "102")
    assert_hears(boris.phone, "101")
    ordered(switch, leg, "cancel")
    vera.is_let_go()
    assert_hears(boris.phone, "101")
    anna.hangs_up()
    boris.is_let_go()
    over = hung_up_last(switch, leg)
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
