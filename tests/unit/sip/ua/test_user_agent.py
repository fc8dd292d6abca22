from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response, response_to
from softswitch.sip.ua.actions import Dropped, RequestArrived, Responded
from tests.unit.sip.ua.rig import OFFER, PHONE, SWITCH, TCP_PHONE, Rig


def test_a_double_line_end_is_answered_by_a_single_one_and_that_by_nothing() -> None:
    rig = Rig()
    rig.give(b"\r\n\r\n")
    rig.give(b"\r\n")
    rig.give(b"")
    assert [data for _, _, data in rig.sends] == [b"\r\n"]
    assert rig.sent == []


def test_blank_lines_before_a_message_are_skipped() -> None:
    rig = Rig()
    rig.give(b"\r\n\r\n" + rig.request("OPTIONS").to_bytes())
    assert rig.take(RequestArrived).request.method == "OPTIONS"
    assert rig.sends == []


def test_octets_that_are_no_sip_are_dropped_with_the_reason() -> None:
    rig = Rig()
    for data in (b"\x00\x01\x02", b"GET / HTTP/1.1\r\n\r\n", b"INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\n"):
        rig.give(data)
        assert rig.take(Dropped).flow == PHONE
    assert rig.sends == []


@pytest.mark.parametrize(
    ("torn", "status"),
    [
        ('To: "Mr. J <sip:102@switch>', 400),
        ("From: Bell, Alexander <sip:a@x>;tag=43", 400),
        ("CSeq: 36893488147419103232 OPTIONS", 400),
        ("Via: SIP/2.0/UDP 192.0.2.15;;,;,,", 400),
        ("Via: SIP/7.0/UDP 192.0.2.15;branch=z9hG4bKx", 505),
    ],
)
def test_a_header_that_cannot_be_read_goes_back_as_it_came(torn: str, status: int) -> None:
    rig = Rig()
    version = "SIP/7.0" if status == 505 else "SIP/2.0"
    lines = ["Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKx", "From: <sip:a@x>;tag=1", "To: <sip:102@switch>"]
    lines += ["Call-ID: c", "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0"]
    name = torn.partition(":")[0]
    shown = [torn if line.startswith(f"{name}:") else line for line in lines]
    rig.give("\r\n".join([f"OPTIONS sip:102@switch {version}", *shown, "", ""]).encode())
    ((_, towards, data),) = rig.sends
    assert towards == PHONE
    assert data.startswith(f"SIP/2.0 {status} ".encode())
    assert torn.encode() in data


def test_a_malformed_request_that_can_be_answered_gets_its_status() -> None:
    rig = Rig()
    whole = rig.request("INVITE", sdp=OFFER).to_bytes().decode()
    for broken, status in (
        (whole.replace("Max-Forwards: 70", "Max-Forwards: many"), 400),
        (whole.replace("CSeq: 1 INVITE", "CSeq: 1 BYE"), 400),
        (whole.replace("SIP/2.0\r\n", "SIP/3.0\r\n", 1), 505),
        (whole.replace("INVITE sip:102@switch", "INVITE foo:102@switch"), 416),
        (whole.replace("Content-Length: ", "Content-Length: 9"), 400),
        (whole.replace("<sip:101@10.0.0.2:5060>", "<sip:101@10.0.0.2:5060"), 400),
    ):
        rig.give(broken.encode())
        assert rig.last_response().status == status, broken
        assert rig.last_response().via.parameters["rport"] == "5060"
    assert {type(told) for told in rig.told} == {Dropped}  # who sends such things is counted
    assert all("answered with" in told.reason for told in rig.told if isinstance(told, Dropped))
    rig.told.clear()
    rig.give(whole.replace("INVITE", "ACK").replace("Max-Forwards: 70", "Max-Forwards: many").encode())
    assert isinstance(rig.told[0], Dropped)


