"""What is known about a call goes with it to whoever has it next: the customer's card, tags, notes."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from softswitch.api.control_view import InformationView
from softswitch.app.control_view import BrainControl
from softswitch.core.errors import CommandError
from softswitch.directory.site import Contact, Number, Trunk
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.controlled import leg, phones

CUSTOMER: Final = "+79161112233"
KNOWN: Final = Setting(
    numbers=(Number("+74950000001", "user", "boris"),),
    trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),),
    contacts=(Contact("Daisy Ltd", (CUSTOMER,), "boris", "a@example.com"),),
)


def information(world: World, user: str) -> InformationView:
    """Return what a user is shown about their call."""
    view = BrainControl(world.switch.brain, world.switch.in_turn)
    return view.information(leg(world, user))


async def customer_calls(world: World) -> None:
    """A known customer talks with Boris, who writes down what it is about."""
    await phones(world, "boris", "vera", "gleb")
    caller = world.phone(CUSTOMER, name="customer", host="192.0.2.99")
    await caller.dial("+74950000001")
    (await world.phones["boris"].until_called()).answer()
    await caller.call.until(CallState.UP)
    await asyncio.sleep(1)
    own = leg(world, "boris")
    world.order(lambda lines: lines.tag(own, ["invoice", " late ", "invoice"]))
    world.order(lambda lines: lines.note(own, "Wants a copy"))


def assert_told(world: World, user: str, *notes: tuple[str, str]) -> None:
    found = information(world, user)
    assert (found.number, found.dialled, found.tags) == (CUSTOMER, "+74950000001", ("invoice", "late"))
    assert found.card is not None
    assert (found.card.name, found.card.email, found.card.responsible) == ("Daisy Ltd", "a@example.com", "boris")
    assert [(note.user, note.text) for note in found.notes] == list(notes)


@pytest.mark.row("V-45")
@pytest.mark.parametrize("how", ["blind", "refer", "consulted", "consulted by phone", "consulted the other way"])
@behaviour(KNOWN)
async def test_whoever_gets_a_call_reads_what_was_noted_before(world: World, how: str) -> None:
    await customer_calls(world)
    boris, vera = world.phones["boris"], world.phones["vera"]
    own, first = leg(world, "boris"), boris.call
    if how == "blind":
        world.order(lambda lines: lines.transfer(own, "103"))
    elif how == "refer":
        assert await first.refer("103") == 202
    elif how == "consulted":
        world.order(lambda lines: lines.consult(own, "103"))
    else:
        await first.hold()
        await boris.dial("103")
    (await vera.until_called()).answer()
    await vera.call.until(CallState.UP)
    await asyncio.sleep(1)
    if how == "consulted":
        world.order(lambda lines: lines.confirm(own))
    elif how == "consulted by phone":
        assert await first.refer("103", to_call=boris.call) == 202
    elif how == "consulted the other way":
        assert await boris.call.refer(CUSTOMER, to_call=first) == 202
    await first.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert world.hears(vera) == {"customer"}
    assert_told(world, "vera", ("boris", "Wants a copy"))
    theirs = leg(world, "vera")
    world.order(lambda lines: lines.note(theirs, "Sent"))
    world.order(lambda lines: lines.note(theirs, "Sent by mail"))
    assert_told(world, "vera", ("boris", "Wants a copy"), ("vera", "Sent by mail"))
    await world.phones["customer"].call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_what_cannot_be_written_down_is_refused_and_changes_nothing(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    await anna.dial("102")
    await boris.until_called()
    rings = leg(world, "boris")
    with pytest.raises(CommandError, match="whoever has the call writes down"):
        world.order(lambda lines: lines.note(rings, "early"))
    boris.call.answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    own = leg(world, "anna")
    world.order(lambda lines: lines.note(own, "я" * 1000))
    for command, field in (
        (lambda lines: lines.note(own, "я" * 1001), "text"),
        (lambda lines: lines.tag(own, [str(number) for number in range(21)]), "tags"),
        (lambda lines: lines.tag(own, ["x" * 51]), "tags"),
        (lambda lines: lines.note("nothing.1", "x"), "leg"),
    ):
        with pytest.raises(CommandError) as refused:
            world.order(command)
        assert refused.value.field == field
    found = information(world, "boris")
    assert (found.tags, [note.text for note in found.notes]) == ((), ["я" * 1000])
    world.order(lambda lines: lines.note(own, " "))
    assert information(world, "boris").notes == ()
    await anna.call.hang_up()
