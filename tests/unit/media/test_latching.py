from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.worker.latching import LATE_S, PACKETS_IN_A_ROW, SILENCE_S, Endpoint, Latch, Verdict, host_address

PHONE = ("10.1.1.5", 4000)
NAT = ("198.51.100.7", 31000)
STRANGER = ("203.0.113.9", 5000)


def behind_nat() -> Latch:
    latch = Latch()
    latch.aim(*PHONE, NAT[0], now=0.0)
    return latch


def public() -> Latch:
    latch = Latch()
    latch.aim("198.51.100.7", 31000, "198.51.100.7", now=0.0)
    return latch


class Sender:
    """Sends packets with consecutive sequence numbers from one place."""

    def __init__(self, latch: Latch, source: Endpoint, *, ssrc: int = 1, sequence: int = 0) -> None:
        self._latch = latch
        self._source = source
        self._ssrc = ssrc
        self.sequence = sequence

    def send(self, *, now: float, heard_at: float = -1e9) -> Verdict:
        self.sequence = (self.sequence + 1) & 0xFFFF
        return self._latch.judge(self._source, self._ssrc, self.sequence, now=now, heard_at=lambda: heard_at)


def test_before_the_stream_is_known_nobody_is_heard() -> None:
    assert Latch().judge(PHONE, 1, 1, now=5.0, heard_at=lambda: 0.0) is Verdict.REFUSED


def test_the_address_of_the_description_is_taken_at_once() -> None:
    latch = behind_nat()
    assert Sender(latch, PHONE).send(now=0.0) is Verdict.LATCHED
    assert latch.source == PHONE
    assert Sender(latch, PHONE).send(now=0.0) is Verdict.TAKEN


def test_another_port_of_the_described_address_is_taken() -> None:
    assert Sender(behind_nat(), (PHONE[0], 9)).send(now=0.0) is Verdict.LATCHED


def test_the_sip_source_is_taken_at_once() -> None:
    assert Sender(behind_nat(), NAT).send(now=0.0) is Verdict.LATCHED


def test_the_described_address_takes_over_from_the_sip_source() -> None:
    latch = behind_nat()
    Sender(latch, NAT).send(now=0.0)
    assert Sender(latch, PHONE).send(now=0.02, heard_at=0.0) is Verdict.LATCHED


def test_the_sip_source_does_not_take_over_while_the_described_address_is_heard() -> None:
    latch = behind_nat()
    Sender(latch, PHONE).send(now=0.0)
    assert Sender(latch, NAT).send(now=5.0, heard_at=4.5) is Verdict.REFUSED


def test_a_nat_that_changed_its_port_is_followed_after_a_second_of_silence() -> None:
    latch = behind_nat()
    Sender(latch, NAT).send(now=0.0)
    moved = Sender(latch, (NAT[0], 31001))
    assert moved.send(now=5.0, heard_at=5.0 - SILENCE_S / 2) is Verdict.REFUSED
    assert moved.send(now=5.0, heard_at=5.0 - SILENCE_S) is Verdict.LATCHED


def test_where_the_described_address_is_public_a_stranger_is_never_heard() -> None:
    stranger = Sender(public(), STRANGER)
    assert {stranger.send(now=n / 50) for n in range(500)} == {Verdict.REFUSED}


def test_where_the_described_address_is_the_sip_source_a_stranger_is_never_heard() -> None:
    latch = Latch()
    latch.aim(*PHONE, PHONE[0], now=0.0)
    stranger = Sender(latch, STRANGER)
    assert {stranger.send(now=n / 50) for n in range(500)} == {Verdict.REFUSED}


def test_a_third_address_is_heard_after_four_packets_and_a_second_of_silence() -> None:
    latch = behind_nat()
    other = Sender(latch, STRANGER)
    early = [other.send(now=SILENCE_S - 0.001) for _ in range(10)]
    late = [other.send(now=SILENCE_S) for _ in range(PACKETS_IN_A_ROW)]
    assert early == [Verdict.REFUSED] * 10
    assert late == [Verdict.REFUSED] * (PACKETS_IN_A_ROW - 1) + [Verdict.LATCHED]


