from __future__ import annotations

import pytest

from softswitch.calls import destinations, facts, inputs
from softswitch.calls.tables import PortState
from tests.unit.calls.world import BORIS, World, phone, sdp


def moved(world: World, *legs: str) -> None:
    """Let the worker of these legs die, and another one open ports for them."""
    for leg in legs:
        assert world.tell(inputs.MediaLost(leg)) == [facts.LegMediaLost(leg)]
    for number, leg in enumerate(legs):
        opened, reinvited = world.tell(inputs.MediaOpened(leg, 30000 + 2 * number))
        assert opened == facts.LegMediaOpened(leg, 30000 + 2 * number)
        assert isinstance(reinvited, facts.LegReinvited)
        assert f"m=audio {30000 + 2 * number} " in reinvited.sdp


def take(world: World, leg: str, answer: str) -> list[object]:
    return world.tell(inputs.PhoneTookMove(leg, answer, world.state.legs[leg].local_sdp))


def test_two_who_talk_get_other_ports_and_talk_on() -> None:
    world = World()
    world.talk()
    before = {name: leg.local_sdp for name, leg in world.state.legs.items()}
    moved(world, "c.1", "c.2")
    conversation = world.state.conversations["c"]
    assert conversation.deadline_s is not None
    assert take(world, "c.1", sdp(port=4100)) == [facts.LegReinviteAnswered("c.1", sdp(port=4100), held=False)]
    assert conversation.deadline_s is not None
    take(world, "c.2", sdp("10.0.0.102", 5100))
    assert conversation.deadline_s is None
    assert conversation.talking == ("c.1", "c.2")
    for name, leg in world.state.legs.items():
        assert leg.local_sdp != before[name]
        assert (leg.moving, leg.port_state) == (False, PortState.OPEN)
    assert world.refolded() == world.state


def test_a_glare_is_no_refusal_and_an_answer_to_an_earlier_offer_no_answer() -> None:
    world = World()
    world.talk()
    moved(world, "c.1", "c.2")
    again = [facts.LegReinvited("c.1", world.state.legs["c.1"].local_sdp)]
    assert world.tell(inputs.PhoneRefusedMove("c.1", 491)) == again
    assert world.tell(inputs.PhoneTookMove("c.1", sdp(), "the refresh of the session")) == again


def test_a_phone_that_wants_to_change_its_session_meanwhile_is_told_to_wait() -> None:
    world = World()
    world.talk()
    world.tell(inputs.MediaLost("c.1"))
    (refused,) = world.tell(inputs.PhoneReoffered("c.1", sdp(direction="sendonly")))
    assert isinstance(refused, facts.LegReofferRefused)
    assert refused.status == 491


@pytest.mark.parametrize("how", ["refusal", "silence", "nothing to talk in"])
def test_a_phone_that_does_not_take_its_port_ends_both_sides_with_cause_41(how: str) -> None:
    world = World()
    world.talk()
    moved(world, "c.1", "c.2")
    if how == "refusal":
        decided = world.tell(inputs.PhoneRefusedMove("c.2", 488))
    elif how == "silence":
        decided = world.tell(inputs.DeadlinePassed("c"))
    else:
        decided = take(world, "c.2", sdp(formats="101"))
    ended = [fact for fact in decided if isinstance(fact, facts.LegEnded)]
    assert [(fact.leg, fact.how, fact.cause) for fact in ended] == [("c.1", "bye", 41), ("c.2", "bye", 41)]
    assert facts.SegmentEnded(1) in decided


def test_a_worker_that_dies_again_means_other_ports_again() -> None:
    world = World()
    world.talk()
    moved(world, "c.1", "c.2")
    world.tell(inputs.MediaLost("c.1"))
    _, reinvited = world.tell(inputs.MediaOpened("c.1", 31000))
    assert isinstance(reinvited, facts.LegReinvited)
    assert "m=audio 31000 " in reinvited.sdp


def test_a_call_that_rings_ends_on_both_sides_with_cause_41() -> None:
    world = World()
    world.ring()
    world.tell(inputs.CalleeProgressed("c.2", 180, ""))
    decided = world.tell(inputs.MediaLost("c.1"))
    ended = [fact for fact in decided if isinstance(fact, facts.LegEnded)]
    assert [(fact.how, fact.status, fact.cause) for fact in ended] == [("reject", 503, 41), ("cancel", 0, 41)]
    world.tell(inputs.MediaLost("c.2"))
    world.tell(inputs.CalleeRejected("c.2", 487, ""))
    assert not world.state.legs


def test_an_echo_test_ends_with_cause_41() -> None:
    world = World()
    world.call(destinations.Echo())
    world.tell(inputs.MediaOpened("c.1", 20000))
    decided = world.tell(inputs.MediaLost("c.1"))
    assert {fact.cause for fact in decided if isinstance(fact, facts.LegEnded)} == {41}
    assert not world.state.legs


def test_a_leg_that_waits_for_its_port_waits_for_another() -> None:
    world = World()
    world.call(destinations.RingPhones((phone("boris", BORIS),)))
    assert world.tell(inputs.MediaLost("c.1")) == [facts.LegMediaLost("c.1")]
    assert world.state.legs["c.1"].moving is False
    world.tell(inputs.MediaOpened("c.2", 20002))
    assert any(isinstance(fact, facts.LegInvited) for fact in world.tell(inputs.MediaOpened("c.1", 20000)))
