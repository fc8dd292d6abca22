"""What is kept of a call's messages, and how it is shown."""

from __future__ import annotations

import asyncio
import struct
from ipaddress import ip_address

import pytest

from softswitch.app import message_trace
from softswitch.app.message_trace import MessageTrace, Traced, without_secrets
from softswitch.calls.facts import ConversationStarted
from softswitch.cli.ladder import drawn, picture
from softswitch.cli.pcap import capture
from softswitch.core.facts import decode
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World
from softswitch.sip.flow import Flow

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.11", 5060))
STRAY = (
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKgone\r\nFrom: <sip:a@x>;tag=1\r\n"
    "To: <sip:b@x>;tag=2\r\nCall-ID: whose\r\nCSeq: 7 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def called() -> list[Traced]:
    """Play a call and return its trace."""

    async def script(loop: VirtualLoop) -> list[Traced]:
        world = World(loop, 1, Setting())
        anna, boris = await world.registered("anna"), await world.registered("boris")
        await world.registered("vera")
        await anna.dial("102")
        (await boris.until_called()).answer()
        await anna.call.until(CallState.UP)
        await asyncio.sleep(1)
        await anna.call.hang_up()
        await boris.call.until(CallState.ENDED)
        records = map(decode, world.switch.journal.records())
        [conversation] = [r.conversation_id for r in records if isinstance(r.fact, ConversationStarted)]
        return world.switch.brain.trace.of(conversation)

    return run_virtually(script)


def test_a_call_is_traced_on_both_sides_without_credentials_and_without_other_peoples_messages() -> None:
    found = called()
    starts = [(traced.sent, traced.data.split(b"\r\n")[0].split(b" sip:")[0]) for traced in found]
    assert (False, b"INVITE") in starts
    assert (True, b"INVITE") in starts
    assert starts.count((True, b"SIP/2.0 200 OK")) == 2  # to the INVITE, to the BYE
    assert {traced.flow.remote[0] for traced in found} == {"192.0.2.11", "192.0.2.12"}
    assert all(b"response=" not in traced.data for traced in found)
    assert any(b"Authorization: (not shown)" in traced.data for traced in found)
    assert not any(b"REGISTER" in traced.data for traced in found)


def test_keys_of_encrypted_sound_are_not_shown() -> None:
    sdp = b"m=audio 1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20\r\n"
    assert without_secrets(sdp).endswith(b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:(not shown)\r\n")


def test_the_memory_of_messages_is_bounded() -> None:
    trace = MessageTrace(1000)
    trace.belongs("c.1", "a")
    message = b"BYE sip:x SIP/2.0\r\nCall-ID: a\r\n\r\n"
    for number in range(100):
        trace.note(float(number), FLOW, message, sent=True)
    kept = trace.of("c")
    assert len(kept) == 1000 // len(message)
    assert kept[-1].wall_s == 99.0
    trace.note(1.0, FLOW, b"\r\n\r\n", sent=False)
    assert trace.of("c") == kept


def test_a_message_is_known_to_be_a_legs_until_its_conversation_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_trace, "MOST_CONVERSATIONS", 2)
    trace = MessageTrace()
    for number in range(3):
        trace.belongs(f"c{number}.1", f"a{number}")
        trace.belongs(f"c{number}.2", f"b{number}")
    assert [trace.leg_of(call_id) for call_id in ("a0", "b0", "b1", "a2", "x")] == ["", "", "c1.2", "c2.1", ""]


@pytest.mark.parametrize("refolded", [False, True])
def test_the_log_says_whose_dialog_a_dropped_message_names(refolded: bool) -> None:
    async def script(loop: VirtualLoop) -> list[dict[str, object]]:
        world = World(loop, 1, Setting())
        anna, boris = await world.registered("anna"), await world.registered("boris")
        await anna.dial("102")
        (await boris.until_called()).answer()
        await anna.call.until(CallState.UP)
        if refolded:
            world.switch.refold()
        brain, dropped = world.switch.brain, list[dict[str, object]]()
        brain._sessions._log = lambda event, **keys: dropped.append({"event": event, **keys})
        leg = next(leg for leg in brain.calls.legs.values() if leg.user == "boris")
        call_id = brain._performer.sessions[leg.leg].dialog.sip_call_id
        for sip_call_id in (call_id, "nobody-s"):
            stray = STRAY.replace("whose", sip_call_id).encode()
            brain.receive(stray, FLOW)
        brain.receive(f"what\r\ni: {call_id}\r\n\r\n".encode(), FLOW)
        brain.end_turn()
        assert [each.get("leg") for each in dropped] == [leg.leg, None, leg.leg]
        await anna.call.hang_up()
        return dropped

    assert {each["event"] for each in run_virtually(script)} == {"sip.dropped"}


def message(tenths: int, text: str, remote: str, *, sent: bool) -> dict[str, object]:
    return {"at": f"2026-11-22T10:00:00.{tenths}00Z", "sent": sent, "remote": remote, "text": text}


def test_a_ladder_has_a_column_a_party_and_an_arrow_a_message() -> None:
    messages = [
        {
            "at": "2026-11-22T10:00:00.100Z",
            "sent": False,
            "remote": "10.0.0.7:5060",
            "text": "INVITE sip:102@x SIP/2.0\r\n",
        },
        message(2, "INVITE sip:y SIP/2.0\r\n", "10.0.0.8:5060", sent=True),
        message(3, "SIP/2.0 180 Ringing\r\n", "10.0.0.7:5060", sent=True),
    ]
    head, first, second, third = drawn(messages).splitlines()
    assert head.split() == ["switch", "10.0.0.7:5060", "10.0.0.8:5060"]
    assert first.startswith("10:00:00.100 |<--")
    assert " INVITE " in first
    assert second.endswith("-->|")
    assert len(second) > len(third)
    assert " 180 Ringing " in third
    assert picture(messages).count("marker-end") == 3


def test_a_capture_is_read_by_its_own_rules() -> None:
    data = capture([(1.5, ("192.0.2.1", 5060), ("192.0.2.2", 5070), b"odd"), (2.0, ("::1", 1), ("::2", 2), b"six")])
    assert struct.unpack("<IHHiIII", data[:24]) == (0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    seconds, micros, length, whole = struct.unpack("<IIII", data[24:40])
    assert (seconds, micros, length, whole) == (1, 500000, 31, 31)
    packet = data[40:71]
    assert packet[0] == 0x45
    assert sum(struct.unpack("!10H", packet[:20])) % 0xFFFF == 0
    assert (str(ip_address(packet[12:16])), str(ip_address(packet[16:20]))) == ("192.0.2.1", "192.0.2.2")
    assert struct.unpack("!HHH", packet[20:26]) == (5060, 5070, 11)
    pseudo = packet[12:20] + struct.pack("!HH", 17, 11) + packet[20:] + b"\0"
    assert sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo)) % 0xFFFF == 0
    assert data.endswith(b"six")
