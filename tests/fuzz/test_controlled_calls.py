"""Random commands among random events: refused or followed, nothing raises, nobody is forgotten, and all of it ends."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from softswitch.calls import conference_inputs as conferences
from softswitch.calls import control_inputs as orders
from softswitch.calls import destinations, inputs
from softswitch.calls.apply import apply
from softswitch.calls.decide import decide
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.state import Conversation
from softswitch.calls.tables import ConversationState, LegState
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record, decode, encode
from tests.fuzz.conftest import scale
from tests.fuzz.test_calls import DESTINATIONS, fits, random_input
from tests.unit.calls.world import ANNA, BORIS, DESK, World, phone, sdp

TARGETS = (*DESTINATIONS[:2], DESTINATIONS[-1], destinations.RingPhones((phone("vera", DESK),)), destinations.Park(""))


class Controlled(World):
    """Calls whose facts may be of other conversations than their inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: list[CommandError] = []

    def tell(self, given: Any) -> list[Any]:  # noqa: ANN401  # inputs of calls and commands
        """Decide and apply; a command that is refused must change nothing."""
        try:
            decided = decide(self.state, given)
        except CommandError as error:
            self.refusals.append(error)
            return []
        own = getattr(given, "conversation_id", "")
        if not own and decided:
            own = self.state.legs[given.leg].conversation_id
        for fact in decided:
            where, made = (fact.conversation_id, fact.fact) if type(fact) is Elsewhere else (own, fact)
            encoded = encode(len(self.records) + 1, self.now_s, where, made)
            record: Record = decode(encoded)
            self.records.append(record)
            apply(self.state, record)
        return decided


def random_order(chance: random.Random, world: World) -> inputs.Input:
    leg = chance.choice([*world.state.legs, "a.9"])
    other = chance.choice([*world.state.legs, ""])
    target = chance.choice(TARGETS)
    where = world.state.legs[leg].conversation_id if leg in world.state.legs else "a"
    makers: tuple[Callable[[], Any], ...] = (
        lambda: orders.HoldOrdered(leg),
        lambda: orders.ConnectOrdered(leg),
        lambda: orders.HangUpOrdered(leg),
        lambda: orders.TransferOrdered(leg, "103", target),
        lambda: inputs.TransferAsked(leg, "103", target, "refer", chance.choice(("", other))),
        lambda: orders.ConsultOrdered(leg, "103", target),
        lambda: orders.ConfirmOrdered(leg, chance.choice(("", "", other))),
        lambda: orders.CancelOrdered(leg),
        lambda: orders.ToggleOrdered(leg),
        lambda: orders.TagsChosen(leg, chance.choice(((), ("a",), ("b", "a")))),
        lambda: orders.NoteWritten(leg, chance.choice(("", "x", "y"))),
        lambda: inputs.ReminderDue(where),
        lambda: conferences.MuteLeg(leg, chance.random() < 0.5),
        lambda: conferences.GatherConsultation(leg),
        lambda: conferences.InviteToConference(leg, (phone("vera", DESK),), 60.0),
        lambda: conferences.JoinCalls(where, leg, other),
        lambda: orders.ParkOrdered(leg, chance.choice(("", "5", "99"))),
        lambda: orders.RetrieveOrdered(leg, (phone("vera", DESK),)),
        lambda: orders.AnswerOrdered(leg, phone("boris", BORIS), chance.random() < 0.5),
        lambda: orders.PickUpOrdered(leg, (phone("vera", DESK),)),
    )
    made: inputs.Input = chance.choice(makers)()
    return made


def is_late(world: World, given: inputs.Input) -> bool:
    """Leave out that a phone refuses what it has answered: the user agent cannot tell that."""
    leg = world.state.legs.get(getattr(given, "leg", ""))
    late = isinstance(given, inputs.CalleeRejected) and leg is not None
    return late and leg is not None and leg.state is LegState.TALKING


def check(world: World) -> None:
    state = world.state
    assert set(state.legs) == {leg for c in state.conversations.values() for leg in c.legs}
    for conversation in state.conversations.values():
        _check_conversation(world, conversation)


def _check_conversation(world: World, conversation: Conversation) -> None:
    legs = conversation.legs
    assert all(legs[leg].is_live for leg in conversation.talking or ())
    waits_for_a_person = conversation.has_held or conversation.talking is not None
    assert conversation.deadline_s is not None or waits_for_a_person or conversation.conference is not None
    if conversation.state is ConversationState.ENDED:
        assert not any(leg.is_live for leg in legs.values())
        return
    assert any(leg.is_live for leg in legs.values())
    for leg in legs.values():
        if leg.held_by and leg.is_live:
            assert legs[leg.held_by].is_live, "nobody can take them back"
    if conversation.consultation is not None:
        assert legs[conversation.consultation.leg].is_live
        assert legs[conversation.consultation.held].is_live
    if conversation.parked is not None:
        assert legs[conversation.parked.leg].is_live
        assert conversation.deadline_s is not None


def talks(world: Controlled, conversation_id: str, chance: random.Random) -> None:
    """Let a call be taken: anna called, or let the switch dial."""
    if chance.random() < 0.5:
        world.call(DESTINATIONS[0], sdp(), conversation_id)
        legs = (f"{conversation_id}.1", f"{conversation_id}.2")
    else:
        own = (phone("anna", ANNA),)
        world.tell(orders.DialOrdered(conversation_id, "anna", "101", "Анна", "102", own, DESTINATIONS[0]))
        legs = (f"{conversation_id}.1", f"{conversation_id}.2")
        world.tell(inputs.MediaOpened(legs[0], 20000))
        world.tell(inputs.CalleeAnswered(legs[0], sdp()))
    for leg in legs:
        world.tell(inputs.MediaOpened(leg, 20002))
    world.tell(inputs.CalleeAnswered(legs[1], sdp("10.0.0.102", 5000)))
    world.tell(inputs.CallerAcknowledged(legs[0], ""))


@settings(max_examples=scale(150), deadline=None)
@given(seed=st.integers(0, 2**32))
@example(seed=2116917)  # in both calls the other one waits as they are joined
def test_whatever_is_commanded_when_nobody_is_forgotten_and_every_call_ends(seed: int) -> None:
    chance = random.Random(seed)
    world = Controlled()
    for conversation_id in "ab":
        talks(world, conversation_id, chance)
    for _ in range(chance.randint(10, 80)):
        given_input = (random_order if chance.random() < 0.4 else random_input)(chance, world)
        if fits(world, given_input) and not is_late(world, given_input):
            world.now_s += chance.random()
            world.tell(given_input)
            check(world)
    assert world.refolded() == world.state
    assert all(refusal.field and 400 <= refusal.status < 500 for refusal in world.refusals)
    for conversation_id in "ab":
        world.tell(inputs.EndConversation(conversation_id, "the end"))
        world.tell(inputs.DeadlinePassed(conversation_id))
    assert not world.state.conversations
    assert not world.state.legs
