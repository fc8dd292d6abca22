"""How long a load keeps the brain from everything else: the longest stretch of processor time between two turns.

Usage: python -m bench.load_slices [--users N] [--registered N] [--agents N] [--runs N]

A brain with a large site and many registered phones takes another one, in a process of its own without any traffic.
Counted is the processor time of the brain's thread alone, so that other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
from pathlib import Path

from bench.measuring import report
from bench.site_load import Size, write_site
from softswitch.app.view import BrainView
from softswitch.core.facts import Record
from softswitch.directory.compiled_site import compile_site
from softswitch.directory.loader import load_paths
from softswitch.directory.location import RegistrationBound
from softswitch.directory.site import Site
from softswitch.queues.agents.inputs import EnterQueues
from softswitch.scenario.site_check import check_scenarios
from softswitch.simulation.virtual_loop import VirtualLoop
from softswitch.simulation.world import DOMAIN, Setting, World


def loaded(size: Size, *, changed: bool) -> Site:
    """Return a site of that size."""
    with tempfile.TemporaryDirectory() as name:
        write_site(Path(name), size, changed=changed)
        return load_paths([Path(name)], domain=DOMAIN, scenarios=check_scenarios).site


def world_with(site: Site, registered: int, agents: int) -> World:
    """Return a world whose switch has that site, so many phones registered, and so many agents in their queues."""
    world = World(VirtualLoop(), 1, Setting(), site=site)
    brain = world.switch.brain
    for number, user in enumerate(list(site.users)[:registered]):
        flow = ("udp", "192.0.2.1", 5060, f"198.51.{number // 250}.{number % 250}", 5060, 0)
        bound = RegistrationBound(user, f"sip:{user}@{flow[3]}", flow, world.clock.wall() + 3600, f"c{number}", 1)
        brain.locations.apply(Record(number + 1, world.clock.wall(), "", bound))
    world.switch.in_turn(lambda: brain.people.look_again(wall_s=world.clock.wall()))
    for user in [user for user in list(site.users)[:registered] if site.queues_of(user)][:agents]:
        world.command(EnterQueues(user, "", "api"))
    return world


def view_of(world: World, directory: Path) -> BrainView:
    """Return what the API sees of the switch."""
    nothing = dict
    return BrainView(
        world.switch.brain,
        world.clock,
        directory=directory,
        pids=nothing,
        ring=nothing,  # type: ignore[arg-type]  # as above
        journal_late_s=lambda: 0.0,
        in_turn=world.switch.in_turn,
        restarts=nothing,
        drops=nothing,
        workers=lambda: (),
    )


async def stretches_ms(view: BrainView, compiled: bytes) -> list[float]:
    """Load a site while another task wants its turn all the time; return how much processor time passed between."""
    taken: list[float] = []
    loading = asyncio.ensure_future(view.load_site(compiled, dry_run=False))
    before = time.thread_time()
    while not loading.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        taken.append(1000 * (now - before))
        before = now
    await loading
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--registered", type=int, default=5000)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    size = Size(options.users, 200, 300)
    sites = [loaded(size, changed=changed) for changed in (False, True)]
    world = world_with(sites[0], options.registered, options.agents)
    longest, whole = [], []
    with tempfile.TemporaryDirectory() as name:
        view = view_of(world, Path(name))
        gc.collect()
        gc.freeze()
        gc.set_threshold(700, 10, 1_000_000_000)  # as the brain has it
        for number in range(options.runs):
            taken = asyncio.run(stretches_ms(view, compile_site(sites[(number + 1) % 2])))
            longest.append(round(max(taken), 2))
            whole.append(round(sum(taken), 1))
    figures = {"longest_stretch_ms": longest, "all_ms": whole, "median_longest_ms": statistics.median(longest)}
    report("load_slices", figures)


if __name__ == "__main__":
    main()
