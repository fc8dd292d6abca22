"""Who is shut out, for how long, and who never is."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.facts import Record, decode, encode
from softswitch.directory.bans import BanState, GuardLimits, SourceBanned, SourceFreed, SourceGuard, source_of

HOST = "203.0.113.7"
WALL_S = 1_000_000.0


class Gate:
    """Bans and a guard, put together as the brain does it."""

    def __init__(self, *allow: str) -> None:
        self.bans = BanState()
        self.guard = SourceGuard(self.bans, [ip_network(each) for each in allow])
        self.now = 0.0
        self.facts: list[SourceBanned] = []

    def fail(self, times: int = 1, host: str = HOST) -> None:
        for _ in range(times):
            self.keep(self.guard.failed(host, now=self.now, wall_s=WALL_S + self.now))

    def stray(self, times: int = 1, *, phones: int = 0, host: str = HOST) -> None:
        for _ in range(times):
            self.keep(self.guard.strayed(host, phones=phones, now=self.now, wall_s=WALL_S + self.now))

    def keep(self, made: SourceBanned | None) -> None:
        if made is not None:
            self.facts.append(made)
            self.bans.apply(decode(encode(len(self.facts), WALL_S + self.now, "", made)))

    def holds(self, host: str = HOST) -> bool:
        return self.bans.holds(host, WALL_S + self.now)


def test_ten_wrong_passwords_are_let_pass_and_the_eleventh_shuts_out_for_ten_minutes() -> None:
    gate = Gate()
    gate.fail(10)
    assert not gate.holds()
    gate.fail()
    assert gate.holds()
    assert not gate.holds("203.0.113.8")
    gate.now = 599.0
    assert gate.holds()
    gate.now = 600.0
    assert not gate.holds()
    assert gate.facts == [SourceBanned(HOST, WALL_S + 600, "guessing", 1)]


def test_a_phone_that_tries_a_wrong_password_twice_a_minute_is_never_shut_out() -> None:
    gate = Gate()
    for _ in range(2000):
        gate.fail()
        gate.now += 30
    assert gate.facts == []


def test_each_further_ban_lasts_twice_as_long_up_to_a_day() -> None:
    gate = Gate()
    lengths = []
    for _ in range(10):
        gate.fail(11)
        lengths.append(gate.facts[-1].until_s - WALL_S - gate.now)
        gate.now += lengths[-1] + 60
    assert lengths[:4] == [600, 1200, 2400, 4800]
    assert lengths[-1] == 86_400


def test_a_sweep_without_credentials_is_flooding() -> None:
    gate = Gate()
    gate.stray(200)
    assert not gate.holds()
    gate.stray()
    assert gate.facts[-1].reason == "flooding"


def test_a_company_that_comes_back_after_a_power_failure_is_let_in() -> None:
    gate = Gate()
    gate.stray(1500, phones=100)
    for _ in range(5000):
        gate.stray(phones=100)
        gate.guard.proved(HOST, now=gate.now)
    assert gate.facts == []


def test_a_right_password_in_between_does_not_help_who_guesses() -> None:
    gate = Gate()
    for _ in range(11):
        gate.fail()
        gate.guard.proved(HOST, now=gate.now)
    assert gate.holds()


def test_networks_that_are_allowed_are_never_shut_out() -> None:
    gate = Gate("203.0.113.0/24", "2001:db8::/32")
    gate.fail(1000)
    gate.fail(1000, host="2001:db8::9")
    assert gate.facts == []
    gate.fail(11, host="198.51.100.1")
    assert [fact.source for fact in gate.facts] == ["198.51.100.1"]


def test_ipv6_is_counted_by_network_because_everybody_has_many_addresses() -> None:
    gate = Gate()
    for number in range(11):
        gate.fail(host=f"2001:db8:1:2::{number:x}")
    assert gate.holds("2001:db8:1:2:ffff::1")
    assert not gate.holds("2001:db8:1:3::1")
    assert source_of("2001:db8:1:2::5") == "2001:db8:1:2::/64"


def test_a_lifted_ban_is_over_and_forgotten() -> None:
    gate = Gate()
    gate.fail(11)
    gate.bans.apply(Record(2, WALL_S, "", SourceFreed(HOST)))
    assert not gate.holds()
    gate.fail(11)
    assert gate.facts[-1].times == 1


def test_old_bans_are_forgotten_when_another_comes() -> None:
    gate = Gate()
    gate.fail(11)
    gate.now = 600 + 86_401.0
    gate.fail(11, host="198.51.100.1")
    assert gate.bans.last(HOST) is None
    assert [ban.source for ban in gate.bans.standing(WALL_S + gate.now)] == ["198.51.100.1"]


@given(st.lists(st.tuples(st.sampled_from(["fail", "stray", "prove"]), st.floats(0, 20)), max_size=60))
def test_nobody_is_shut_out_for_less_than_the_limit_of_mistakes(steps: list[tuple[str, float]]) -> None:
    gate, limits = Gate(), GuardLimits()
    failures = strays = 0
    for what, after_s in steps:
        gate.now += after_s
        if what == "fail":
            failures += 1
            gate.fail()
        elif what == "stray":
            strays += 1
            gate.stray()
        else:
            gate.guard.proved(HOST, now=gate.now)
    if failures <= limits.failures and strays <= limits.strays:
        assert gate.facts == []


@pytest.mark.parametrize("number", [1, 30_000])
def test_the_memory_of_counts_is_bounded(number: int) -> None:
    gate = Gate()
    for n in range(number):
        gate.fail(host=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(gate.guard._counts) == min(number, 20_000)