def test_a_gap_in_the_sequence_starts_the_count_anew() -> None:
    latch = behind_nat()
    other = Sender(latch, STRANGER)
    for _ in range(PACKETS_IN_A_ROW - 1):
        other.send(now=2.0)
    other.sequence += 1
    assert [other.send(now=2.0) for _ in range(PACKETS_IN_A_ROW)][-1] is Verdict.LATCHED
    assert latch.source == STRANGER


def test_a_sequence_that_wraps_goes_on() -> None:
    other = Sender(behind_nat(), STRANGER, sequence=0xFFFD)
    assert [other.send(now=2.0) for _ in range(PACKETS_IN_A_ROW)][-1] is Verdict.LATCHED


def test_packets_of_two_ssrcs_are_not_in_a_row() -> None:
    latch = behind_nat()
    for sequence in range(1, 20):
        assert latch.judge(STRANGER, sequence % 2, sequence, now=2.0, heard_at=lambda: -1e9) is Verdict.REFUSED


def test_others_between_do_not_break_a_row() -> None:
    latch = behind_nat()
    senders = [Sender(latch, ("203.0.113.9", 5000 + n)) for n in range(8)]
    verdicts = [sender.send(now=2.0) for _ in range(PACKETS_IN_A_ROW) for sender in senders]
    assert verdicts.count(Verdict.LATCHED) == 1


def test_a_third_address_once_heard_is_locked_against_others() -> None:
    latch = behind_nat()
    first = Sender(latch, STRANGER)
    for _ in range(PACKETS_IN_A_ROW):
        first.send(now=2.0)
    second = Sender(latch, ("203.0.113.10", 5000))
    assert {second.send(now=60 + n, heard_at=2.0) for n in range(100)} == {Verdict.REFUSED}


@pytest.mark.parametrize("phone", [PHONE, NAT])
def test_the_phone_takes_a_lost_race_back_at_once(phone: Endpoint) -> None:
    latch = behind_nat()
    first = Sender(latch, STRANGER)
    for _ in range(PACKETS_IN_A_ROW):
        first.send(now=2.0)
    assert Sender(latch, phone).send(now=2.02, heard_at=2.02) is Verdict.LATCHED
    assert first.send(now=2.04, heard_at=2.02) is Verdict.REFUSED


def test_a_phone_that_was_heard_and_is_silent_does_not_let_others_in() -> None:
    latch = behind_nat()
    Sender(latch, NAT).send(now=0.0)
    stranger = Sender(latch, STRANGER)
    assert {stranger.send(now=10 + n, heard_at=0.0) for n in range(100)} == {Verdict.REFUSED}


def test_a_moved_address_is_learnt_anew() -> None:
    latch = behind_nat()
    Sender(latch, PHONE).send(now=0.0)
    assert latch.aim("10.1.1.6", 4000, NAT[0], now=1.0)
    assert latch.source is None
    assert latch.destination == ("10.1.1.6", 4000)
    assert Sender(latch, PHONE).send(now=1.1) is Verdict.REFUSED


def test_late_packets_from_where_a_phone_was_are_heard_but_nothing_is_sent_there() -> None:
    latch = behind_nat()
    before = Sender(latch, PHONE)
    before.send(now=0.0)
    latch.aim(PHONE[0], 4010, NAT[0], now=1.0)
    assert {before.send(now=1.0 + n / 100) for n in range(10)} == {Verdict.TAKEN}
    assert latch.destination == (PHONE[0], 4010)
    assert Sender(latch, (PHONE[0], 4010)).send(now=1.2) is Verdict.LATCHED
    assert before.send(now=1.21, heard_at=1.2) is Verdict.REFUSED


