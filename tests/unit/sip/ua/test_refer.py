from __future__ import annotations

import pytest

from softswitch.sip.message import Header
from softswitch.sip.ua.actions import Ended, Referred
from tests.unit.sip.ua.rig import Rig

TARGET: Header = ("Refer-To", "<sip:103@switch>")


def test_a_refer_is_the_owners_to_answer_and_notifies_go_within_the_dialog() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "REFER", cseq=2, headers=[TARGET]))
    told = rig.take(Referred)
    assert (told.refer_to, told.subscription) == ("<sip:103@switch>", "refer")
    session.answer_refer(202, now=0.0)
    session.answer_refer(603, now=0.0)
    session.notify((("Event", "refer"),), b"SIP/2.0 100 Trying\r\n", now=0.0)
    rig.drain()
    assert rig.lines == ["202 REFER", "NOTIFY"]
    assert rig.last_request().to.tag == "phone"


def test_a_second_refer_is_told_apart_by_its_cseq() -> None:
    rig = Rig()
    session = rig.talking_in()
    for cseq in (2, 3):
        rig.give(rig.within(session, "REFER", cseq=cseq, headers=[TARGET]))
        told = rig.take(Referred)
        session.answer_refer(202, now=0.0)
    assert told.subscription == "refer;id=3"


def test_a_refer_that_wants_no_notify_says_so() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "REFER", cseq=2, headers=[TARGET, ("Refer-Sub", "false")]))
    assert rig.take(Referred).subscription == ""


@pytest.mark.parametrize("targets", [[], [TARGET, TARGET]])
def test_a_refer_to_nobody_or_to_two_is_400(targets: list[Header]) -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "REFER", cseq=2, headers=targets))
    assert (rig.last_response().status, rig.told) == (400, [])


def test_a_notify_that_the_phone_does_not_know_the_dialog_of_ends_the_call() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.notify((("Event", "refer"),), now=0.0)
    rig.drain()
    rig.give(rig.answer(481))
    assert rig.take(Ended).status == 481


def test_a_notify_behind_our_bye_is_sent_and_its_answer_changes_nothing() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.bye(now=0.0)
    session.notify((("Event", "refer"),), now=0.0)
    rig.drain()
    assert rig.lines == ["BYE", "NOTIFY"]
    rig.give(rig.answer(481))
    assert rig.told == []


def test_the_session_that_replaces_names_is_found_from_either_side() -> None:
    rig = Rig()
    session = rig.talking_in()
    own, theirs = session.dialog.local_tag, session.dialog.remote_tag
    find = rig.ua.session_of
    assert find("call-1", own, theirs) is session
    assert find("call-1", theirs, own) is session
    assert find("call-1", own, "other") is None
    assert find("other", own, theirs) is None
