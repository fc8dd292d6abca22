from __future__ import annotations

from softswitch.simulation.exchange_watch import ExchangeWatch
from softswitch.sip.message import Request, response_to


def request(method: str, branch: str = "z9hG4bK1") -> Request:
    return Request(
        method,
        "sip:example.net",
        [
            ("Via", f"SIP/2.0/UDP 192.0.2.1;branch={branch}"),
            ("From", "<sip:101@example.net>;tag=a"),
            ("To", "<sip:102@example.net>"),
            ("Call-ID", "x"),
            ("CSeq", f"1 {method}"),
        ],
    )


def test_a_request_is_open_until_its_final_answer_and_repetitions_change_nothing() -> None:
    watch = ExchangeWatch()
    bye = request("BYE")
    for _ in range(2):
        watch.look(bye.to_bytes())
    assert watch.open == 1
    watch.look(response_to(bye, 100).to_bytes())
    assert watch.open == 1
    for _ in range(2):
        watch.look(response_to(bye, 200).to_bytes())
    assert watch.open == 0


def test_invite_and_ack_are_not_watched_but_the_cancel_with_the_same_branch_is() -> None:
    watch = ExchangeWatch()
    for method in ("INVITE", "ACK", "CANCEL"):
        watch.look(request(method).to_bytes())
    assert watch.open == 1
    watch.look(response_to(request("INVITE"), 487).to_bytes())
    assert watch.open == 1
    watch.look(response_to(request("CANCEL"), 200).to_bytes())
    assert watch.open == 0


def test_what_is_no_message_is_passed_over() -> None:
    watch = ExchangeWatch()
    for data in (b"\r\n\r\n", b"", b"BYE sip:a SIP/2.0\r\n\r\n"):
        watch.look(data)
    assert watch.open == 0


def test_of_a_long_run_only_the_last_ten_minutes_are_kept_until_somebody_asks() -> None:
    watch = ExchangeWatch()
    for number in range(7_000):
        bye = request("BYE", f"z9hG4bK{number}")
        watch.look(bye.to_bytes(), now=number / 10.0)
        if number < 6_990:
            watch.look(response_to(bye, 200).to_bytes(), now=number / 10.0)
    assert len(watch._unread) < 12_100
    assert watch.open == 10
    for number in range(6_990, 7_000):
        watch.look(response_to(request("BYE", f"z9hG4bK{number}"), 200).to_bytes(), now=700.0)
    assert watch.open == 0