def test_a_phone_that_said_it_would_move_and_stays_is_followed_after_a_moment() -> None:
    latch = behind_nat()
    before = Sender(latch, NAT)
    before.send(now=0.0)
    latch.aim(PHONE[0], 4010, NAT[0], now=1.0)
    assert before.send(now=1.0 + LATE_S - 0.01) is Verdict.TAKEN
    assert before.send(now=1.0 + LATE_S) is Verdict.LATCHED


def test_a_phone_that_moves_to_where_it_was_sending_from_is_followed_at_once() -> None:
    latch = behind_nat()
    there = Sender(latch, (PHONE[0], 4010))
    there.send(now=0.0)
    latch.aim(PHONE[0], 4010, NAT[0], now=1.0)
    assert there.send(now=1.0) is Verdict.LATCHED


def test_the_same_address_said_again_changes_nothing() -> None:
    latch = behind_nat()
    Sender(latch, NAT).send(now=0.0)
    assert not latch.aim(*PHONE, NAT[0], now=1.0)
    assert latch.source == NAT


@pytest.mark.parametrize("hold", ["0.0.0.0", "::"])
def test_hold_by_zeros_keeps_the_phone(hold: str) -> None:
    latch = behind_nat()
    Sender(latch, NAT).send(now=0.0)
    assert not latch.aim(hold, 4000, NAT[0], now=1.0)
    assert latch.source == NAT


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "phone.example", ""])
def test_what_is_no_address_of_one_host_is_no_destination(address: str) -> None:
    latch = Latch()
    latch.aim(address, 4000, NAT[0], now=0.0)
    assert host_address(address) == ""
    assert latch.destination is None
    assert Sender(latch, NAT).send(now=0.0) is Verdict.LATCHED


def test_port_zero_is_no_destination() -> None:
    latch = Latch()
    latch.aim(PHONE[0], 0, NAT[0], now=0.0)
    assert latch.destination is None


def test_packets_leave_for_the_described_address_until_another_is_known() -> None:
    latch = behind_nat()
    assert latch.destination == PHONE
    Sender(latch, NAT).send(now=0.0)
    assert latch.destination == NAT


def test_an_ipv6_address_is_known_in_every_spelling() -> None:
    latch = Latch()
    latch.aim("2001:DB8:0:0::1", 4000, "2001:db8::1", now=0.0)
    assert Sender(latch, ("2001:db8::1", 4000)).send(now=0.0) is Verdict.LATCHED


def test_carrier_grade_nat_counts_as_private() -> None:
    latch = Latch()
    latch.aim("100.64.3.4", 4000, NAT[0], now=0.0)
    other = Sender(latch, STRANGER)
    assert [other.send(now=2.0) for _ in range(PACKETS_IN_A_ROW)][-1] is Verdict.LATCHED


def test_reports_are_taken_from_the_first_two_and_the_latched_address() -> None:
    latch = behind_nat()
    assert latch.allows(PHONE[0])
    assert latch.allows(NAT[0])
    assert not latch.allows(STRANGER[0])
    other = Sender(latch, STRANGER)
    for _ in range(PACKETS_IN_A_ROW):
        other.send(now=2.0)
    assert latch.allows(STRANGER[0])


SOURCES = [PHONE, (PHONE[0], 9), NAT, (NAT[0], 9), STRANGER, (STRANGER[0], 9), ("203.0.113.10", 5000)]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(SOURCES), st.floats(0, 0.5)), max_size=60))
def test_whatever_comes_the_first_two_ranks_are_never_lost_to_a_stranger(
    packets: list[tuple[Endpoint, float]],
) -> None:
    latch = behind_nat()
    senders = {source: Sender(latch, source) for source in SOURCES}
    now, heard_at, trusted = 0.0, -1e9, False
    for source, passed_s in packets:
        now += passed_s
        verdict = senders[source].send(now=now, heard_at=heard_at)
        vouched_for = source[0] in (PHONE[0], NAT[0])
        trusted = trusted or (vouched_for and verdict is not Verdict.REFUSED)
        if verdict is not Verdict.REFUSED:
            heard_at = now
            assert vouched_for or not trusted
