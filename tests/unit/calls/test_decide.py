from __future__ import annotations

import pytest

from softswitch.calls import destinations, facts, inputs
from softswitch.calls.description import audio_of, stream_of
from softswitch.calls.tables import ConversationState, LegState
from softswitch.media.codecs_here import opus_is_here
from tests.unit.calls.world import BORIS, DESK, World, phone, sdp


def test_a_call_starts_with_its_legs_and_waits_for_their_ports() -> None:
    world = World()
    decided = world.call(destinations.RingPhones((phone("boris", BORIS),)))
    assert world.names(decided) == ["ConversationStarted", "LegAdded", "LegAdded"]
    assert world.state.conversations["c"].state is ConversationState.SETUP
    assert world.state.legs["c.2"].max_forwards == 69


def test_a_phone_is_invited_once_both_ports_are_there_whatever_opens_first() -> None:
    for order in (("c.1", "c.2"), ("c.2", "c.1")):
        world = World()
        world.call(destinations.RingPhones((phone("boris", BORIS),)))
        assert not any(isinstance(f, facts.LegInvited) for f in world.tell(inputs.MediaOpened(order[0], 20000)))
        invited = world.tell(inputs.MediaOpened(order[1], 20002))[-1]
        assert isinstance(invited, facts.LegInvited)
        audio = audio_of(invited.sdp)
        assert audio is not None
        assert audio.address == "10.0.0.1"
        assert audio.port == world.state.legs["c.2"].port
        assert [form.payload_type for form in audio.formats] == [8, 0, 9, *([107] if opus_is_here() else []), 101]


def test_ringing_is_told_to_the_caller_once() -> None:
    world = World()
    world.ring(phone("boris", BORIS), phone("boris", DESK))
    assert world.tell(inputs.CalleeProgressed("c.2", 180, ""))[-1] == facts.LegAlerted("c.1", 180)
    assert world.names(world.tell(inputs.CalleeProgressed("c.3", 180, ""))) == ["LegProgressed"]


def test_the_answer_to_the_caller_keeps_its_numbers_and_the_callees_choice() -> None:
    world = World()
    world.ring()
    answer = "m=audio 5000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n"
    head = "v=0\r\no=- 1 1 IN IP4 10.0.0.102\r\ns=-\r\nc=IN IP4 10.0.0.102\r\nt=0 0\r\n"
    decided = world.tell(inputs.CalleeAnswered("c.2", head + answer))
    accepted = next(f for f in decided if isinstance(f, facts.LegAccepted))
    audio = audio_of(accepted.sdp)
    assert audio is not None
    assert [(form.payload_type, form.encoding) for form in audio.formats] == [(0, "PCMU"), (101, "telephone-event")]
    stream = stream_of(world.state.legs["c.2"])
    assert stream is not None
    events = next(form for form in stream.formats if form.encoding == "telephone-event")
    assert (events.receive_type, events.send_type) == (101, 96)


def test_the_first_phone_that_answers_has_the_call_and_the_others_are_cancelled() -> None:
    world = World()
    world.ring(phone("boris", BORIS), phone("boris", DESK))
    decided = world.tell(inputs.CalleeAnswered("c.3", sdp("10.0.0.103")))
    lost = next(f for f in decided if isinstance(f, facts.LegEnded))
    assert (lost.leg, lost.how, lost.reason) == ("c.2", "cancel", "Call completed elsewhere")
    assert world.state.conversations["c"].talking == ("c.1", "c.3")
    assert world.state.legs["c.2"].cancelling
    assert world.tell(inputs.CalleeAnswered("c.2", sdp("10.0.0.102"))) == []


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ((486,), 486),
        ((603,), 603),
        ((408,), 480),
        ((503,), 480),
        ((401,), 480),
        ((480, 486), 486),
        ((404, 480), 404),
        ((488, 486), 486),
    ],
)
def test_when_every_phone_refuses_the_caller_is_told_the_best_of_it(statuses: tuple[int, ...], told: int) -> None:
    world = World()
    world.ring(*[phone("boris", flow) for flow in (BORIS, DESK)[: len(statuses)]])
    decided = []
    for number, status in enumerate(statuses, start=2):
        decided = world.tell(inputs.CalleeRejected(f"c.{number}", status, "no"))
    ended = next(f for f in decided if isinstance(f, facts.LegEnded) and f.leg == "c.1")
    assert (ended.how, ended.status) == ("reject", told)
    assert ended.cause > 0


def test_a_decline_everywhere_ends_the_other_phones_too() -> None:
    world = World()
    world.ring(phone("boris", BORIS), phone("boris", DESK))
    decided = world.tell(inputs.CalleeRejected("c.2", 603, "Decline"))
    assert {f.leg for f in decided if isinstance(f, facts.LegEnded)} == {"c.1", "c.2", "c.3"}


def test_nobody_answers_in_time() -> None:
    world = World()
    world.ring()
    decided = world.tell(inputs.DeadlinePassed("c"))
    ended = {f.leg: f for f in decided if isinstance(f, facts.LegEnded)}
    assert (ended["c.1"].status, ended["c.1"].cause) == (480, 19)
    assert ended["c.2"].how == "cancel"
    assert world.state.conversations["c"].state is ConversationState.ENDED


