"""An INVITE of ours that is challenged: by a carrier, or by the proxy before it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.sip.auth import ha1_md5, parse_credentials, verify
from softswitch.sip.ua.actions import Answered, Rejected
from softswitch.sip.ua.order import OurCredentials
from tests.unit.sip.ua.rig import ANSWER, Rig

US = OurCredentials("customer", "pass-1234")
KINDS = [(401, "WWW-Authenticate", "Authorization"), (407, "Proxy-Authenticate", "Proxy-Authorization")]
CHALLENGE = 'Digest realm="carrier", nonce="abc", qop="auth", algorithm=MD5'


@pytest.mark.parametrize(("status", "asks", "answers"), KINDS)
def test_a_challenge_is_answered_once(status: int, asks: str, answers: str) -> None:
    rig = Rig()
    session = rig.call_out(replace(rig.order(), credentials=US))
    first = rig.last_request("INVITE")
    rig.give(rig.answer(status, headers=[(asks, "Bearer x"), (asks, CHALLENGE)]))
    second = rig.last_request("INVITE")
    assert (second.cseq.number, second.call_id, second.from_.tag) == (2, first.call_id, first.from_.tag)
    assert second.to.tag is None
    assert second.via.branch != first.via.branch
    given = parse_credentials(second.get(answers) or "")
    assert (given.user, given.realm, given.uri) == ("customer", "carrier", second.uri)
    assert verify(given, ha1_md5("customer", "carrier", "pass-1234"), "INVITE", "MD5")
    snapshot = session.snapshot()
    assert given.response.encode() not in snapshot.invite
    rig.give(rig.answer(status, headers=[(asks, CHALLENGE)]))
    assert rig.take(Rejected).status == status
    assert rig.last_request("INVITE").cseq.number == 2


def test_after_a_challenge_the_call_goes_on_as_any_other() -> None:
    rig = Rig()
    rig.call_out(replace(rig.order(), credentials=US))
    rig.give(rig.answer(401, headers=[("WWW-Authenticate", CHALLENGE)]))
    rig.give(rig.answer(200, sdp=ANSWER))
    assert rig.take(Answered).sdp == ANSWER
    assert rig.last_request("ACK").cseq.number == 2


@pytest.mark.parametrize("challenge", ["Bearer x", 'Digest realm="c", nonce="n", algorithm=SHA-512-256'])
def test_a_challenge_that_cannot_be_answered_is_a_refusal(challenge: str) -> None:
    rig = Rig()
    rig.call_out(replace(rig.order(), credentials=US))
    rig.give(rig.answer(407, headers=[("Proxy-Authenticate", challenge)]))
    assert rig.take(Rejected).status == 407


def test_without_credentials_a_challenge_is_a_refusal() -> None:
    rig = Rig()
    rig.call_out()
    rig.give(rig.answer(401, headers=[("WWW-Authenticate", CHALLENGE)]))
    assert rig.take(Rejected).status == 401


def test_a_password_stands_in_no_text_of_the_credentials() -> None:
    assert "pass-1234" not in repr(US)
