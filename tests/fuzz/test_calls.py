"""Random inputs in random order: nothing raises, everything ends, and the fold of the facts is the state."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.calls import destinations, inputs
from softswitch.calls.tables import LegState, PortState
from tests.fuzz.conftest import scale
from tests.unit.calls.world import BORIS, DESK, World, phone, sdp

DESTINATIONS = (
    destinations.RingPhones((phone("boris", BORIS),)),
    destinations.RingPhones((phone("boris", BORIS), phone("boris", DESK))),
    destinations.Echo(),
    destinations.Refuse(404, 1, "Unallocated number", "not-found"),
)
OFFERS = (sdp(), sdp(direction="sendonly"), sdp(address="0.0.0.0"), sdp(formats="0 101"), sdp(formats="101"), "", "x")


def random_input(chance: random.Random, world: World) -> inputs.Input:
    leg = chance.choice([*world.state.legs, "a.9"])
    makers = (
        (6, lambda: inputs.MediaOpened(leg, chance.randrange(20000, 30000, 2))),
        (0.3, lambda: inputs.MediaRefused(leg, "no-port")),
        (1, lambda: inputs.MediaClosed(leg)),
        (0.3, lambda: inputs.MediaLost(leg)),
        (3, lambda: inputs.CalleeProgressed(leg, chance.choice((180, 183)), chance.choice(OFFERS))),
        (2, lambda: inputs.CalleeAnswered(leg, chance.choice(OFFERS))),
        (0.5, lambda: inputs.CalleeRejected(leg, chance.choice((408, 480, 486, 503, 603)), "no")),
        (0.2, lambda: inputs.CallerCancelled(leg)),
        (3, lambda: inputs.CallerAcknowledged(leg, chance.choice(OFFERS))),
        (3, lambda: inputs.PhoneReoffered(leg, chance.choice(OFFERS))),
        (2, lambda: inputs.PhoneTookMove(leg, chance.choice(OFFERS), offered(world, leg))),
        (0.2, lambda: inputs.PhoneRefusedMove(leg, chance.choice((488, 491, 503)))),
        (0.5, lambda: inputs.PhoneEnded(leg, chance.choice(("bye", "lost")), 200, "x")),
        (0.1, lambda: inputs.DeadlinePassed(leg[0])),
        (0.1, lambda: inputs.EndConversation(leg[0], "x")),
    )
    return chance.choices([make for _, make in makers], [weight for weight, _ in makers])[0]()


def offered(world: World, leg: str) -> str:
    return world.state.legs[leg].local_sdp if leg in world.state.legs else ""


def fits(world: World, given: inputs.Input) -> bool:
    """Leave out what the user agent can never tell: each side has its own events, and each only in its time."""
    leg = world.state.legs.get(getattr(given, "leg", ""))
    if leg is None:
        return True
    if isinstance(given, inputs.CalleeProgressed | inputs.CalleeAnswered | inputs.CalleeRejected):
        return not leg.is_caller and leg.state is not LegState.NEW
    if isinstance(given, inputs.MediaClosed):
        return leg.port_state is PortState.CLOSING
    if isinstance(given, inputs.CallerCancelled):
        return leg.is_caller and leg.state in {LegState.NEW, LegState.RINGING}
    if isinstance(given, inputs.CallerAcknowledged):
        return leg.state in {LegState.ANSWERED, LegState.TALKING}
    if isinstance(given, inputs.PhoneReoffered):
        return leg.state is LegState.TALKING
    if isinstance(given, inputs.PhoneEnded):
        return leg.cancelling or leg.state in {LegState.ANSWERED, LegState.TALKING}
    return True


def check(world: World) -> None:
    state = world.state
    assert set(state.legs) == {leg for c in state.conversations.values() for leg in c.legs}
    for conversation in state.conversations.values():
        if conversation.talking is not None:
            assert all(state.legs[leg].is_live for leg in conversation.talking)
            moving = any(leg.moving for leg in conversation.legs.values())
            assert moving == (conversation.deadline_s is not None)
        else:
            assert conversation.deadline_s is not None, "a transient state without a deadline"


@settings(max_examples=scale(150), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_every_call_ends_and_the_fold_is_the_state(seed: int) -> None:
    chance = random.Random(seed)
    world = World()
    for conversation_id in "ab":
        world.call(chance.choice(DESTINATIONS), chance.choice(OFFERS), conversation_id)
    for _ in range(chance.randint(10, 120)):
        given_input = random_input(chance, world)
        if fits(world, given_input):
            world.now_s += chance.random()
            world.tell(given_input)
            check(world)
    assert world.refolded() == world.state
    for conversation_id in "ab":
        world.tell(inputs.EndConversation(conversation_id, "the end"))
        world.tell(inputs.DeadlinePassed(conversation_id))
    assert not world.state.conversations
    assert not world.state.legs
    ended = [r for r in world.records if type(r.fact).__name__ == "ConversationEnded"]
    assert sorted(r.conversation_id for r in ended) == ["a", "b"]