def test_stray_responses_are_dropped() -> None:
    rig = Rig()
    rig.give(rig.answer(200, request=rig.request("INVITE")))
    assert rig.take(Dropped).reason == "a stray response: SIP/2.0 200 OK"
    rig.give(rig.answer(200, request=rig.request("BYE")))
    rig.take(Dropped)


def test_a_request_arrives_once_and_its_stateless_answer_has_a_steady_to_tag() -> None:
    rig = Rig()
    register = rig.request("REGISTER")
    tags = []
    for _ in range(2):
        rig.give(register)
        arrived = rig.take(RequestArrived)
        rig.ua.reply(arrived.request, arrived.flow, 401, headers=[("WWW-Authenticate", "Digest")])
        rig.drain()
        tags.append(rig.last_response().to.tag)
    assert tags[0] == tags[1]
    assert tags[0]
    rig.give(rig.request("REGISTER", cseq=2))
    arrived = rig.take(RequestArrived)
    rig.ua.reply(arrived.request, arrived.flow, 200, body=b"x", to_tag="mine")
    rig.drain()
    assert (rig.last_response().to.tag, rig.last_response().body) == ("mine", b"x")
    assert rig.ua.counts() == type(rig.ua.counts())(0, 0, 0)


def test_a_begun_transaction_absorbs_retransmissions() -> None:
    rig = Rig()
    register = rig.request("REGISTER")
    rig.give(register)
    arrived = rig.take(RequestArrived)
    transaction = rig.ua.begin(arrived.request, arrived.flow, now=0.0)
    assert rig.ua.counts().transactions == 1
    rig.ua.respond(transaction, response_to(arrived.request, 200, to_tag=rig.ua.new_tag()), now=0.0)
    rig.give(register)
    assert rig.lines == ["200 REGISTER", "200 REGISTER"]
    assert rig.told == []
    rig.assert_at_rest()


def test_a_begun_invite_is_answered_by_its_owner_or_at_a_cancel_or_after_32_s() -> None:
    for end in ("owner", "cancel", "time"):
        rig = Rig()
        rig.give(rig.request("INVITE", branch="z9hG4bKinvite", sdp=OFFER))
        arrived = rig.take(RequestArrived)
        transaction = rig.ua.begin(arrived.request, arrived.flow, now=0.0)
        if end == "owner":
            rig.ua.respond(transaction, response_to(arrived.request, 404, to_tag="t"), now=0.0)
        elif end == "cancel":
            rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
        else:
            rig.run(32.0)
        rig.drain()
        assert rig.last_response().status == {"owner": 404, "cancel": 487, "time": 500}[end]
        rig.give(rig.request("ACK", branch="z9hG4bKinvite"))
        assert rig.ua.counts().timers == 0
        rig.assert_at_rest()


def test_an_ack_for_a_2xx_of_a_begun_invite_is_absorbed() -> None:
    rig = Rig()
    rig.give(rig.request("INVITE", branch="z9hG4bKinvite"))
    arrived = rig.take(RequestArrived)
    transaction = rig.ua.begin(arrived.request, arrived.flow, now=0.0)
    rig.ua.respond(transaction, response_to(arrived.request, 200, to_tag="t"), now=0.0)
    rig.give(rig.request("ACK", branch="z9hG4bKinvite"))
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    assert rig.lines == ["200 INVITE", "200 CANCEL"]
    rig.assert_at_rest()


def test_answers_go_to_the_source_whatever_via_says() -> None:
    rig = Rig()
    source = Flow("udp", SWITCH, ("203.0.113.7", 31000))
    request = rig.request("OPTIONS")
    request.set("Via", "SIP/2.0/UDP 192.168.1.9:5060;branch=z9hG4bKnat;rport")
    rig.give(request, source)
    arrived = rig.take(RequestArrived)
    rig.ua.reply(arrived.request, arrived.flow, 200)
    rig.drain()
    assert rig.sends[-1][1] == source
    assert rig.last_response().via.parameters["received"] == "203.0.113.7"
    assert rig.last_response().via.parameters["rport"] == "31000"


