from __future__ import annotations

from softswitch.sip.transaction.invite_server import InviteServer
from tests.unit.sip.transaction.rig import UDP, Rig, User, invite, response


def test_nothing_is_absorbed_that_no_transaction_knows() -> None:
    rig = Rig()
    assert not rig.layer.absorb(invite(), ("b", "INVITE"), UDP, 0.0)
    assert not rig.layer.receive(response(200), 0.0)


def test_a_cancel_finds_the_invite_of_its_branch_only() -> None:
    rig = Rig()
    made = rig.layer.serve_invite(("b", "INVITE"), UDP, None)
    rig.layer.serve(("o", "OPTIONS"), UDP, 0.0)
    assert rig.layer.invite_of("b") is made
    assert isinstance(made, InviteServer)
    assert rig.layer.invite_of("o") is None


def test_an_ack_that_meets_another_transaction_is_absorbed_silently() -> None:
    rig = Rig()
    rig.layer.answer(("b", "INVITE"), UDP, b"200", 0.0)
    assert rig.layer.absorb(invite("ACK"), ("b", "INVITE"), UDP, 0.0)
    assert len(rig.sent) == 1


def test_invite_and_cancel_of_one_branch_are_two_client_transactions() -> None:
    rig = Rig()
    caller, canceller = User(rig), User(rig)
    request = invite()
    rig.layer.invite(("z9hG4bKx", "INVITE"), request, b"INVITE", UDP, caller, 0.0).start(0.0)
    rig.layer.request(("z9hG4bKx", "CANCEL"), b"CANCEL", UDP, canceller, 0.0)
    rig.layer.receive(response(200, method="CANCEL"), 0.0)
    rig.layer.receive(response(487), 0.0)
    assert [what for _, what in caller.told] == ["487"]
    assert [what for _, what in canceller.told] == ["200"]


def test_50_000_lingering_transactions_count_as_nothing_alive() -> None:
    rig = Rig()
    for number in range(50_000):
        rig.layer.answer((f"b{number}", "REGISTER"), UDP, b"200", number / 1600)
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    rig.run()
    assert rig.is_empty
