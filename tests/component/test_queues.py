"""Queues with telephones: callers wait and hear music, agents are rung, statuses follow, and nothing sticks."""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeVar

import pytest

from softswitch.app.queues_view import BrainQueues
from softswitch.directory.site import Group, Number, Queue, ScenarioText, Trunk
from softswitch.queues.agents.inputs import ChooseStatus, EndWrapUp, EnterQueues, LeaveQueues, Unblock
from softswitch.queues.agents.state import Agent
from softswitch.queues.agents.working import Work
from softswitch.queues.router.facts import QueueAnswered, QueueDeclined, QueueFinished, QueueLeft, QueueOffered
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.death import Death
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

PSTN: Final = (Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=True),)
FactT = TypeVar("FactT")


def setting(*queues: Queue, **more: Any) -> Setting:  # noqa: ANN401  # of any field
    first = queues[0].name
    return Setting(queues=queues, trunks=PSTN, numbers=(Number("+74950000001", "queue", first),), **more)


def queue(name: str = "support", *members: str, **more: Any) -> Queue:  # noqa: ANN401  # of any field
    extension = {"support": "700", "sales": "701", "vip": "702"}[name]
    return Queue(name, extension, members or ("boris", "vera"), more.pop("strategy", "priority"), **more)


def status(world: World, user: str) -> str:
    return agent(world, user).status


def agent(world: World, user: str) -> Agent:
    return world.switch.brain.agents.agents[user]


def kept(world: World, kind: type[FactT]) -> list[FactT]:
    return [fact for fact in world.facts(kind) if isinstance(fact, kind)]


async def logged_in(world: World, *users: str, **habits: Incoming) -> list[SimulatedPhone]:
    phones = []
    for user in users:
        phones.append(await world.registered(user, habits=Habits(incoming=habits.get(user, Incoming.RING))))
        world.command(EnterQueues(user, "", "api"))
    return phones


async def customer(world: World, name: str = "customer") -> SimulatedPhone:
    """A caller from outside, whose call the queue has taken."""
    phone = world.phone(name, host="192.0.2.99", port=5060 + len(world.phones))
    await phone.dial("+74950000001")
    await phone.call.until(CallState.UP)
    return phone


def press(world: World, key: str) -> None:
    """Let the caller of the first conversation press a key."""
    leg = next(iter(world.switch.brain.calls.legs))
    world.switch.media.press(leg, key)


async def talk(caller: SimulatedPhone, call: Call, world: World) -> None:
    """Let an agent answer, and see that both hear each other."""
    call.answer()
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    agent_phone = call.phone
    assert isinstance(agent_phone, SimulatedPhone)
    assert world.hears(caller) == {agent_phone.name}
    assert world.hears(agent_phone) == {caller.name}


@pytest.mark.row("C-1", "V-70", "V-71")
@behaviour(setting(queue()))
async def test_a_caller_waits_with_music_and_an_agent_rings_then_serves(world: World) -> None:
    anna = await world.registered("anna")
    await anna.dial("700")
    await anna.call.until(CallState.UP)
    await asyncio.sleep(3)
    assert [leg.sounds for leg in world.switch.brain.calls.legs.values()] == [("music:",)]
    (boris,) = await logged_in(world, "boris")
    call = await boris.until_called()
    assert status(world, "boris") == "ringing"
    await talk(anna, call, world)
    assert status(world, "boris") == "serving"
    await anna.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, "boris") == "ready"
    (answered,) = kept(world, QueueAnswered)
    assert (answered.user, answered.queue) == ("boris", "support")
    assert answered.waited_s == pytest.approx(3, abs=1.5)
    assert len(kept(world, QueueFinished)) == 1


