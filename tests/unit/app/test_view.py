from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from softswitch.api.people_view import ForwardView
from softswitch.app.view import BrainView
from softswitch.core.errors import CommandError, ConfigurationError
from softswitch.directory.compiled_site import compile_site
from softswitch.directory.site import Site, make_site
from softswitch.directory.store import read_site
from softswitch.journal.ring import RingState, RingWriter
from softswitch.media.worker_health import WorkerHealth
from softswitch.queues.agents.facts import StatusChosen
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.virtual_loop import VirtualLoop
from softswitch.simulation.world import DOMAIN, Setting, World, make_user


def quiet_ring() -> RingState:
    memory = os.memfd_create("ring")
    os.ftruncate(memory, 1 << 16)
    state = RingWriter(memory).state
    os.close(memory)
    return replace(state, capacity_octets=1000)


WELL = quiet_ring()


class Viewed:
    """A world with its view, and a ring whose state the test chooses."""

    def __init__(self, loop: VirtualLoop, directory: Path) -> None:
        self.loop = loop
        self.world = World(loop, 7, Setting())
        self.ring = WELL
        self.late_s = 0.0
        self.workers = [WorkerHealth(0, 2, 0.4, 1, ticks=(7, 2, *[0] * 9, 1))]
        self.view = BrainView(
            self.world.switch.brain,
            self.world.clock,
            directory=directory,
            pids=lambda: {"supervisor": 1, "worker-0": 2, "brain": 3},
            ring=lambda: self.ring,
            journal_late_s=lambda: self.late_s,
            in_turn=self.world.switch.in_turn,
            restarts=lambda: {"brain": 1},
            drops=lambda: {"udp:192.0.2.1:5060": 3},
            workers=lambda: self.workers,
        )


@pytest.fixture
def viewed(tmp_path: Path) -> Iterator[Viewed]:
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    yield Viewed(loop, tmp_path)
    asyncio.set_event_loop(None)
    loop.close()


async def talk(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)


def test_a_call_is_shown_with_its_legs_and_counted(viewed: Viewed) -> None:
    viewed.loop.run_until_complete(talk(viewed.world))
    (call,) = viewed.view.calls()
    assert call.state == "talking"
    assert [(leg.user, leg.number, leg.state, leg.codec) for leg in call.legs] == [
        ("anna", "101", "talking", "PCMU"),
        ("boris", "102", "talking", "PCMU"),
    ]
    assert [leg.leg for leg in call.legs] == [f"{call.conversation_id}.1", f"{call.conversation_id}.2"]
    status = viewed.view.status()
    assert (status.calls, status.legs, status.dialogs, status.ports) == (1, 2, 2, 2)
    assert [(each.role, each.pid) for each in status.processes] == [("supervisor", 1), ("worker", 2), ("brain", 3)]


def test_a_held_leg_is_shown_as_held(viewed: Viewed) -> None:
    async def hold() -> None:
        await talk(viewed.world)
        await viewed.world.phones["anna"].call.hold()

    viewed.loop.run_until_complete(hold())
    (call,) = viewed.view.calls()
    assert [leg.state for leg in call.legs] == ["held", "talking"]


def test_registrations_are_shown_with_source_and_remaining_time(viewed: Viewed) -> None:
    viewed.loop.run_until_complete(viewed.world.registered("anna"))
    (shown,) = viewed.view.registrations()
    assert shown.extension == "101"
    assert shown.source.startswith("udp:192.0.2.")
    assert 0 < shown.expires_s <= 3600


@pytest.mark.parametrize(
    ("ring", "alarms"),
    [
        (WELL, 0),
        (replace(WELL, disk_errno=28), 1),
        (replace(WELL, records_lost=3), 1),
        (replace(WELL, records_lost=3, disk_errno=28), 2),
        (replace(WELL, waiting_octets=900), 1),
    ],
)
def test_a_journal_in_trouble_raises_alarms(viewed: Viewed, ring: RingState, alarms: int) -> None:
    viewed.ring = ring
    assert len(viewed.view.status().alarms) == alarms


def test_facts_that_are_late_raise_an_alarm_and_one_alone_where_the_disk_says_why(viewed: Viewed) -> None:
    viewed.late_s = 12.3
    (alarm,) = viewed.view.status().alarms
    assert alarm == "facts wait for the disk since 12 s: the journal's writer stands still or is too slow"
    assert viewed.view.metrics().journal_late_s == 12.3
    viewed.ring = replace(WELL, disk_errno=28)
    (alarm,) = viewed.view.status().alarms
    assert "No space left" in alarm


def another_site(domain: str = DOMAIN) -> Site:
    return make_site(domain, [make_user("anna", "101"), make_user("dasha", "105")])


