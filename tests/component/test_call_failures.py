"""Calls that come to nothing: the caller is told why, by status and by Reason, and nothing is left."""

from __future__ import annotations

import pytest

from softswitch.calls.facts import ConversationEnded
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World


async def dialled(world: World, number: str) -> tuple[int, list[str]]:
    """Dial from a registered phone; the final status and its Reason headers."""
    anna = await world.registered("anna")
    call = await anna.dial(number)
    await call.until(CallState.ENDED, limit_s=120)
    return call.status, call.reasons


@behaviour()
async def test_an_unknown_extension_is_404(world: World) -> None:
    status, reasons = await dialled(world, "199")
    assert status == 404
    assert reasons == ['Q.850;cause=1;text="Unallocated number"']


@behaviour()
async def test_a_user_without_a_phone_is_480(world: World) -> None:
    status, reasons = await dialled(world, "102")
    assert status == 480
    assert reasons == ['Q.850;cause=20;text="Subscriber absent"']


@pytest.mark.parametrize(
    ("incoming", "status", "cause"),
    [(Incoming.BUSY, 486, 17), (Incoming.DECLINE, 603, 21)],
    ids=["busy", "decline"],
)
@behaviour()
async def test_a_refusal_reaches_the_caller_with_its_reason(
    world: World, incoming: Incoming, status: int, cause: int
) -> None:
    await world.registered("boris", habits=Habits(incoming=incoming))
    told, reasons = await dialled(world, "102")
    assert told == status
    assert len(reasons) == 1
    assert reasons[0].startswith(f"Q.850;cause={cause};")


@behaviour()
async def test_nobody_answers_and_the_caller_gets_480_when_ringing_ends(world: World) -> None:
    boris = await world.registered("boris")
    status, reasons = await dialled(world, "102")
    assert status == 480
    assert reasons == ['Q.850;cause=19;text="No answer from user"']
    await boris.call.until(CallState.ENDED)
    assert (boris.call.status, boris.call.reasons) == (487, reasons)
    (ended,) = world.facts(ConversationEnded)
    assert ended == ConversationEnded("no-answer", 480)


@behaviour()
async def test_a_phone_that_vanished_before_the_call_is_given_up(world: World) -> None:
    boris = await world.registered("boris")
    boris.unplug()
    status, reasons = await dialled(world, "102")
    assert status == 480
    assert len(reasons) == 1


@behaviour()
async def test_a_phone_that_vanishes_while_ringing_is_given_up(world: World) -> None:
    anna = await world.registered("anna")
    boris = await world.registered("boris")
    await anna.dial("102")
    await boris.until_called()
    await anna.call.until(CallState.RINGING)
    boris.unplug()
    await anna.call.until(CallState.ENDED, limit_s=120)
    assert anna.call.status == 480
    assert anna.call.reasons


@behaviour()
async def test_phones_without_a_common_codec_are_488(world: World) -> None:
    await world.registered("boris", habits=Habits(payloads=((18, "G729/8000"),), incoming=Incoming.ANSWER))
    status, reasons = await dialled(world, "102")
    assert status == 488
    assert len(reasons) == 1


@behaviour()
async def test_a_codec_that_only_the_caller_knows_is_refused_by_the_phone_with_488(world: World) -> None:
    boris = await world.registered("boris")
    anna = await world.registered("anna", habits=Habits(payloads=((18, "G729/8000"),)))
    call = await anna.dial("102")
    await call.until(CallState.ENDED)
    assert call.status == 488
    assert len(call.reasons) == 1
    assert boris.call.status == 488


@behaviour(Setting(ports=range(16384, 16386, 2)))
async def test_with_no_port_left_a_call_is_503_with_retry_after(world: World) -> None:
    boris = await world.registered("boris")
    status, reasons = await dialled(world, "102")
    assert status == 503
    assert len(reasons) == 1
    answer = world.phones["anna"].last_response
    assert answer is not None
    assert answer.get("Retry-After")
    assert all(call.state is CallState.ENDED for call in boris.calls)


@behaviour()
async def test_a_media_plane_that_refuses_ends_the_call(world: World) -> None:
    await world.registered("boris")
    world.switch.media.refusing = "no-worker"
    status, reasons = await dialled(world, "102")
    assert status == 503
    assert len(reasons) == 1


@behaviour()
async def test_media_workers_that_are_too_busy_refuse_a_call_for_a_while(world: World) -> None:
    await world.registered("boris")
    world.switch.media.refusing = "overload"
    status, reasons = await dialled(world, "102")
    assert (status, reasons) == (503, ['Q.850;cause=42;text="Media workers are too busy"'])
    answer = world.phones["anna"].last_response
    assert answer is not None
    assert answer.get("Retry-After") == "5"


@behaviour()
async def test_a_stranger_cannot_call(world: World) -> None:
    boris = await world.registered("boris")
    stranger = world.phone("mallory")
    call = await stranger.dial("102")
    await call.until(CallState.ENDED)
    assert call.status == 401
    assert not boris.calls


@behaviour()
async def test_a_wrong_password_cannot_call(world: World) -> None:
    boris = await world.registered("boris")
    anna = world.phone("anna", password="guess")
    call = await anna.dial("102")
    await call.until(CallState.ENDED)
    assert call.status == 401
    assert not boris.calls