def test_a_hang_up_ends_the_segment_the_other_leg_and_the_conversation() -> None:
    for hangs_up, other in (("c.1", "c.2"), ("c.2", "c.1")):
        world = World()
        world.talk()
        decided = world.tell(inputs.PhoneEnded(hangs_up, "bye", 200, "hung up"))
        assert world.names(decided) == ["LegEnded", "SegmentEnded", "LegEnded", "ConversationEnded"]
        assert (decided[2].leg, decided[2].how) == (other, "bye")
        for leg in ("c.1", "c.2"):
            world.tell(inputs.MediaClosed(leg))
        assert not world.state.legs
        assert not world.state.conversations


def test_early_media_reaches_the_caller_and_its_200_repeats_the_description() -> None:
    world = World()
    world.ring()
    alerted = world.tell(inputs.CalleeProgressed("c.2", 183, sdp("10.0.0.102", 5000)))[-1]
    assert isinstance(alerted, facts.LegAlerted)
    assert (alerted.status, alerted.source) == (183, "c.2")
    decided = world.tell(inputs.CalleeAnswered("c.2", sdp("10.0.0.102", 5000)))
    accepted = next(f for f in decided if isinstance(f, facts.LegAccepted))
    assert accepted.sdp == alerted.sdp


@pytest.mark.parametrize("leg", ["c.1", "c.2"])
@pytest.mark.parametrize(
    ("offer", "answered", "sends"),
    [
        (sdp(direction="sendonly"), "recvonly", False),
        (sdp(direction="inactive"), "inactive", False),
        (sdp(address="0.0.0.0"), "recvonly", False),
        (sdp(port=4444), "sendrecv", True),
    ],
)
def test_hold_in_every_form_and_a_moved_address(leg: str, offer: str, answered: str, sends: bool) -> None:
    world = World()
    world.talk()
    fact = world.tell(inputs.PhoneReoffered(leg, offer))[0]
    assert isinstance(fact, facts.LegReoffered)
    assert fact.held is not sends
    audio = audio_of(fact.local_sdp)
    assert audio is not None
    assert audio.direction.value == answered
    stream = stream_of(world.state.legs[leg])
    assert stream is not None
    assert stream.send is sends
    resumed = world.tell(inputs.PhoneReoffered(leg, sdp()))[0]
    assert not resumed.held
    assert world.state.conversations["c"].talking == ("c.1", "c.2")


def test_a_reinvite_without_a_common_format_changes_nothing() -> None:
    world = World()
    world.talk()
    before = world.state.legs["c.1"].local_sdp
    fact = world.tell(inputs.PhoneReoffered("c.1", sdp(formats="101")))[0]
    assert isinstance(fact, facts.LegReofferRefused)
    assert world.state.legs["c.1"].local_sdp == before


def test_an_offerless_reinvite_is_offered_what_both_ends_have() -> None:
    world = World()
    world.talk()
    fact = world.tell(inputs.PhoneReoffered("c.2", ""))[0]
    assert audio_of(fact.local_sdp) is not None
    world.tell(inputs.CallerAcknowledged("c.2", sdp("10.0.0.102", 6000)))
    audio = audio_of(world.state.legs["c.2"].remote_sdp)
    assert audio is not None
    assert audio.port == 6000


def test_a_caller_without_an_offer_gets_ours_in_the_200() -> None:
    world = World()
    world.call(destinations.RingPhones((phone("boris", BORIS),)), offer="")
    for number, leg in enumerate(("c.1", "c.2")):
        world.tell(inputs.MediaOpened(leg, 20000 + 2 * number))
    world.tell(inputs.CalleeAnswered("c.2", sdp("10.0.0.102", formats="8 101")))
    assert world.state.legs["c.1"].answer_awaited
    world.tell(inputs.CallerAcknowledged("c.1", sdp(formats="8 101")))
    assert stream_of(world.state.legs["c.1"]) is not None


def test_an_echo_is_answered_as_soon_as_it_has_a_port() -> None:
    world = World()
    world.call(destinations.Echo())
    decided = world.tell(inputs.MediaOpened("c.1", 20000))
    assert world.names(decided) == ["LegMediaOpened", "LegAccepted", "SegmentStarted"]
    assert world.state.legs["c.1"].state is LegState.ANSWERED


def test_a_destination_that_is_none_is_refused_without_a_port() -> None:
    world = World()
    decided = world.call(destinations.Refuse(404, 1, "Unallocated number", "not-found"))
    assert world.names(decided) == ["ConversationStarted", "LegAdded", "LegEnded", "ConversationEnded"]
    assert decided[1].media_address == ""
    assert not world.state.legs


def test_an_offer_without_audio_is_refused() -> None:
    world = World()
    decided = world.call(destinations.RingPhones((phone("boris", BORIS),)), offer="v=0\r\n")
    assert next(f for f in decided if isinstance(f, facts.LegEnded)).status == 488


def test_no_port_for_the_caller_is_a_503() -> None:
    world = World()
    world.call(destinations.RingPhones((phone("boris", BORIS),)))
    decided = world.tell(inputs.MediaRefused("c.1", "no-port"))
    assert next(f for f in decided if isinstance(f, facts.LegEnded) and f.leg == "c.1").status == 503
