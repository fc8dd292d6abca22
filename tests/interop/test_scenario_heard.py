"""A softphone calls numbers that scenarios answer: it hears the very prompt, and the right phones ring."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from softswitch.calls.guide_facts import LegKeyPressed
from softswitch.media.sound_files import SoundFile
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, is_tone, likeness, loud_part, read_wav
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SITE, TRUNK, SwitchProcess, ends_well
from tests.waiting import until

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
DESK = """name: desk
steps:
  - digits: {file: menu.ogg, wait_s: 30, between_s: 30, ring_s: 2}
  - group: {name: turns, ring_s: 2}
  - hang_up: {reason: no_answer}
"""
TURNS = '  - {name: turns, extension: "601", mode: ordered, members: [{user: boris}, {user: vera}]}\n'
MOBILE = "+79990000001"
MORE = """  - {number: "+74950000001", scenario: main}
  - {number: "+74950000002", scenario: manager}
  - {number: "+74950000003", scenario: quiet}
  - {number: "+74950000004", scenario: early}
  - {number: "+74950000005", scenario: desk}
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
    (folder / "scenarios" / "desk.yaml").write_text(DESK)
    for name in ("welcome", "menu"):
        shutil.copy(PROMPTS / f"{name}.ogg", folder / "scenarios")
    found = SwitchProcess(space, folder, site=SITE, sip="trunk_probe_s = 0")
    boris = f'password: secret-102, mobile: ["{MOBILE}"], routes: [out]'
    site = SITE.replace("password: secret-102", boris).replace("groups:\n", f"groups:\n{TURNS}")
    found.site.write_text(site + MORE)
    found.cli("load", str(folder))
    with ends_well(found):
        yield found


def prompt(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return SoundFile(str(PROMPTS / f"{name}.ogg"), RATE_HZ).decode_all().astype(np.float64)


@pytest.mark.row("S-5", "S-22")
def test_the_caller_hears_the_prompt_and_a_key_brings_the_colleague(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris = phone("101"), phone("102")
    anna.command("dial", "74950000001")
    anna.until("CALL_ESTABLISHED")
    welcome, menu = loud_part(prompt("welcome")), loud_part(prompt("menu"))
    until(lambda: likeness(menu[: RATE_HZ // 2], read_wav(anna.heard())) > 0.9, lambda: anna.log()[-3000:])
    anna.command("sndcode", "2")
    boris.until("CALL_INCOMING")
    boris.command("accept")
    boris.until("CALL_ESTABLISHED")
    anna.until_hears(620, 1.2)
    boris.until_hears(440, 1.2)
    anna.command("hangup")
    boris.until("CALL_CLOSED")
    heard = loud_part(read_wav(anna.heard()))
    assert likeness(welcome[: RATE_HZ // 2], heard) > 0.9
    assert is_tone(heard[-RATE_HZ:], 620)
    assert is_tone(loud_part(read_wav(boris.heard()))[-RATE_HZ:], 440)
    switch.until_at_rest()
    call = switch.call_of("101")
    assert (call["to_number"], call["end_reason"]) == ("74950000001", "completed")


def test_a_caller_who_presses_nothing_is_hung_up_on_after_the_menu(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna = phone("101")
    anna.command("dial", "74950000003")
    anna.until("CALL_ESTABLISHED")
    anna.until("CALL_CLOSED")
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


def keys_pressed(switch: SwitchProcess) -> int:
    return sum(isinstance(record.fact, LegKeyPressed) for record in switch.journal())


def rung_at_s(switch: SwitchProcess) -> list[tuple[str, float]]:
    """Return whom the last call of anna's has rung, and how long after the first, by the switch's own records."""
    conversation_id = switch.call_of("101")["conversation_id"]
    rung = sorted(
        (datetime.fromisoformat(leg["started_at"]), leg["user_name"] or leg["number"])
        for leg in switch.records("legs")
        if leg["conversation_id"] == conversation_id and leg["side"] == "callee"
    )
    return [(who, (at - rung[0][0]).total_seconds()) for at, who in rung]


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
    anna.until("CALL_ESTABLISHED")
    boris.until("CALL_CLOSED")
    anna.command("hangup")
    assert mobile.finished().successful == 1
    invite = next(one for one in mobile.received() if one.startswith("INVITE"))
    assert invite.startswith(f"INVITE sip:{MOBILE}@{TRUNK[0]}:{TRUNK[1]} ")
    switch.until_at_rest()
    (first, _), (_, after_s) = rung_at_s(switch)
    assert first == "boris"
    assert 1.99 < after_s < 15, "after two seconds: not at once, nor after the usual twenty"


@pytest.mark.row("S-6", "S-7", "S-29")
def test_a_dialled_extension_rings_for_its_time_and_then_a_group_one_after_the_other(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    anna, boris, vera = phone("101"), phone("102"), phone("103")
    anna.command("dial", "74950000005")
    anna.until("CALL_ESTABLISHED")
    menu = loud_part(prompt("menu"))
    until(lambda: likeness(menu[: RATE_HZ // 2], read_wav(anna.heard())) > 0.9, lambda: anna.log()[-3000:])
    before = keys_pressed(switch)
    for number, key in enumerate("102", before + 1):
        anna.command("sndcode", key)
        until(lambda: keys_pressed(switch) == number)  # noqa: B023  # asked at once
    boris.until("CALL_INCOMING")
    boris.until("CALL_INCOMING", count=2)
    vera.until("CALL_INCOMING")
    vera.command("accept")
    vera.until("CALL_ESTABLISHED")
    anna.until_hears(850, 1.2)
    anna.command("hangup")
    vera.until("CALL_CLOSED")
    heard = loud_part(read_wav(anna.heard()))
    assert likeness(menu[: RATE_HZ // 2], heard) > 0.9
    assert is_tone(heard[-RATE_HZ:], 850)
    switch.until_at_rest()
    rung = rung_at_s(switch)
    assert [who for who, _ in rung] == ["boris", "boris", "vera"]
    for (_, before_s), (_, after_s) in pairwise(rung):
        assert 1.99 < after_s - before_s < 15, "for two seconds each, not the usual twenty"