@pytest.mark.row("C-13", "C-12")
@behaviour(setting(queue(), queue("sales", "boris")))
async def test_a_number_and_an_extension_lead_to_queues_and_an_agent_serves_several(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    caller = await customer(world)
    await talk(caller, await boris.until_called(), world)
    anna = await world.registered("anna")
    await anna.dial("701")
    await anna.call.until(CallState.UP)
    await asyncio.sleep(5)
    assert len(boris.calls) == 1, "one call at a time, over all queues"
    await caller.call.hang_up()
    await talk(anna, await boris.until_called(times=2), world)
    await anna.call.hang_up()


@pytest.mark.row("C-15", "V-8")
@behaviour(setting(queue()))
async def test_who_is_not_logged_in_or_not_ready_is_not_offered_a_call(world: World) -> None:
    boris = await world.registered("boris")
    (vera,) = await logged_in(world, "vera")
    world.command(ChooseStatus("vera", "online", "api"))
    caller = await customer(world)
    await asyncio.sleep(20)
    assert not boris.calls and not vera.calls
    world.command(ChooseStatus("boris", "ready", "api"))
    await asyncio.sleep(1)
    assert not boris.calls, "ready, and not logged in to the queue"
    world.command(ChooseStatus("vera", "ready", "api"))
    await talk(caller, await vera.until_called(), world)
    await caller.call.hang_up()


@pytest.mark.row("C-17", "C-19")
@behaviour(setting(queue("support", "boris"), queue("sales", "boris")))
async def test_a_code_logs_in_to_all_queues_and_out_of_all(world: World) -> None:
    boris = await world.registered("boris")
    caller = await customer(world)
    await boris.dial("*45")
    await boris.call.until(CallState.ENDED)
    assert agent(world, "boris").queues == {"support", "sales"}
    await talk(caller, await boris.until_called(), world)
    await caller.call.hang_up()
    await asyncio.sleep(1)
    await boris.dial("*46")
    await boris.call.until(CallState.ENDED)
    assert agent(world, "boris").queues == set()
    again = await customer(world, "again")
    await asyncio.sleep(5)
    assert len(boris.calls) == 3
    await again.call.hang_up()


@pytest.mark.row("C-24")
@behaviour(setting(queue("support", "boris"), queue("sales", "boris")))
async def test_somebody_logs_an_agent_in_to_one_queue_and_out_of_it(world: World) -> None:
    boris = await world.registered("boris")
    world.command(ChooseStatus("boris", "ready", "api"))
    world.command(EnterQueues("boris", "sales", "api"))
    caller = await customer(world)
    await asyncio.sleep(2)
    assert not boris.calls
    world.command(EnterQueues("boris", "support", "api"))
    (await boris.until_called()).answer()
    await caller.call.hang_up()
    await asyncio.sleep(2)
    world.command(LeaveQueues("boris", "support", "api"))
    assert agent(world, "boris").queues == {"sales"}


@pytest.mark.row("V-75", "V-76")
@behaviour(setting(queue(ring_s=15.0)))
async def test_who_does_not_answer_is_blocked_until_somebody_lifts_it_and_the_next_rings(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    caller = await customer(world)
    await boris.until_called()
    await asyncio.sleep(15.5)
    assert status(world, "boris") == "blocked"
    assert boris.call.state is CallState.ENDED
    await talk(caller, await vera.until_called(), world)
    await asyncio.sleep(600)
    assert status(world, "boris") == "blocked"
    world.command(Unblock("boris", "api"))
    assert status(world, "boris") == "ready"
    await caller.call.hang_up()


@behaviour(setting(queue(ring_s=15.0)))
async def test_who_rings_next_after_a_long_absence_of_the_brain_rings_for_as_long_as_anybody(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    caller = await customer(world)
    await boris.until_called()
    await asyncio.sleep(10)
    world.switch.deaths = [Death(world.switch.turns + 1, away_s=25)]
    world.switch.in_turn(lambda: None)
    await asyncio.sleep(30)  # the agent's time to answer is over, and so is the call's for nobody to decide anything
    await vera.until_called()
    await asyncio.sleep(10)
    await talk(caller, vera.call, world)
    assert status(world, "boris") == "blocked"
    await caller.call.hang_up()


@pytest.mark.row("V-77", "V-74")
@behaviour(setting(queue(ring_s=15.0)))
async def test_a_status_that_was_planned_while_it_rang_follows_when_the_block_is_lifted(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    caller = await customer(world)
    await boris.until_called()
    world.command(ChooseStatus("boris", "unavailable", "api"))
    assert status(world, "boris") == "ringing"
    await asyncio.sleep(15.5)
    assert (status(world, "boris"), agent(world, "boris").planned) == ("blocked", "unavailable")
    world.command(Unblock("boris", "api"))
    assert status(world, "boris") == "unavailable"
    await caller.call.hang_up()


@behaviour(setting(queue()))
async def test_a_caller_who_gives_up_while_it_rings_blocks_nobody(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    caller = await customer(world)
    await boris.until_called()
    await caller.call.hang_up()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (status(world, "boris"), status(world, "vera")) == ("ready", "ready")
    assert not vera.calls
    assert [fact.how for fact in kept(world, QueueLeft)] == ["abandoned"]


@behaviour(setting(queue(retry_s=10.0)))
async def test_who_rejects_stays_ready_and_is_asked_again_only_in_the_next_round(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera", boris=Incoming.DECLINE, vera=Incoming.BUSY)
    caller = await customer(world)
    await asyncio.sleep(9)
    assert [len(phone.calls) for phone in (boris, vera)] == [1, 1]
    assert (status(world, "boris"), status(world, "vera")) == ("ready", "ready")
    await asyncio.sleep(3)
    assert [len(phone.calls) for phone in (boris, vera)] == [2, 2]
    assert {fact.how for fact in kept(world, QueueDeclined)} == {"rejected"}
    await caller.call.hang_up()


@pytest.mark.row("V-72", "V-73", "V-26")
@behaviour(setting(queue("support", "boris", wrap_up_s=30.0), queue("sales", "vera", wrap_up_limit=False)))
async def test_wrap_up_follows_a_queues_call_and_ends_by_its_limit_or_by_hand(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    anna = await world.registered("anna")
    for number, phone in (("700", boris), ("701", vera)):
        await anna.dial(number)
        await talk(anna, await phone.until_called(), world)
        await anna.call.hang_up()
        await asyncio.sleep(1)
    assert (status(world, "boris"), status(world, "vera")) == ("wrap_up", "wrap_up")
    await asyncio.sleep(35)
    assert status(world, "boris") == "ready"
    await asyncio.sleep(3000)
    assert status(world, "vera") == "wrap_up", "without a limit it ends by hand"
    world.command(EndWrapUp("vera", "api"))
    assert status(world, "vera") == "ready"
    await anna.dial("102")
    (await boris.until_called(times=2)).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, "boris") == "ready", "a direct call has no wrap-up"


@pytest.mark.row("V-74")
@behaviour(setting(queue("support", "boris", wrap_up_s=30.0)))
async def test_a_planned_status_comes_after_the_wrap_up(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    caller = await customer(world)
    await talk(caller, await boris.until_called(), world)
    world.command(ChooseStatus("boris", "unavailable", "api"))
    assert (status(world, "boris"), agent(world, "boris").planned) == ("serving", "unavailable")
    await caller.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, "boris") == "wrap_up"
    await asyncio.sleep(31)
    assert status(world, "boris") == "unavailable"


@pytest.mark.row("M-22")
@behaviour(
    Setting(
        users={"boris": {"preset": "mango"}},
        queues=(
            queue("support", "boris", wrap_up_s=10.0, wrap_up_status="outbound"),
            queue("sales", "boris", wrap_up_s=45.0, wrap_up_status="break"),
            queue("vip", "boris", wrap_up_s=30.0),
        ),
    )
)
async def test_the_longest_wrap_up_of_all_queues_holds_and_the_status_of_before_returns(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    world.command(ChooseStatus("boris", "all_calls", "api"))
    anna = await world.registered("anna")
    await anna.dial("700")
    await talk(anna, await boris.until_called(), world)
    await anna.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, "boris") == "break"
    await asyncio.sleep(43)
    assert status(world, "boris") == "break"
    await asyncio.sleep(3)
    assert status(world, "boris") == "all_calls"


@pytest.mark.row("M-18", "M-19", "M-24")
@behaviour(
    Setting(
        users={"boris": {"preset": "mango"}},
        groups=(
            Group(
                "desk", "600", "simultaneous", 20, None, 1, (("boris", 1),), wrap_up_s=20.0, wrap_up_status="outbound"
            ),
        ),
    )
)
async def test_a_group_has_a_wrap_up_with_time_and_status_of_its_own_after_its_calls_only(world: World) -> None:
    boris, anna = await world.registered("boris"), await world.registered("anna")
    world.command(ChooseStatus("boris", "all_calls", "api"))
    await anna.dial("600")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, "boris") == "outbound"
    await asyncio.sleep(20)
    assert status(world, "boris") == "all_calls"
    await anna.dial("102")
    (await boris.until_called(times=2)).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, "boris") == "all_calls"


@behaviour(setting(queue("support", "boris", wrap_up_s=30.0)))
async def test_who_logs_out_while_serving_finishes_the_call_and_is_not_ready_afterwards(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    caller = await customer(world)
    await talk(caller, await boris.until_called(), world)
    world.command(LeaveQueues("boris", "", "api"))
    await asyncio.sleep(5)
    assert caller.call.state is CallState.UP
    await caller.call.hang_up()
    await asyncio.sleep(1)
    assert (status(world, "boris"), agent(world, "boris").work_until_s) == ("online", 0)


@behaviour(setting(queue("support", "boris", "vera", strategy="ring_all")))
async def test_where_all_ring_the_first_who_answers_has_the_call_and_the_others_are_ready_again(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    caller = await customer(world)
    await boris.until_called()
    await talk(caller, await vera.until_called(), world)
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (status(world, "boris"), status(world, "vera")) == ("ready", "serving")
    await caller.call.hang_up()


@behaviour(setting(queue("support", "boris", "vera", strategy="ring_all")))
async def test_who_becomes_ready_while_all_ring_rings_too(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    caller = await customer(world)
    await boris.until_called()
    (vera,) = await logged_in(world, "vera")
    await talk(caller, await vera.until_called(), world)
    await boris.call.until(CallState.ENDED)
    await caller.call.hang_up()


@behaviour(setting(queue("support", "boris", "vera")))
async def test_an_agent_whose_phone_is_gone_is_not_rung_and_no_caller_waits_for_it(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    await boris.unregister()
    caller = await customer(world)
    await talk(caller, await vera.until_called(), world)
    assert not boris.calls
    await caller.call.hang_up()


@behaviour(setting(queue("support", "boris", "vera")))
async def test_a_talk_of_their_own_keeps_an_agent_from_being_offered_a_call(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    anna = await world.registered("anna", habits=Habits(incoming=Incoming.ANSWER))
    await boris.dial("101")
    await boris.call.until(CallState.UP)
    caller = await customer(world)
    await talk(caller, await vera.until_called(), world)
    second = await customer(world, "second")
    await asyncio.sleep(5)
    assert len(boris.calls) == 1
    await anna.call.hang_up()
    await talk(second, await boris.until_called(), world)
    await caller.call.hang_up()
    await second.call.hang_up()


@behaviour(setting(queue("support", "boris", max_wait_s=20.0, overflow_to="queue:sales"), queue("sales", "vera")))
async def test_who_has_waited_too_long_goes_on_to_another_queue_and_keeps_the_place(world: World) -> None:
    caller = await customer(world)
    anna = await world.registered("anna")
    await asyncio.sleep(10)
    await anna.dial("701")
    await asyncio.sleep(15)
    (vera,) = await logged_in(world, "vera")
    await talk(caller, await vera.until_called(), world)
    await caller.call.hang_up()
    await talk(anna, await vera.until_called(times=2), world)
    await anna.call.hang_up()


@behaviour(setting(queue("support", "boris", leave_without_agents=True)))
async def test_where_nobody_is_there_the_caller_is_told_so(world: World) -> None:
    phone = world.phone("customer", host="192.0.2.99")
    await phone.dial("+74950000001")
    await phone.call.until(CallState.ENDED)
    assert phone.call.reasons == ['Q.850;cause=20;text="Nobody is there to answer"']


@pytest.mark.row("V-8", "C-13")
@behaviour(
    Setting(
        queues=(queue("support", "boris", max_wait_s=30.0),),
        trunks=PSTN,
        numbers=(Number("+74950000001", "scenario", "main"),),
        scenarios=(
            ScenarioText(
                "main",
                "/nowhere/main.yaml",
                "name: main\nsteps:\n  - queue: {name: support}\n  - employee: {name: vera}\n  - hang_up: {}\n",
            ),
        ),
    )
)
async def test_a_step_of_a_scenario_puts_the_caller_into_a_queue_and_goes_on_when_that_gives_up(world: World) -> None:
    vera = await world.registered("vera")
    caller = await customer(world)
    (boris,) = await logged_in(world, "boris", boris=Incoming.DECLINE)
    await boris.until_called()
    await talk(caller, await vera.until_called(), world)
    await caller.call.hang_up()
    await asyncio.sleep(2)
    boris.habits = Habits()
    again = await customer(world, "again")
    await talk(again, await boris.until_called(times=4), world)
    await again.call.hang_up()


@behaviour(setting(queue("support", "boris", exit_key="9", overflow_to="queue:sales"), queue("sales", "vera")))
async def test_a_key_leads_out_of_the_line(world: World) -> None:
    caller = await customer(world)
    (vera,) = await logged_in(world, "vera")
    press(world, "9")
    await talk(caller, await vera.until_called(), world)
    await caller.call.hang_up()


@behaviour(setting(queue("support", "boris", "vera")))
async def test_the_display_tells_queue_wait_and_caller_and_the_fact_why_who_was_asked(world: World) -> None:
    caller = await customer(world)
    await asyncio.sleep(65)
    (boris,) = await logged_in(world, "boris")
    call = await boris.until_called()
    assert call.invite_exchange is not None
    assert "support 1:0" in (call.invite_exchange.request.get("From") or "")
    (offer,) = kept(world, QueueOffered)
    assert (offer.users, offer.strategy, offer.passed) == (("boris",), "priority", (("logged out", 1),))
    await caller.call.hang_up()


@pytest.mark.row("M-3")
@behaviour(setting(queue("support", "boris"), users={"boris": {"respect_status": False}}))
async def test_a_status_that_is_not_to_be_respected_keeps_no_call_of_a_queue_away(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    world.command(ChooseStatus("boris", "unavailable", "api"))
    caller = await customer(world)
    await talk(caller, await boris.until_called(), world)
    await caller.call.hang_up()


@pytest.mark.row("C-28", "C-29", "C-20")
@behaviour(setting(queue("support", "boris", "vera", sla_s=20.0, supervisors=("gleb",)), queue("sales", "vera")))
async def test_a_wallboard_is_told_who_waits_who_serves_and_the_service_level(world: World) -> None:
    boris, *_ = await logged_in(world, "boris")

    def view() -> BrainQueues:
        return BrainQueues(world.switch.brain, world.clock)

    talks = await customer(world)
    await talk(talks, await boris.until_called(), world)
    waits, gives_up = await customer(world, "waits"), await customer(world, "hasty")
    await asyncio.sleep(30)
    await gives_up.call.hang_up()
    await asyncio.sleep(1)
    seen = view().queue("support")
    assert (seen.waiting, seen.served, seen.supervisors) == (1, 1, ("gleb",))
    assert seen.longest_wait_s == pytest.approx(31, abs=3)
    assert seen.agents == {"boris": "serving", "vera": "logged out"}
    assert (seen.entered, seen.answered, seen.answered_in_time, seen.abandoned) == (3, 1, 1, 1)
    assert seen.service_level == 50.0
    (served, waiting) = seen.waiting_entries
    assert (served.position, served.agents, waiting.position) == (0, ("boris",), 1)
    assert waiting.estimated_wait_s is None, "no talk has ended yet"
    await talks.call.hang_up()
    await talk(waits, await boris.until_called(times=2), world)
    await waits.call.hang_up()
    await asyncio.sleep(1)
    assert [each.name for each in view().queues()] == ["support", "sales"]
    (figures,) = view().agent_figures()
    assert (figures.user, figures.offered, figures.answered, figures.missed) == ("boris", 2, 2, 0)
    assert figures.talked_s == pytest.approx(34, abs=4)
    assert figures.occupancy is not None
    assert figures.occupancy > 50


@pytest.mark.row("V-13", "V-33")
@behaviour(setting(queue("support", "boris"), queue("sales", "vera")))
async def test_an_agent_gives_the_caller_to_another_queue_blindly_and_only_so(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    caller = await customer(world)
    await talk(caller, await boris.until_called(), world)
    world.command(ChooseStatus("vera", "online", "api"))
    asked = await boris.dial("701")
    await asked.until(CallState.UP)
    await boris.calls[0].refer("701", to_call=asked)
    await boris.until(lambda: boris.calls[0].progress == [603], "the NOTIFY")
    assert boris.calls[0].state is CallState.UP
    await asked.hang_up()
    assert await boris.calls[0].refer("701") == 202
    await boris.calls[0].until(CallState.ENDED)
    world.command(ChooseStatus("vera", "ready", "api"))
    await talk(caller, await vera.until_called(), world)
    assert status(world, "boris") == "ready"
    await caller.call.hang_up()


@pytest.mark.row("M-20", "M-25")
@behaviour(
    Setting(
        users={"boris": {"preset": "mango"}},
        queues=(queue("support", "boris", wrap_up_s=60.0, wrap_up_status="break"),),
    )
)
async def test_ready_for_work_ends_a_wrap_up_and_another_status_that_is_chosen_cancels_its_timer(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    anna = await world.registered("anna")
    world.command(ChooseStatus("boris", "all_calls", "api"))
    for number in (1, 2):
        await anna.dial("700")
        await talk(anna, await boris.until_called(times=number), world)
        await anna.call.hang_up()
        await asyncio.sleep(1)
        assert status(world, "boris") == "break"
        if number == 1:
            world.command(EndWrapUp("boris", "api"))
            assert status(world, "boris") == "all_calls"
    world.command(ChooseStatus("boris", "outbound", "api"))
    assert status(world, "boris") == "outbound"
    await asyncio.sleep(120)
    assert status(world, "boris") == "outbound"


@pytest.mark.row("M-21")
@behaviour(setting(queue("support", "boris", "vera", wrap_up_s=30.0)))
async def test_the_wrap_up_of_one_does_not_touch_the_other(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    first, second = await customer(world), await customer(world, "second")
    await talk(first, await boris.until_called(), world)
    await talk(second, await vera.until_called(), world)
    await first.call.hang_up()
    await asyncio.sleep(20)
    await second.call.hang_up()
    await asyncio.sleep(12)
    assert (status(world, "boris"), status(world, "vera")) == ("ready", "wrap_up")


@pytest.mark.row("M-23")
@behaviour(
    Setting(
        users={"boris": {"preset": "mango"}},
        queues=(
            queue("support", "boris", wrap_up_s=45.0, wrap_up_status="break"),
            queue("sales", "boris", wrap_up_s=45.0, wrap_up_status="outbound"),
            queue("vip", "boris", wrap_up_s=10.0, wrap_up_status="dnd"),
        ),
    )
)
async def test_the_status_is_that_of_the_longest_wrap_up_and_of_the_calls_own_queue_where_several_are_as_long(
    world: World,
) -> None:
    (boris,) = await logged_in(world, "boris")
    anna = await world.registered("anna")
    seen = []
    for times, number in enumerate(("700", "701", "702"), start=1):
        await anna.dial(number)
        await talk(anna, await boris.until_called(times=times), world)
        await anna.call.hang_up()
        await asyncio.sleep(1)
        seen.append(status(world, "boris"))
        await asyncio.sleep(50)
    assert seen == ["break", "outbound", "break"]


@behaviour(setting(queue("support", "boris")))
async def test_an_agent_who_had_lost_the_call_by_a_defect_is_found_and_let_go(world: World) -> None:
    (boris,) = await logged_in(world, "boris")
    caller = await customer(world)
    await talk(caller, await boris.until_called(), world)
    await caller.call.hang_up()
    await asyncio.sleep(1)
    brain = world.switch.brain
    agent(world, "boris").work = Work.SERVING  # what a defect might do
    brain.queues.state.agents["boris"].entry = 77
    assert [breach.kind for breach in brain.breaches()] == ["agent"]
    world.switch.in_turn(brain.check_invariants)
    assert not brain.breaches()
    again = await customer(world, "again")
    await talk(again, await boris.until_called(times=2), world)
    await again.call.hang_up()


@behaviour(setting(queue("support", "boris", "vera", strategy="ring_all", auto_answer=("boris",))))
async def test_the_phone_of_a_member_who_wants_it_is_asked_to_answer_by_itself(world: World) -> None:
    boris, vera = await logged_in(world, "boris", "vera")
    caller = await customer(world)
    asked = [(await phone.until_called()).invite_exchange for phone in (boris, vera)]
    lines = [" ".join(each.request.get_all("Call-Info") + each.request.get_all("Alert-Info")) for each in asked if each]
    assert "answer" in lines[0]
    assert not lines[1]
    await caller.call.hang_up()
