"""A softphone calls numbers that scenarios answer: it hears the very prompt, and the right phones ring."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from softswitch.media.sound_files import SoundFile
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, likeness, loud_part, read_wav, share_of
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SITE, TRUNK, SwitchProcess

pytestmark = pytest.mark.network

PROMPTS = Path(__file__).parents[2] / "scenarios" / "small-office" / "scenarios"
STEPS = """name: main
steps:
  - play: {file: welcome.ogg}
  - menu: {file: menu.ogg, wait_s: 3, keys: {"2": [{employee: {name: boris, ring_s: 10}}]}}
  - hang_up: {}
"""
MANAGER = "name: manager\nsteps:\n  - responsible: {ring_s: 2}\n  - hang_up: {reason: no_answer}\n"
QUIET = 'name: quiet\nsteps:\n  - menu: {file: menu.ogg, wait_s: 1, keys: {"2": [{hang_up: {}}]}}\n  - hang_up: {}\n'
EARLY = """name: early
steps:
  - play: {file: menu.ogg, duration_s: 2, early: true}
  - hang_up: {reason: busy}
"""
MOBILE = "+79990000001"
MORE = """  - {number: "+74950000001", scenario: main}
  - {number: "+74950000002", scenario: manager}
  - {number: "+74950000003", scenario: quiet}
  - {number: "+74950000004", scenario: early}
routes:
  - {name: out, trunk: city, pattern: '^\\+7[0-9]{10}$'}
contacts:
  - {name: Romashka, numbers: ["101"], responsible: boris}
"""


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    folder = tmp_path_factory.mktemp("switch")
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "main.yaml").write_text(STEPS)
    (folder / "scenarios" / "manager.yaml").write_text(MANAGER)
    (folder / "scenarios" / "quiet.yaml").write_text(QUIET)
    (folder / "scenarios" / "early.yaml").write_text(EARLY)
    for name in ("welcome", "menu"):
        shutil.copy(PROMPTS / f"{name}.ogg", folder / "scenarios")
    found = SwitchProcess(space, folder, site=SITE, sip="trunk_probe_s = 0")
    boris = f'password: secret-102, mobile: ["{MOBILE}"], routes: [out]'
    found.site.write_text(SITE.replace("password: secret-102", boris) + MORE)
    found.cli("load", str(folder))
    try:
        yield found
    finally:
        code = found.close()
    assert code == 0
    assert not found.complaints()


def prompt(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return SoundFile(str(PROMPTS / f"{name}.ogg"), RATE_HZ).decode_all().astype(np.float64)


@pytest.mark.row("S-5", "S-22")
def test_the_caller_hears_the_prompt_and_a_key_brings_the_colleague(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101"), phone("102")
    anna.command("dial", "74950000001")
    anna.until("CALL_ESTABLISHED")
    welcome = prompt("welcome")
    time.sleep(len(welcome) / RATE_HZ + 1.5)
    anna.command("sndcode", "2")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    boris.until("CALL_ESTABLISHED")
    time.sleep(2.0)
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    heard = loud_part(read_wav(anna.heard()))
    assert likeness(loud_part(welcome)[: RATE_HZ // 2], heard) > 0.9
    assert share_of(heard[-RATE_HZ:], 620) > 0.99
    assert share_of(loud_part(read_wav(boris.heard()))[-RATE_HZ:], 440) > 0.99
    switch.until_at_rest()
    call = switch.call_of("101")
    assert (call["to_number"], call["end_reason"]) == ("74950000001", "completed")


def test_a_caller_who_presses_nothing_is_hung_up_on_after_the_menu(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna = phone("101")
    anna.command("dial", "74950000003")
    anna.until("CALL_ESTABLISHED")
    anna.until("CALL_CLOSED", timeout_s=30)
    heard = loud_part(read_wav(anna.heard()))
    menu = loud_part(prompt("menu"))
    for start in (RATE_HZ // 2, 2 * RATE_HZ, 4 * RATE_HZ):
        assert likeness(menu[start : start + RATE_HZ], heard) > 0.9
    switch.until_at_rest()


def test_an_announcement_is_heard_before_the_answer_by_a_caller_who_is_never_answered(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    anna = phone("101")
    anna.command("dial", "74950000004")
    assert "486" in anna.until("CALL_CLOSED")["param"]
    assert not anna.seen("CALL_ESTABLISHED")
    menu = loud_part(prompt("menu"))
    assert likeness(menu[RATE_HZ // 2 : RATE_HZ], loud_part(read_wav(anna.heard()))) > 0.9
    switch.until_at_rest()


def mobile_after_s(switch: SwitchProcess) -> float:
    """Return how long after boris' phone the mobile was rung in the last call, by the switch's own records."""
    conversation_id = switch.call_of("101")["conversation_id"]
    legs = {
        leg["user_name"] if leg["number"] != MOBILE else "mobile": datetime.fromisoformat(leg["started_at"])
        for leg in switch.records("legs")
        if leg["conversation_id"] == conversation_id and leg["side"] == "callee"
    }
    return (legs["mobile"] - legs["boris"]).total_seconds()


@pytest.mark.row("S-14")
def test_a_manager_who_does_not_answer_is_called_on_the_mobile_through_the_trunk(
    switch: SwitchProcess, space: Namespace, phone: PhoneMaker, stack: ExitStack, tmp_path: Path
) -> None:
    trunk = SippPhone(space, tmp_path, "city", address=TRUNK[0], port=TRUNK[1])
    stack.callback(trunk.close)
    mobile = trunk.starts("answer.xml", answer_after_ms="10")
    anna, boris = phone("101"), phone("102")
    anna.command("dial", "74950000002")
    boris.until("CALL_INCOMING")
    anna.until("CALL_ESTABLISHED", timeout_s=30)
    boris.until("CALL_CLOSED")
    anna.command("hangup")
    assert mobile.finished().successful == 1
    invite = next(one for one in mobile.received() if one.startswith("INVITE"))
    assert invite.startswith(f"INVITE sip:{MOBILE}@{TRUNK[0]}:{TRUNK[1]} ")
    switch.until_at_rest()
    assert 1.99 < mobile_after_s(switch) < 15, "after two seconds: not at once, nor after the usual twenty"
