"""Two softphones that no one of us wrote call each other through the switch; what each hears is checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softswitch.media.sound_files import MUSIC_ON_HOLD, SoundFile
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, is_tone, likeness, loud_part, read_wav, silent_gaps
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network


def talk_for(caller: Baresip, callee: Baresip, seconds: float, *, number: str = "102") -> None:
    """Let one call the other; return when each has heard so many seconds."""
    earlier = {each: len(each.recordings()) for each in (caller, callee)}
    caller.command("dial", number)
    callee.until("CALL_INCOMING")
    callee.command("accept")
    caller.until("CALL_ESTABLISHED")
    callee.until("CALL_ESTABLISHED")
    for each, count in earlier.items():
        each.until_heard(seconds, earlier=count)


def assert_hears(phone: Baresip, frequency_hz: float, *, seconds: float) -> None:
    heard = loud_part(read_wav(phone.heard()))
    assert len(heard) >= seconds * RATE_HZ, f"only {len(heard) / RATE_HZ:.1f} s of sound"
    assert is_tone(heard, frequency_hz)
    assert silent_gaps(heard) <= seconds, "more than one packet of fifty is missing"


def of(call: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["conversation_id"] == call["conversation_id"]]


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def test_two_phones_hear_each_other_and_nothing_else(switch: SwitchProcess, phone: PhoneMaker) -> None:
    vera, boris = phone("103"), phone("102")
    talk_for(vera, boris, 6.5)
    vera.command("hangup")
    boris.until("CALL_CLOSED")
    assert_hears(vera, 620, seconds=6.5)
    assert_hears(boris, 850, seconds=6.5)
    switch.until_at_rest()
    call = switch.call_of("103")
    assert (call["to_number"], call["end_reason"]) == ("102", "completed")
    of_call = {table: of(call, switch.records(table)) for table in ("segments", "legs")}
    assert [segment["ended_at"] is not None for segment in of_call["segments"]] == [True]
    assert len(of_call["legs"]) == 2


def test_a_phone_with_g711_and_one_with_g722_alone_hear_each_other(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101"), phone("102", codec="g722")
    talk_for(anna, boris, 0.5)
    anna.until_hears(620, 2.0)
    boris.until_hears(440, 2.0)
    codecs = {leg["codec"] for call in json.loads(switch.cli("calls", "--json")) for leg in call["legs"]}
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    assert "G722" in codecs
    assert codecs & {"PCMU", "PCMA"}
    switch.until_at_rest()


@pytest.mark.parametrize("caller", ["101", "102"], ids=["tcp-calls-udp", "udp-calls-tcp"])
def test_a_phone_on_tcp_talks_with_one_on_udp(switch: SwitchProcess, phone: PhoneMaker, caller: str) -> None:
    phones = {
        "101": phone("101", more=";transport=tcp", registrar="127.0.0.1:5060;transport=tcp"),
        "102": phone("102"),
    }
    callee = "102" if caller == "101" else "101"
    talk_for(phones[caller], phones[callee], 1.8, number=callee)
    phones[callee].command("hangup")
    phones[caller].until("CALL_CLOSED")
    assert_hears(phones["101"], 620, seconds=1.8)
    assert_hears(phones["102"], 440, seconds=1.8)
    switch.until_at_rest()


def test_who_is_on_hold_hears_music_and_the_other_one_again_after_resume(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    anna, boris = phone("101"), phone("102")
    talk_for(anna, boris, 1.5)
    anna.command("hold")
    music = SoundFile(MUSIC_ON_HOLD, RATE_HZ).decode_all().astype(np.float64)
    boris.until_last(0.75, lambda last, _: likeness(last, music) > 0.95)
    anna.command("resume")
    boris.until_hears(440, 1.2)
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    talking = loud_part(read_wav(boris.heard()))
    assert is_tone(talking[:RATE_HZ], 440)
    assert is_tone(talking[-RATE_HZ:], 440)
    switch.until_at_rest()


def test_digits_arrive_once_each(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101"), phone("102")
    talk_for(anna, boris, 1.0)
    for number, digit in enumerate("0123456789*#", 1):
        anna.command("sndcode", digit)
        boris.until("CALL_DTMF_END", count=number)
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    pressed = [str(event.get("param")) for event in boris.seen("CALL_DTMF_START")]
    assert pressed == list("0123456789*#")
    switch.until_at_rest()


def test_the_echo_code_gives_the_caller_back_to_itself(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna = phone("101")
    anna.command("dial", "*99")
    anna.until("CALL_ESTABLISHED")
    anna.until_heard(2)
    anna.command("hangup")
    anna.until("CALL_CLOSED")
    assert_hears(anna, 440, seconds=2)
    switch.until_at_rest()


def test_nothing_secret_stands_in_what_the_switch_printed(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101"), phone("102")
    talk_for(anna, boris, 0.5)
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    switch.until_at_rest()
    switch.call_of("101")
    written = [path for path in (switch.directory / "var").rglob("*") if path.is_file()]
    assert written
    for path in [*written, Path(switch.directory / "switch.log")]:
        assert b"secret-10" not in path.read_bytes(), path
