"""SIPp as every kind of phone: what it is told in each case, and that nothing stays behind.

What takes minutes is shown in virtual time instead, under ``tests/component``: a phone that never answers an INVITE
(32 s), and one that rings for ever (60 s).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippError, SippPhone
from tests.interop.peers.switch import TRUNK, SwitchProcess
from tests.waiting import until

pytestmark = pytest.mark.network

GAVE_UP = "Q.850;cause=16;text=.Normal call clearing."
ELSEWHERE = "SIP;cause=200;text=.Call completed elsewhere."
_extensions = count(201)
_hosts = count(1)


class PhoneMaker(Protocol):
    """Makes a phone of a user whom no other test knows; of a certain one, where an extension is given."""

    def __call__(self, extension: str = "", *, registered: bool = True, transport: str = "udp") -> SippPhone: ...


@pytest.fixture
def sipp(switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path) -> PhoneMaker:
    def make(extension: str = "", *, registered: bool = True, transport: str = "udp") -> SippPhone:
        found = SippPhone(
            space,
            tmp_path,
            extension or str(next(_extensions)),
            address=f"127.0.1.{next(_hosts)}",
            transport=transport,
        )
        stack.callback(found.close)
        if registered:
            found.plays("register.xml")
        return found

    return make


@pytest.fixture
def trunk(space: Namespace, stack: ExitStack, tmp_path: Path) -> SippPhone:
    found = SippPhone(space, tmp_path, "84951112233", address=TRUNK[0], port=TRUNK[1])
    stack.callback(found.close)
    return found


@pytest.fixture(autouse=True)
def at_rest(switch: SwitchProcess, stack: ExitStack) -> Iterator[None]:
    """Nothing may be left of any call here, while the phones are still there."""
    yield
    switch.until_at_rest()


# Calls that succeed


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_user_registers_calls_and_hangs_up(switch: SwitchProcess, sipp: PhoneMaker, transport: str) -> None:
    caller, callee = sipp(transport=transport), sipp()
    ringing = callee.starts("answer.xml")
    caller.plays("call.xml", dial=callee.extension)
    ringing.finished()
    call = switch.call_of(caller.extension)
    assert (call["to_number"], call["end_reason"]) == (callee.extension, "completed")


def test_the_built_in_phone_of_sipp_is_called_by_its_contact_with_capitals(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    callee.starts("-sn uas")
    caller.plays("call.xml", dial=callee.extension)


def test_the_called_phone_hangs_up(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("answer_hang_up.xml")
    caller.plays("call_until_bye.xml", dial=callee.extension)
    ringing.finished()


def test_the_caller_hears_what_the_called_phone_plays_before_it_answers(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("answer_early.xml")
    caller.plays("call_early.xml", dial=callee.extension)
    ringing.finished()


def test_a_caller_without_an_offer_is_given_one(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("answer.xml")
    caller.plays("call_without_offer.xml", dial=callee.extension)
    ringing.finished()


def test_ringing_is_reliable_where_one_side_wants_it_and_the_session_is_refreshed_by_update(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("answer_reliably.xml", answer_after_ms="500")
    caller.plays("call_reliably.xml", dial=callee.extension)
    ringing.finished()


def test_a_ringing_call_is_picked_up_by_code(switch: SwitchProcess, sipp: PhoneMaker) -> None:
    caller, callee, picker = sipp(), sipp(), sipp()
    ringing = callee.starts("ring.xml", reason=ELSEWHERE)
    calling = caller.starts("call.xml", dial=callee.extension)
    switch.until_ringing()
    picker.plays("call_until_bye.xml", dial=f"*8{callee.extension}")
    ringing.finished()
    calling.finished()


def test_a_busy_phones_call_is_forwarded_as_its_user_said_by_code(sipp: PhoneMaker) -> None:
    caller, callee, third = sipp(), sipp(), sipp()
    callee.plays("call_until_bye.xml", dial=f"*90{third.extension}")
    refusing = callee.starts("refuse.xml", refusal="486 Busy Here")
    ringing = third.starts("answer.xml")
    caller.plays("call.xml", dial=callee.extension)
    refusing.finished()
    ringing.finished()
    callee.plays("call_until_bye.xml", dial="*91")


# Calls that come to nothing


@pytest.mark.parametrize(
    ("callees", "gives_up"),
    [("ring.xml", "ringing"), ("only_trying.xml", "trying"), ("ring_late.xml", "trying")],
    ids=["after-180", "after-100", "before-any-response"],
)
def test_a_caller_gives_up_and_the_phone_stops(sipp: PhoneMaker, callees: str, gives_up: str) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts(callees, reason=GAVE_UP)
    calling = caller.starts(f"give_up_{gives_up}.xml", dial=callee.extension)
    if callees == "ring_late.xml":
        with ringing.phase():
            until(lambda: any(message.startswith("CANCEL ") for message in calling.sent()))
    calling.finished()
    ringing.finished()


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [("486 Busy Here", "Q.850;cause=17;text=.User busy."), ("603 Decline", "Q.850;cause=21;text=.Call rejected.")],
    ids=["busy", "decline"],
)
def test_the_called_phone_refuses(switch: SwitchProcess, sipp: PhoneMaker, refusal: str, reason: str) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("refuse.xml", refusal=refusal)
    caller.plays("call_refused.xml", dial=callee.extension, status=refusal[:3], reason=reason)
    ringing.finished()
    assert switch.call_of(caller.extension)["answered_at"] is None


def test_an_extension_that_nobody_has_is_404(sipp: PhoneMaker) -> None:
    sipp().plays("call_refused.xml", dial="299", status="404", reason="Q.850;cause=1;text=.Unallocated number.")


def test_a_user_without_a_phone_is_480(sipp: PhoneMaker) -> None:
    absent = sipp(registered=False)
    caller = sipp()
    caller.plays(
        "call_refused.xml", dial=absent.extension, status="480", reason="Q.850;cause=20;text=.Subscriber absent."
    )


def test_a_scenario_that_the_switch_does_not_keep_to_fails(sipp: PhoneMaker) -> None:
    phone = sipp(registered=False)
    with pytest.raises(SippError, match="401 Unauthorized"):
        phone.plays("register.xml", password="guess")
    with pytest.raises(SippError, match="200 OK"):
        phone.plays("register.xml", address="192.0.2.1")


# Several phones of one user


def test_the_first_phone_that_answers_has_the_call_and_the_other_learns_why(sipp: PhoneMaker) -> None:
    caller, desk = sipp(), sipp()
    mobile = sipp(desk.extension)
    loser = desk.starts("ring.xml", reason=ELSEWHERE)
    winner = mobile.starts("answer.xml", answer_after_ms="300")
    caller.plays("call.xml", dial=desk.extension)
    winner.finished()
    loser.finished()


def test_a_busy_phone_does_not_keep_the_other_from_answering(sipp: PhoneMaker) -> None:
    caller, desk = sipp(), sipp()
    mobile = sipp(desk.extension)
    busy = desk.starts("refuse.xml", refusal="486 Busy Here")
    winner = mobile.starts("answer.xml", answer_after_ms="300")
    caller.plays("call.xml", dial=desk.extension)
    winner.finished()
    busy.finished()


# Who may call


def without_chance(message: str) -> str:
    """Cut out what differs from request to request: branch, tags, Call-ID, CSeq, nonce, and the name asked for."""
    text = re.sub(r"^(Via|Call-ID|CSeq|From|To): .*$", r"\1:", message, flags=re.MULTILINE)
    return re.sub(r'nonce="\w+"', "nonce", text)


@pytest.mark.parametrize("scenario", ["register_in_vain.xml", "call_in_vain.xml"])
def test_a_wrong_password_and_an_unknown_user_get_the_same_401_again(sipp: PhoneMaker, scenario: str) -> None:
    known = sipp(registered=False).plays(scenario, password="guess", dial="202")
    unknown = sipp("299", registered=False).plays(scenario, dial="202")
    answers = [without_chance(message) for one in (known, unknown) for message in one.received()]
    assert len(answers) >= 4
    assert len(set(answers)) == 1
    assert answers[0].startswith("SIP/2.0 401 Unauthorized")


def test_a_stranger_is_challenged(sipp: PhoneMaker) -> None:
    sipp("299", registered=False).plays("stranger.xml", dial="202")


def test_a_trunk_reaches_a_number_by_its_address(switch: SwitchProcess, sipp: PhoneMaker, trunk: SippPhone) -> None:
    ringing = sipp("290").starts("answer.xml")
    trunk.plays("trunk_call.xml", dial="+74950000290")
    ringing.finished()
    call = switch.call_of(trunk.extension)
    assert (call["to_number"], call["end_reason"]) == ("+74950000290", "completed")


def test_a_trunk_reaches_numbers_only(sipp: PhoneMaker, trunk: SippPhone) -> None:
    user = sipp()
    for dial in (user.extension, "+74950000291", "*99"):
        trunk.plays("trunk_refused.xml", dial=dial)


# Changes within a call


@pytest.mark.parametrize(
    ("change", "answered"),
    [
        ({"direction": "sendonly"}, "recvonly"),
        ({"direction": "inactive"}, "inactive"),
        ({"changed_address": "0.0.0.0"}, "(sendrecv|recvonly)"),
        ({"changed_port": "7010"}, "sendrecv"),
    ],
    ids=["sendonly", "inactive", "zero-address", "moved"],
)
@pytest.mark.parametrize("side", ["caller", "callee"])
def test_hold_resume_and_a_moved_address(
    switch: SwitchProcess, sipp: PhoneMaker, side: str, change: dict[str, str], answered: str
) -> None:
    # What is heard meanwhile: test_held_and_moved.py. The other side sees no re-INVITE; its scenario has none.
    caller, callee = sipp(), sipp()
    change = {**change, "answered": answered}
    if side == "caller":
        other = callee.starts("answer.xml")
        changes = caller.starts("call_and_change.xml", dial=callee.extension, **change)
    else:
        changes = callee.starts("answer_and_change.xml", **change)
        other = caller.starts("call_until_bye.xml", dial=callee.extension)
    for _ in ("first", "changed", "first again"):
        with changes.phase():
            switch.until_settled()
    changes.finished()
    other.finished()


def test_a_reinvite_without_an_offer_is_given_one(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    other = callee.starts("answer.xml")
    caller.plays("call_and_ask.xml", dial=callee.extension)
    other.finished()


def test_a_reinvite_with_no_common_codec_is_488_and_the_call_goes_on(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    other = callee.starts("answer.xml")
    caller.plays("call_with_g729.xml", dial=callee.extension)
    other.finished()


# Packets that are lost


def test_an_invite_that_comes_again_makes_no_second_call(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("answer.xml", answer_after_ms="2000")
    assert caller.starts("call_deaf.xml", dial=callee.extension).finished().retransmissions > 0
    assert ringing.finished().calls == 1


def test_a_200_whose_ack_is_lost_comes_again(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("answer.xml")
    caller.plays("call_ack_lost.xml", dial=callee.extension, options=["-nr"])
    ringing.finished()


def test_a_200_that_comes_again_is_acknowledged_again(sipp: PhoneMaker) -> None:
    caller, callee = sipp(), sipp()
    ringing = callee.starts("answer_again.xml", options=["-nr"])
    caller.plays("call.xml", dial=callee.extension)
    ringing.finished()


# Groups and statuses


def test_a_group_rings_two_phones_one_answers_and_the_other_learns_why_it_stops(sipp: PhoneMaker) -> None:
    caller, egor, inna = sipp(), sipp("192"), sipp("193")
    loser = egor.starts("ring.xml", reason=ELSEWHERE)
    winner = inna.starts("answer.xml", answer_after_ms="300")
    caller.plays("call.xml", dial="600")
    winner.finished()
    loser.finished()


@pytest.mark.row("V-37")
def test_of_eleven_calls_to_a_group_one_is_refused_until_another_is_answered(
    sipp: PhoneMaker, switch: SwitchProcess
) -> None:
    egor, first, others, late, picker = sipp("192"), sipp(), sipp(), sipp(), sipp()
    ringing = egor.starts("ring.xml", 11, reason="cause=")
    answered = first.starts("call.xml", dial="690")
    switch.until_ringing()
    waiting = others.starts("wait_in_vain.xml", 9, dial="690")
    with waiting.phase():
        full = "Q.850;cause=17;text=.10 calls to the group wait for an answer."
        late.plays("call_refused.xml", dial="690", status="486", reason=full)
        picker.plays("call_until_bye.xml", dial="*8690")
        answered.finished()
        late.plays("give_up_ringing.xml", dial="690")
    assert waiting.finished().successful == 9
    assert ringing.finished().successful == 11


def test_do_not_disturb_refuses_a_call_at_once(sipp: PhoneMaker, switch: SwitchProcess) -> None:
    caller, _ = sipp(), sipp("191")
    assert "dnd" in switch.cli("agent", "set", "dora", "dnd")
    reason = "Q.850;cause=17;text=.Status Do not disturb."
    caller.plays("call_refused.xml", dial="191", status="486", reason=reason)


@pytest.mark.row("V-3", "V-80")
def test_who_registers_is_online_and_who_registers_off_is_offline_and_not_rung(
    sipp: PhoneMaker, switch: SwitchProcess
) -> None:
    def status() -> str:
        (found,) = [agent for agent in switch.ask("GET", "agents") if agent["extension"] == phone.extension]
        return str(found["status"])

    caller, phone = sipp(), sipp()
    until(lambda: status() == "online", status)
    phone.plays("unregister.xml")
    until(lambda: status() == "offline", status)
    caller.plays(
        "call_refused.xml", dial=phone.extension, status="480", reason="Q.850;cause=20;text=.Subscriber absent."
    )
    phone.plays("register.xml")
    until(lambda: status() == "online", status)
    ringing = phone.starts("answer.xml")
    caller.plays("call.xml", dial=phone.extension)
    ringing.finished()


def test_a_code_sets_the_status_of_whoever_dials_it(sipp: PhoneMaker, switch: SwitchProcess) -> None:
    phone = sipp()
    phone.plays("call_until_bye.xml", dial="*703")
    agents = json.loads(switch.cli("agents", "--json"))
    (agent,) = [agent for agent in agents if agent["extension"] == phone.extension]
    assert (agent["status"], agent["label_ru"], agent["reachable"]) == ("unavailable", "Недоступен", True)
