from __future__ import annotations

from collections.abc import Sequence

from softswitch.app.host_finder import LEAST_S, MOST_S, RETRY_S, HostFinder
from softswitch.directory.host_names import HostName, Target
from softswitch.net.locate import Naptr, Srv

NAME = HostName("sip.example.net", 5070, "udp")


class Dns:
    def __init__(self) -> None:
        self.ttl_s: int | None = None
        self.answer: list[str] | OSError = ["192.0.2.1"]
        self.lasts_s = 120
        self.asked = 0

    def begin(self) -> None:
        self.ttl_s = None

    async def naptr(self, name: str) -> Sequence[Naptr]:
        return []

    async def srv(self, name: str) -> Sequence[Srv]:
        return []

    async def addresses(self, name: str) -> Sequence[str]:
        self.asked += 1
        if isinstance(self.answer, OSError):
            raise self.answer
        self.ttl_s = self.lasts_s
        return self.answer


class Rig:
    def __init__(self) -> None:
        self.now = 1000.0
        self.dns = Dns()
        self.wanted: tuple[HostName, ...] = (NAME,)
        self.told: list[tuple[HostName, tuple[Target, ...]]] = []
        self.logged: list[str] = []
        self.finder = HostFinder(
            lambda: self.dns,
            lambda: self.wanted,
            lambda name, targets: self.told.append((name, targets)),
            lambda below: 0,
            lambda: self.now,
            lambda event, **_: self.logged.append(event),
        )

    async def after(self, seconds: float) -> int:
        """How often the DNS was asked when so much time has passed."""
        self.now += seconds
        before = self.dns.asked
        await self.finder.look()
        return self.dns.asked - before


async def test_a_host_is_looked_up_at_once_and_again_when_its_records_are_old() -> None:
    rig = Rig()
    assert await rig.after(0) == 1
    assert rig.told == [(NAME, (Target("udp", "192.0.2.1", 5070),))]
    assert await rig.after(119) == 0
    assert await rig.after(2) == 1


async def test_records_hold_for_half_a_minute_at_least_and_an_hour_at_most() -> None:
    rig = Rig()
    rig.dns.lasts_s = 0
    await rig.after(0)
    assert await rig.after(LEAST_S - 1) == 0
    rig.dns.lasts_s = 10**6
    assert await rig.after(2) == 1
    assert await rig.after(MOST_S - 1) == 0
    assert await rig.after(2) == 1


async def test_a_dns_that_fails_or_knows_nothing_is_asked_again_and_takes_nothing_away() -> None:
    rig = Rig()
    rig.dns.answer = OSError("no server")
    await rig.after(0)
    assert (rig.told, rig.logged) == ([], ["host.unknown"])
    rig.dns.answer = []
    assert await rig.after(RETRY_S) == 1
    assert (rig.told, rig.logged) == ([], ["host.unknown", "host.unknown"])
    rig.dns.answer = ["192.0.2.2"]
    assert await rig.after(RETRY_S) == 1
    assert rig.told[0][1][0].host == "192.0.2.2"


async def test_only_names_of_the_site_in_force_are_looked_up() -> None:
    rig = Rig()
    await rig.after(0)
    rig.wanted = ()
    assert await rig.after(1000) == 0
    rig.wanted = (NAME,)
    assert await rig.after(0) == 1
