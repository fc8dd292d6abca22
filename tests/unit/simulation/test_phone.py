"""Two simulated phones call each other directly: first the instruments are tried, then the switch with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from softswitch.core.errors import SimulationError
from softswitch.simulation.network import Conditions, Network
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Account, Habits, Incoming
from softswitch.simulation.streams import StreamEnd, StreamNetwork
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually

Script = Callable[[SimulatedPhone, SimulatedPhone], Coroutine[object, object, None]]


def two_phones(
    script: Script, conditions: Conditions | None = None, habits: Habits | None = None, seed: int = 1
) -> None:
    """Run a script with two phones that are each other's server."""

    async def run(loop: VirtualLoop) -> None:
        network = Network(loop, seed)
        network.conditions = conditions or Conditions()
        streams = StreamNetwork(network)
        a, b = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
        alice = SimulatedPhone(network, streams, a, Account("101", "x", "example.net"), b, name="alice")
        bob = SimulatedPhone(network, streams, b, Account("102", "y", "example.net"), a, name="bob", habits=habits)
        await script(alice, bob)

    run_virtually(run)


def what(phone: SimulatedPhone) -> list[str]:
    return [str(line) for line in phone.log]


async def connect(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
    await alice.dial("102")
    (await bob.until_called()).answer()
    await alice.call.until(CallState.UP)
    await bob.until(lambda: bob.call.acknowledged, "the ACK")


def test_a_call_rings_is_answered_and_ends_with_every_message_of_the_textbook() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await alice.dial("102")
        call = await bob.until_called()
        await alice.call.until(CallState.RINGING)
        await asyncio.sleep(3)
        call.answer()
        await alice.call.until(CallState.UP)
        assert await alice.call.hang_up() == 200
        await call.until(CallState.ENDED)
        assert what(alice) == [
            "> INVITE",
            "< 100 INVITE",
            "< 180 INVITE",
            "< 200 INVITE",
            "> ACK",
            "> BYE",
            "< 200 BYE",
        ]
        assert what(bob) == ["< INVITE", "> 100 INVITE", "> 180 INVITE", "> 200 INVITE", "< ACK", "< BYE", "> 200 BYE"]
        assert (alice.call.ended_by, call.ended_by) == ("here", "there")

    two_phones(script)


@pytest.mark.parametrize("seed", range(12))
def test_a_call_gets_through_where_a_third_is_lost_doubled_and_overtaken(seed: int) -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await connect(alice, bob)
        assert await bob.call.hold() == 200
        assert await bob.call.resume() == 200
        await bob.call.hang_up()
        await alice.call.until(CallState.ENDED, limit_s=200)
        for phone in (alice, bob):
            assert len(phone.calls) == 1
            assert phone.call.state is CallState.ENDED

    rough = Conditions(loss=0.3, duplicate=0.2, reorder=0.2, jitter_s=0.02)
    two_phones(script, rough, Habits(act_after_s=0.2), seed)


@pytest.mark.parametrize(
    ("incoming", "status"), [(Incoming.BUSY, 486), (Incoming.DECLINE, 603)], ids=["busy", "decline"]
)
def test_a_refusal_is_acknowledged_and_not_repeated(incoming: Incoming, status: int) -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await alice.dial("102")
        await alice.call.until(CallState.ENDED)
        await asyncio.sleep(60)
        assert alice.call.status == status
        answers = [line for line in alice.network.trace if line.first_line.startswith(f"SIP/2.0 {status}")]
        assert len(answers) == 1
        assert alice.network.trace[-1].first_line.startswith("ACK")

    two_phones(script, habits=Habits(incoming=incoming))


def test_cancel_ends_a_ringing_call_with_487_on_both_sides() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await alice.dial("102")
        call = await bob.until_called()
        await alice.call.until(CallState.RINGING)
        assert await alice.call.hang_up() == 487
        assert (call.state, call.status) == (CallState.ENDED, 487)
        await asyncio.sleep(1)
        assert what(bob)[-3:] == ["< CANCEL", "> 200 CANCEL", "> 487 INVITE"]

    two_phones(script)


def test_a_cancel_that_crosses_the_answer_is_followed_by_ack_and_bye() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await alice.dial("102")
        call = await bob.until_called()
        await alice.call.until(CallState.RINGING)
        call.answer()
        alice.call.cancel()
        await call.until(CallState.ENDED)
        await asyncio.sleep(1)
        assert what(alice)[-5:] == ["< 200 INVITE", "> ACK", "> BYE", "< 200 CANCEL", "< 200 BYE"]

    two_phones(script)


def test_nobody_at_home_is_408_after_32_seconds_and_seven_invites() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        bob.unplug()
        await alice.dial("102")
        await alice.call.until(CallState.ENDED)
        assert alice.call.status == 408
        assert alice.network.loop.time() == pytest.approx(32.0)
        sent = [line.at_s for line in alice.network.trace if line.first_line.startswith("INVITE")]
        assert sent == pytest.approx([0.001, 0.501, 1.501, 3.501, 7.501, 15.501, 31.501])

    two_phones(script)


@pytest.mark.parametrize(
    ("form", "direction", "address", "answered"),
    [
        ("sendonly", "sendonly", "192.0.2.1", "recvonly"),
        ("inactive", "inactive", "192.0.2.1", "inactive"),
        ("zero", "sendrecv", "0.0.0.0", "recvonly"),
    ],
)
def test_hold_says_what_it_should_in_each_form(form: str, direction: str, address: str, answered: str) -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await connect(alice, bob)
        assert await alice.call.hold(form) == 200
        assert bob.call.remote is not None
        assert alice.call.remote is not None
        assert (bob.call.remote.direction, bob.call.remote.address) == (direction, address)
        assert alice.call.remote.direction == answered
        assert await alice.call.resume() == 200
        assert alice.call.remote.direction == "sendrecv"

    two_phones(script)


def test_both_reinvite_at_once_and_both_get_their_turn() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await connect(alice, bob)
        assert list(await asyncio.gather(alice.call.hold(), bob.call.resume())) == [200, 200]
        assert "< 491 INVITE" in what(alice)

    two_phones(script)


def test_an_offerless_invite_and_reinvite_get_their_answer_in_the_ack() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await alice.dial("102", offer=False)
        (await bob.until_called()).answer()
        await bob.until(lambda: bob.call.acknowledged, "the ACK")
        assert bob.call.remote is not None
        assert bob.call.remote.port == alice.call.local.port
        assert await alice.call.reinvite(None) == 200

    two_phones(script)


def test_both_hang_up_at_once() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await connect(alice, bob)
        assert list(await asyncio.gather(alice.call.hang_up(), bob.call.hang_up())) == [200, 200]

    two_phones(script)


def test_a_moved_phone_tells_its_new_address() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await connect(alice, bob)
        alice.move(("192.0.2.77", 5070))
        assert await alice.call.resume() == 200
        assert bob.call.target == "sip:101@192.0.2.77:5070"
        assert bob.call.remote is not None
        assert bob.call.remote.address == "192.0.2.77"

    two_phones(script)


def test_a_wait_that_is_too_long_tells_the_log() -> None:
    async def script(alice: SimulatedPhone, bob: SimulatedPhone) -> None:
        await alice.dial("102")
        with pytest.raises(SimulationError, match="alice waited 5 s for up") as told:
            await alice.call.until(CallState.UP, limit_s=5)
        assert "< 180 INVITE" in str(told.value)
        (await bob.until_called()).decline()
        with pytest.raises(SimulationError, match="ended with 603 before it was up"):
            await alice.call.until(CallState.UP)

    two_phones(script)


def test_a_phone_over_a_stream_speaks_the_same_however_the_stream_is_cut() -> None:
    async def run(loop: VirtualLoop) -> None:
        network = Network(loop, 1)
        network.conditions = Conditions(fragment=1.0)
        streams = StreamNetwork(network)
        got = bytearray()

        def collect(end: StreamEnd) -> None:
            end.on_data = got.extend

        streams.listen(("192.0.2.2", 5060), collect)
        phone = SimulatedPhone(
            network,
            streams,
            ("192.0.2.1", 5060),
            Account("101", "x", "example.net"),
            ("192.0.2.2", 5060),
            transport="tcp",
        )
        await phone.dial("102")
        await asyncio.sleep(1)
        head, _, body = bytes(got).partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        assert b"transport=tcp" in head

    run_virtually(run)