def test_a_cancel_of_nothing_gets_481() -> None:
    rig = Rig()
    rig.give(rig.request("CANCEL"))
    assert rig.lines == ["481 CANCEL"]


def test_a_request_within_an_unknown_dialog_gets_481_but_an_ack_nothing() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.request("BYE", to_tag="unknown"))
    rig.give(rig.request("INVITE", to_tag="unknown", sdp=OFFER))
    rig.give(rig.request("ACK", to_tag="unknown"))
    rig.give(rig.request("BYE", to_tag=session.dialog.local_tag, from_tag="stranger"))
    rig.give(rig.request("ACK", to_tag=session.dialog.local_tag, from_tag="stranger"))
    rig.give(rig.request("ACK"))
    assert rig.lines == ["481 BYE", "481 INVITE", "481 BYE"]
    assert rig.told == []
    assert session.is_confirmed


def test_a_register_with_a_to_tag_is_its_owners_all_the_same() -> None:
    rig = Rig()
    rig.give(rig.request("REGISTER", to_tag="x"))
    assert rig.take(RequestArrived).request.method == "REGISTER"


def test_without_hops_left_an_invite_gets_483_but_options_and_register_are_for_us() -> None:
    rig = Rig()
    for method in ("INVITE", "MESSAGE", "OPTIONS", "REGISTER"):
        request = rig.request(method)
        request.set("Max-Forwards", "0")
        rig.give(request)
    assert rig.lines == ["483 INVITE", "483 MESSAGE"]
    assert [type(action) for action in rig.told] == [RequestArrived, RequestArrived]


def test_extensions_that_are_not_known_get_420_with_their_names() -> None:
    rig = Rig()
    rig.give(rig.request("INVITE", sdp=OFFER, headers=[("Require", "100rel"), ("Require", "timer, x")]))
    assert rig.last_response().status == 420
    assert rig.last_response().get("Unsupported") == "x"


@pytest.mark.parametrize(
    ("headers", "body", "status", "says"),
    [
        ([("Content-Type", "text/plain")], b"hello", 415, ("Accept", "application/sdp, multipart/mixed")),
        (
            [("Content-Type", "application/sdp"), ("Content-Encoding", "gzip")],
            b"x",
            415,
            ("Accept-Encoding", "identity"),
        ),
    ],
)
def test_a_body_that_is_not_understood_refuses_an_invite(
    headers: list[tuple[str, str]], body: bytes, status: int, says: tuple[str, str]
) -> None:
    rig = Rig()
    request = rig.request("INVITE", headers=headers)
    request.body = body
    rig.give(request)
    assert rig.last_response().status == status
    assert rig.last_response().get(says[0]) == says[1]


def test_an_invite_without_a_contact_gets_400() -> None:
    rig = Rig()
    request = rig.request("INVITE", sdp=OFFER)
    request.remove("Contact")
    rig.give(request)
    assert rig.lines == ["400 INVITE"]


def test_an_invite_that_came_on_two_ways_is_taken_once() -> None:
    rig = Rig()
    rig.call_in()
    rig.give(rig.request("INVITE", sdp=OFFER))
    assert rig.last_response().status == 482
    rig.give(rig.request("INVITE", cseq=2, sdp=OFFER))
    rig.take(RequestArrived)


def test_a_retransmitted_invite_is_no_new_call() -> None:
    rig = Rig()
    session = rig.call_in()
    session.progress(180, now=0.0)
    rig.drain()
    rig.give(rig.request("INVITE", branch="z9hG4bKinvite", sdp=OFFER))
    assert rig.lines == ["100 INVITE", "180 INVITE", "180 INVITE"]
    assert rig.told == []


