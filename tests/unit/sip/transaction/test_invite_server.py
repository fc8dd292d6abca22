from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError
from softswitch.sip.flow import Flow
from softswitch.sip.transaction.invite_server import TABLE, Input, InviteServer, State
from tests.unit.sip.transaction.rig import TCP, UDP, Rig, User, invite, walk

KEY = ("z9hG4bKx 127.0.0.1 5060", "INVITE")


def start(rig: Rig, flow: Flow = UDP) -> tuple[InviteServer, User]:
    user = User(rig)
    return rig.layer.serve_invite(KEY, flow, user, ("c1", "a", 1)), user


def again(rig: Rig, method: str = "INVITE") -> None:
    assert rig.layer.absorb(invite(method), KEY, UDP, rig.now)


def feed(machine: InviteServer, given: Input, now: float) -> None:
    if given is Input.INVITE:
        machine.receive_again()
    elif given is Input.ACK:
        machine.receive_ack(invite("ACK"), UDP, now)
    elif given is Input.SEND_1XX:
        machine.respond(180, b"180", now)
    elif given is Input.SEND_2XX:
        machine.respond(200, b"200", now)
    elif given is Input.SEND_300_699:
        machine.respond(486, b"486", now)
    else:
        machine.expire(given, now)


REACH = {
    State.PROCEEDING: (),
    State.COMPLETED: (Input.SEND_300_699,),
    State.CONFIRMED: (Input.SEND_300_699, Input.ACK),
    State.ACCEPTED: (Input.SEND_2XX,),
    State.TERMINATED: (Input.SEND_300_699, Input.TIMER_H),
}


def test_every_input_in_every_state_leads_where_the_rfc_says_or_is_an_error() -> None:
    def try_pair(state: State, given: Input) -> State:
        machine, _ = start(Rig())
        for step in REACH[state]:
            feed(machine, step, 0.0)
        assert machine.state is state
        feed(machine, given, 0.0)
        return machine.state

    walk(TABLE, State, Input, try_pair)


def test_a_retransmitted_invite_gets_the_last_provisional_response() -> None:
    rig = Rig()
    machine, _ = start(rig)
    again(rig)
    assert rig.sent == []
    machine.respond(100, b"100", 0.0)
    again(rig)
    machine.respond(180, b"180", 0.0)
    again(rig)
    assert [data for _, data in rig.sent] == [b"100", b"100", b"180", b"180"]


def test_a_refusal_is_repeated_by_timer_g_up_to_t2_and_given_up_by_timer_h_at_32_s() -> None:
    rig = Rig()
    machine, _ = start(rig)
    machine.respond(486, b"486", 0.0)
    assert rig.layer.live == 1
    rig.run()
    assert rig.times == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert rig.now == 32.0
    assert rig.is_empty
    assert (rig.layer.live, rig.queue.live) == (0, 0)


def test_over_a_stream_a_refusal_is_sent_once_and_timer_i_is_zero() -> None:
    rig = Rig()
    machine, _ = start(rig, TCP)
    machine.respond(486, b"486", 0.0)
    rig.run(20.0)
    assert rig.times == [0.0]
    again(rig, "ACK")
    assert rig.is_empty
    assert (rig.layer.live, rig.queue.live) == (0, 0)


def test_an_ack_stops_the_repetition_and_timer_i_ends_it_5_s_later() -> None:
    rig = Rig()
    machine, user = start(rig)
    machine.respond(486, b"486", 0.0)
    rig.run(0.7)
    again(rig, "ACK")
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    again(rig, "ACK")
    again(rig)
    assert rig.times == [0.0, 0.5]
    assert user.told == []
    rig.run()
    assert rig.now == pytest.approx(5.7)
    assert rig.is_empty


def test_after_a_2xx_invites_are_absorbed_acks_passed_on_and_timer_l_ends_it_at_32_s() -> None:
    rig = Rig()
    machine, user = start(rig)
    machine.respond(200, b"200", 0.0)
    again(rig)
    rig.run(1.0)
    again(rig, "ACK")
    assert user.told == [(1.0, "ACK")]
    assert rig.times == [0.0]
    machine.respond(200, b"200", 1.0)
    assert rig.times == [0.0, 1.0]
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    machine.user = None
    again(rig, "ACK")
    rig.run()
    assert rig.now == 32.0
    assert rig.is_empty


def test_timer_l_runs_over_a_stream_too() -> None:
    rig = Rig()
    machine, _ = start(rig, TCP)
    machine.respond(200, b"200", 0.0)
    rig.run()
    assert rig.now == 32.0


def test_a_stray_ack_before_any_answer_changes_nothing() -> None:
    rig = Rig()
    machine, user = start(rig)
    again(rig, "ACK")
    assert machine.state is State.PROCEEDING
    assert user.told == []


def test_what_a_former_process_answered_is_repeated() -> None:
    rig = Rig()
    machine, _ = start(rig)
    machine.remember(b"180")
    assert rig.sent == []
    again(rig)
    assert [data for _, data in rig.sent] == [b"180"]


def test_two_final_responses_are_a_defect() -> None:
    machine, _ = start(Rig())
    machine.respond(486, b"486", 0.0)
    with pytest.raises(LocalProtocolError):
        machine.respond(200, b"200", 0.0)


def test_the_twin_of_an_invite_is_known_as_merged_as_long_as_the_transaction_is_there() -> None:
    rig = Rig()
    machine, _ = start(rig)
    assert rig.layer.is_merged(("c1", "a", 1))
    assert not rig.layer.is_merged(("c1", "a", 2))
    machine.respond(486, b"486", 0.0)
    rig.run()
    assert not rig.layer.is_merged(("c1", "a", 1))
