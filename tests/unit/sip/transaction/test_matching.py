from __future__ import annotations

import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.transaction.matching import client_key, note_source, reply_flow, server_branch, server_key
from tests.unit.sip.transaction.rig import UDP, invite, response


def from_via(via: str, method: str = "OPTIONS") -> Request:
    request = invite(method)
    request.set("Via", via)
    return request


def flow(host: str, port: int, transport: str = "udp") -> Flow:
    return Flow(transport, ("10.0.0.1", 5060), (host, port), 0 if transport == "udp" else 7)


def test_ack_is_matched_to_its_invite_and_cancel_is_not() -> None:
    assert server_key(invite("ACK")) == server_key(invite())
    assert server_key(invite("CANCEL")) != server_key(invite())
    assert server_branch(invite("CANCEL")) == server_branch(invite())


def test_the_same_branch_of_another_client_is_another_transaction() -> None:
    one = from_via("SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKsame")
    other = from_via("SIP/2.0/UDP 10.0.0.3:5060;branch=z9hG4bKsame")
    port = from_via("SIP/2.0/UDP 10.0.0.2:5062;branch=z9hG4bKsame")
    assert len({server_key(one), server_key(other), server_key(port)}) == 3


def test_a_branch_that_a_restarted_phone_uses_again_is_another_transaction() -> None:
    before, after = invite(), invite()
    after.set("From", "<sip:101@10.0.0.2>;tag=drawn-anew")
    assert server_key(before) != server_key(after)


def test_a_branch_without_the_cookie_is_matched_by_the_fields_of_rfc_2543() -> None:
    via = "SIP/2.0/UDP 10.0.0.2:5060;branch=1"
    first = from_via(via, "INVITE")
    second = from_via(via, "INVITE")
    second.set("CSeq", "2 INVITE")
    assert server_key(first) == server_key(from_via(via, "INVITE"))
    assert server_key(first) == server_key(from_via(via, "ACK"))
    assert server_key(first) != server_key(second)
    note_source(first, flow("10.0.0.9", 4000))
    assert server_key(second) != server_key(first)


def test_responses_are_matched_by_branch_and_method() -> None:
    assert client_key(response(200)) == ("z9hG4bKx", "INVITE")
    assert client_key(response(200, method="CANCEL")) == ("z9hG4bKx", "CANCEL")


@pytest.mark.parametrize(
    ("via", "noted"),
    [
        ("SIP/2.0/UDP 10.0.0.2:5062;branch=z9hG4bK1", "SIP/2.0/UDP 10.0.0.2:5062;branch=z9hG4bK1"),
        (
            "SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK1",
            "SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK1;received=10.0.0.2",
        ),
        (
            "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1;rport",
            "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1;rport=4000;received=10.0.0.2",
        ),
        (
            "SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bK1",
            "SIP/2.0/UDP 10.0.0.2:5060;rport=4000;branch=z9hG4bK1;received=10.0.0.2",
        ),
        (
            "SIP/2.0/UDP 1.1.1.1;branch=z9hG4bK1;rport , SIP/2.0/UDP 2.2.2.2;branch=z9hG4bK2",
            "SIP/2.0/UDP 1.1.1.1;branch=z9hG4bK1;rport=4000;received=10.0.0.2, SIP/2.0/UDP 2.2.2.2;branch=z9hG4bK2",
        ),
        (
            "SIP/2.0/UDP 1.1.1.1;branch=z9hG4bK1;received=9.9.9.9",
            "SIP/2.0/UDP 1.1.1.1;branch=z9hG4bK1;received=10.0.0.2",
        ),
        (
            "SIP/2.0/UDP phone.example.net;branch=z9hG4bK1;RPORT",
            "SIP/2.0/UDP phone.example.net;branch=z9hG4bK1;rport=4000;received=10.0.0.2",
        ),
    ],
)
def test_the_source_is_written_into_the_topmost_via(via: str, noted: str) -> None:
    request = from_via(via)
    request.headers.insert(1, ("Via", "SIP/2.0/UDP 3.3.3.3;branch=z9hG4bK3"))
    note_source(request, flow("10.0.0.2", 4000))
    assert request.get_all("Via") == [noted, "SIP/2.0/UDP 3.3.3.3;branch=z9hG4bK3"]


def test_answers_go_back_to_the_source() -> None:
    behind_nat = from_via("SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK1")
    assert reply_flow(behind_nat, flow("203.0.113.1", 33000)) == flow("203.0.113.1", 33000)
    asking = from_via("SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1;rport")
    assert reply_flow(asking, flow("10.0.0.2", 33000)) == flow("10.0.0.2", 33000)


def test_a_sender_without_rport_or_nat_gets_its_answer_at_the_port_it_names() -> None:
    request = from_via("SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1")
    assert reply_flow(request, flow("10.0.0.2", 50123)) == flow("10.0.0.2", 5060)
    stream = flow("10.0.0.2", 50123, "tcp")
    assert reply_flow(from_via("SIP/2.0/TCP 10.0.0.2;branch=z9hG4bK1"), stream) == stream


def test_a_cached_flow_is_returned_as_it_is_where_nothing_differs() -> None:
    assert reply_flow(invite(), UDP) is UDP