def test_a_site_is_swapped_in_and_kept(viewed: Viewed, tmp_path: Path) -> None:
    compiled = compile_site(another_site(), ["/etc/site.yaml"])
    planned = asyncio.run(viewed.view.load_site(compiled, dry_run=True))
    assert "+ user dasha (105)" in planned
    assert viewed.world.switch.brain.desk.site.user_by_extension("105") is None
    assert asyncio.run(viewed.view.load_site(compiled, dry_run=False)) == planned
    assert viewed.world.switch.brain.desk.site.user_by_extension("105") is not None
    kept = read_site(tmp_path, domain=DOMAIN)
    assert kept is not None
    assert kept.paths == ("/etc/site.yaml",)
    assert asyncio.run(viewed.view.load_site(compiled, dry_run=True)) == []


@pytest.mark.parametrize("compiled", [compile_site(another_site("elsewhere.example")), b"", b"\xc1nonsense"])
def test_a_site_that_does_not_fit_changes_nothing(viewed: Viewed, tmp_path: Path, compiled: bytes) -> None:
    before = viewed.world.switch.brain.desk.site
    with pytest.raises(ConfigurationError):
        asyncio.run(viewed.view.load_site(compiled, dry_run=False))
    assert viewed.world.switch.brain.desk.site is before
    assert read_site(tmp_path, domain=DOMAIN) is None


def test_a_switch_that_stops_takes_no_calls(viewed: Viewed) -> None:
    assert viewed.view.ready()
    viewed.world.switch.brain.desk.draining = True
    assert not viewed.view.ready()


def test_an_agent_is_shown_and_an_unreachable_one_says_why(viewed: Viewed) -> None:
    async def come_and_go() -> None:
        await talk(viewed.world)
        vera = await viewed.world.registered("vera")
        await vera.unregister()
        await asyncio.sleep(90)

    viewed.loop.run_until_complete(come_and_go())
    anna, vera, gleb = (viewed.view.agent(name) for name in ("anna", "vera", "gleb"))
    assert (anna.status, anna.label_ru, anna.reachable, anna.busy) == ("online", "В сети", True, True)
    assert (vera.status, vera.reachable, vera.in_status_s) == ("offline", False, 90)
    assert vera.why_unreachable == "its last phone signed off"
    assert (gleb.status, gleb.since, gleb.why_unreachable) == ("offline", "", "no phone has registered")
    assert [agent.user for agent in viewed.view.agents()] == ["anna", "boris", "vera", "gleb"]


def test_a_status_is_set_by_the_view_and_kept_as_a_fact(viewed: Viewed) -> None:
    viewed.loop.run_until_complete(talk(viewed.world))
    assert viewed.view.choose_status("anna", "ready").status == "ready"
    assert viewed.world.facts(StatusChosen) == [StatusChosen("anna", "ready", "api")]
    with pytest.raises(CommandError):
        viewed.view.choose_status("anna", "wrap_up")
    with pytest.raises(CommandError):
        viewed.view.agent("nobody")


def test_forwards_and_do_not_disturb_are_set_and_lifted_by_the_view(viewed: Viewed) -> None:
    assert viewed.view.forward("anna", "no_answer", "102", 15).forwards == {"no_answer": ForwardView("102", 15)}
    assert viewed.view.refuse_calls("anna", wanted=True).do_not_disturb
    assert viewed.view.forward("anna", "no_answer", "", 20).forwards == {}
    assert not viewed.view.refuse_calls("anna", wanted=False).do_not_disturb


def test_a_load_that_takes_a_status_away_sets_the_login_status(viewed: Viewed) -> None:
    viewed.loop.run_until_complete(talk(viewed.world))
    viewed.view.choose_status("anna", "unavailable")
    before = viewed.world.switch.brain.desk.site
    mango = {name: replace(user, preset="mango") for name, user in before.users.items()}
    asyncio.run(viewed.view.load_site(compile_site(make_site(DOMAIN, mango.values())), dry_run=False))
    assert viewed.view.agent("anna").status == "on_line"
    assert {row.preset for row in viewed.view.statuses()} == {"mango", "voximplant"}


def test_what_is_measured_comes_from_everywhere(viewed: Viewed) -> None:
    viewed.ring = replace(WELL, waiting_octets=300, last_sequence=9, synced_sequence=4, records_lost=2)
    viewed.loop.run_until_complete(talk(viewed.world))
    found = viewed.view.metrics()
    assert found.status.calls == 1
    assert (found.journal_lag_octets, found.journal_lag_facts, found.journal_lost_facts) == (300, 5, 2)
    assert (found.restarts, found.socket_drops) == ({"brain": 1}, {"udp:192.0.2.1:5060": 3})
    assert (found.workers[0].late_ms, found.invariant_breaches) == (0.4, 0)
    assert found.workers[0].ticks[:2] == ((0.00025, 7), (0.0005, 9))
    assert found.workers[0].ticks[-2:] == ((0.05, 9), (math.inf, 10))


def test_without_a_worker_calls_cannot_be_taken(viewed: Viewed) -> None:
    assert viewed.view.ready()
    viewed.workers = []
    assert not viewed.view.ready()