def test_a_request_outside_dialogs_gets_what_it_lacks_and_its_answer_is_told() -> None:
    rig = Rig()
    request = Request("OPTIONS", "sip:101@10.0.0.2", [("From", "<sip:switch@x>"), ("To", "<sip:101@x>")])
    rig.ua.request(request, PHONE, owner="keepalive", now=0.0)
    rig.drain()
    sent = rig.last_request()
    assert sent.via.branch.startswith("z9hG4bK")
    assert (sent.from_.tag is not None, sent.cseq, sent.max_forwards) == (True, (1, "OPTIONS"), 70)
    rig.give(rig.answer(100))
    assert rig.told == []
    rig.give(rig.answer(200))
    told = rig.take(Responded)
    assert (told.owner, told.response.status) == ("keepalive", 200)
    rig.assert_at_rest()


def test_what_a_request_brings_along_is_kept() -> None:
    rig = Rig()
    request = Request(
        "OPTIONS",
        "sip:101@10.0.0.2",
        [("From", "<sip:switch@x>;tag=mine"), ("To", "<sip:101@x>"), ("Call-ID", "own"), ("CSeq", "7 OPTIONS")],
    )
    rig.ua.request(request, PHONE, owner="keepalive", now=0.0)
    rig.drain()
    sent = rig.last_request()
    assert (sent.from_.tag, sent.call_id, sent.cseq.number) == ("mine", "own", 7)


def test_silence_and_a_failing_transport_are_told_as_responses_of_our_own() -> None:
    for failing, status in ((False, 408), (True, 503)):
        rig = Rig()
        request = Request("OPTIONS", "sip:101@10.0.0.2", [("From", "<sip:switch@x>"), ("To", "<sip:101@x>")])
        rig.ua.request(request, TCP_PHONE, owner="keepalive", now=0.0)
        if failing:
            rig.ua.flow_failed(TCP_PHONE, now=0.0)
            rig.drain()
        else:
            rig.run(32.0)
        told = rig.take(Responded)
        assert isinstance(told.response, Response)
        assert told.response.status == status
        rig.assert_at_rest()


def test_an_invite_is_not_sent_outside_a_session() -> None:
    with pytest.raises(LocalProtocolError):
        Rig().ua.request(Request("INVITE", "sip:a@b"), PHONE, owner="x", now=0.0)


def test_addresses_of_ipv6_stand_in_brackets() -> None:
    rig = Rig()
    rig.call_out(rig.order(flow=Flow("udp", ("2001:db8::1", 5060), ("2001:db8::2", 5060))))
    invite = rig.last_request()
    assert invite.via.host == "[2001:db8::1]"
    assert invite.get("Contact") == "<sip:switch@[2001:db8::1]:5060>"


def test_a_topmost_via_without_an_element_is_not_answered() -> None:
    rig = Rig()
    whole = rig.request("OPTIONS").to_bytes().replace(b"Via:", b"Via: ,\r\nVia:").replace(b"From:", b"X:")
    rig.give(whole)
    rig.give(whole.replace(b"X:", b"From:").replace(b"OPTIONS sip", b"OPTIONS  sip"))
    assert [type(action) for action in rig.told] == [Dropped, Dropped]


def test_a_cancel_of_a_refused_invite_changes_nothing() -> None:
    rig = Rig()
    rig.call_in().reject(486, now=0.0)
    rig.drain()
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    assert rig.lines == ["100 INVITE", "486 INVITE", "200 CANCEL"]


def test_an_invite_without_the_cookie_in_its_branch_is_matched_by_its_other_fields() -> None:
    rig = Rig()
    rig.give(rig.request("INVITE", branch="1", sdp=OFFER))
    arrived = rig.take(RequestArrived)
    session = rig.ua.accept_invite(arrived.request, arrived.flow, owner="leg", now=0.0)
    rig.give(rig.request("INVITE", branch="1", sdp=OFFER))
    session.reject(486, now=0.0)
    rig.drain()
    rig.give(rig.request("ACK", branch="1", to_tag=session.dialog.local_tag))
    assert rig.lines == ["100 INVITE", "100 INVITE", "486 INVITE"]
    assert rig.told == []
    rig.assert_at_rest()
