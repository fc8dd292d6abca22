"""The switch registers at a carrier as a client; the registrar stands at the carrier's address."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from hashlib import md5

from softswitch.api.view import TrunkView
from softswitch.app.trunk_view import trunk_views
from softswitch.directory.site import Number, Trunk
from softswitch.directory.trunk_registrations import TrunkRegistered, TrunkRegisterFailed
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Account
from softswitch.simulation.phone_exchange import ServerExchange
from softswitch.simulation.world import DOMAIN, Setting, World
from softswitch.sip.message import Header, Request, Response

NUMBER = "+74950000001"
CHALLENGE = 'Digest realm="carrier", nonce="n1", qop="auth", algorithm=MD5'
TRUNK = Trunk("pstn", "198.51.100.5", 5060, "udp", any_port=False, username="acme", register=True)
USUAL = Setting(trunks=(TRUNK,), numbers=(Number(NUMBER, "user", "boris"),))
TWO_HOSTS = replace(USUAL, trunks=(replace(TRUNK, backups=("198.51.100.6",)),))
Answer = tuple[int, tuple[Header, ...]]


class Registrar(SimulatedPhone):
    """A carrier that challenges each REGISTER, and answers one with good credentials as it is told."""

    def __init__(self, world: World, host: str, *answers: Answer, knows: str = "acme-secret") -> None:
        super().__init__(
            world.network,
            world.streams,
            (host, 5060),
            Account("carrier", "", DOMAIN),
            world.switch.address,
            name=host,
        )
        self._password = knows
        self._answers = list(answers)
        self.requests: list[Request] = []
        self.proved_at: list[float] = []
        world.phones[host] = self
        world.switch.in_turn(lambda: None)  # the switch looks at its deadlines

    def _requested(self, exchange: ServerExchange) -> None:
        if exchange.request.method != "REGISTER":
            super()._requested(exchange)
            return
        self.requests.append(exchange.request)
        if self._proves(exchange.request):
            self.proved_at.append(self.network.loop.time())
            status, headers = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            bound = (("Contact", f"{exchange.request.get('Contact')}"),) if status == 200 else ()
            exchange.respond(status, to_tag=self.tag(), headers=(*bound, *headers))
        else:
            exchange.respond(401, to_tag=self.tag(), headers=(("WWW-Authenticate", CHALLENGE),))
        self.changed()

    def _proves(self, request: Request) -> bool:
        found = dict(re.findall(r'(\w+)="?([^",]+)"?', request.get("Authorization") or ""))
        if not found:
            return False
        secret = _hash(f"acme:carrier:{self._password}")
        asked = _hash(f"REGISTER:{request.uri}")
        expected = _hash(f"{secret}:n1:{found['nc']}:{found['cnonce']}:auth:{asked}")
        return str(found["response"]) == expected

    def _note_sent(self, response: Response) -> None:
        if response.cseq.method != "REGISTER":  # a new brain may register once more than the old one would have
            super()._note_sent(response)

    async def until_proved(self, times: int, limit_s: float = 400.0) -> None:
        await self.until(lambda: len(self.proved_at) >= times, f"{times} REGISTERs", limit_s=limit_s)
        await asyncio.sleep(2)


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def granted(seconds: int) -> Answer:
    return 200, (("Expires", str(seconds)),)


def shown(world: World) -> TrunkView:
    brain = world.switch.brain
    [found] = trunk_views(brain.desk.site, brain.trunk_registrations, brain.calls, wall_s=world.clock.wall())
    return found


def near(found: float, expected: float) -> bool:
    return abs(found - expected) <= 5


@behaviour(USUAL)
async def test_the_switch_registers_with_its_password_and_again_after_four_fifths_of_the_time(world: World) -> None:
    carrier = Registrar(world, TRUNK.host, granted(100))
    await carrier.until_proved(1)
    begun = carrier.proved_at[0]
    await asyncio.sleep(begun + 170 - world.loop.time())
    assert near(carrier.proved_at[-1], begun + 160)
    assert any(near(moment, begun + 80) for moment in carrier.proved_at)
    assert len({request.call_id for request in carrier.requests}) == 1
    numbers = [request.cseq.number for request in carrier.requests]
    assert numbers == sorted(set(numbers))
    assert {request.get("Contact") for request in carrier.requests} == {"<sip:acme@192.0.2.1:5060>"}
    assert {request.to.uri.user for request in carrier.requests} == {"acme"}
    assert shown(world).registered_until
    assert not shown(world).last_failure


@behaviour(USUAL)
async def test_a_registrar_that_wants_a_longer_time_gets_it(world: World) -> None:
    carrier = Registrar(world, TRUNK.host, (423, (("Min-Expires", "7200"),)), granted(7200))
    await carrier.until_proved(2)
    assert carrier.requests[-1].get("Expires") == "7200"
    assert shown(world).registered_until
    assert not world.facts(TrunkRegisterFailed)


@behaviour(USUAL)
async def test_a_failure_is_shown_and_tried_again_when_the_carrier_wants_it(world: World) -> None:
    carrier = Registrar(world, TRUNK.host, (503, (("Retry-After", "120"),)), granted(3600))
    await carrier.until_proved(1)
    if len(carrier.proved_at) == 1:  # else a new brain, which did not know the answer, asked at once
        assert shown(world).last_failure == "503 Service Unavailable"
        assert not shown(world).registered_until
        await asyncio.sleep(110)
        assert len(carrier.proved_at) == 1
    await carrier.until_proved(2)
    assert shown(world).registered_until
    assert not shown(world).last_failure


@behaviour(USUAL)
async def test_a_password_that_is_refused_is_tried_ever_more_seldom(world: World) -> None:
    carrier = Registrar(world, TRUNK.host, granted(3600), knows="another")
    await asyncio.sleep(200)
    failed = [fact for fact in world.facts(TrunkRegisterFailed) if isinstance(fact, TrunkRegisterFailed)]
    assert [fact.status for fact in failed] == [401, 401, 401]  # at 0, 30 and 90 s
    assert near(failed[1].again_at_s - failed[0].again_at_s, 30 + 30)
    assert not world.facts(TrunkRegistered)
    assert not carrier.proved_at
    assert shown(world).last_failure == "401 Unauthorized"


@behaviour(TWO_HOSTS)
async def test_where_a_host_does_not_answer_the_next_one_is_registered_at(world: World) -> None:
    second = Registrar(world, "198.51.100.6", granted(3600))
    await second.until_proved(1)
    assert shown(world).registered_until
    failed = [fact for fact in world.facts(TrunkRegisterFailed) if isinstance(fact, TrunkRegisterFailed)]
    assert {fact.status for fact in failed} == {408}


@behaviour(USUAL)
async def test_a_call_to_the_registered_contact_reaches_the_number_that_the_carrier_names(world: World) -> None:
    carrier, boris = Registrar(world, TRUNK.host, granted(3600)), await world.registered("boris")
    await carrier.until_proved(1)
    called = await carrier.dial("acme", headers=(("P-Called-Party-ID", f"<sip:{NUMBER}@carrier.example>"),))
    (await boris.until_called()).answer()
    await called.until(CallState.UP)
    assert shown(world).calls == 1
    await asyncio.sleep(1)
    assert world.hears(boris) == {carrier.name}
    assert await called.hang_up() == 200
    await boris.call.until(CallState.ENDED)
    assert shown(world).calls == 0


@behaviour(USUAL)
async def test_a_trunk_that_the_site_registers_no_more_is_forgotten(world: World) -> None:
    carrier = Registrar(world, TRUNK.host, granted(100))
    await carrier.until_proved(1)
    loaded = replace(world.site, trunks={"pstn": replace(TRUNK, register=False)})
    world.switch.load(loaded)
    known = len(carrier.requests)
    await asyncio.sleep(150)
    assert len(carrier.requests) == known
    assert shown(world).registered_until == ""
