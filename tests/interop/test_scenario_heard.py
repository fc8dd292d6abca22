"""A softphone calls a number that a scenario answers: it hears the very prompt, and a key brings the colleague."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from softswitch.media.sound_files import SoundFile
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, likeness, loud_part, read_wav, share_of
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SITE, SwitchProcess

pytestmark = pytest.mark.network

PROMPTS = Path(__file__).parents[2] / "scenarios" / "small-office" / "scenarios"
STEPS = """name: main
steps:
  - play: {file: welcome.ogg}
  - menu: {file: menu.ogg, wait_s: 3, keys: {"2": [{employee: {name: boris, ring_s: 10}}]}}
  - hang_up: {}
"""


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    folder = tmp_path_factory.mktemp("switch")
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "main.yaml").write_text(STEPS)
    for name in ("welcome", "menu"):
        shutil.copy(PROMPTS / f"{name}.ogg", folder / "scenarios")
    found = SwitchProcess(space, folder, site=SITE)
    found.site.write_text(f'{SITE}  - {{number: "+74950000001", scenario: main}}\n')
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
    anna.command("dial", "74950000001")
    anna.until("CALL_ESTABLISHED")
    anna.until("CALL_CLOSED", timeout_s=30)
    heard = loud_part(read_wav(anna.heard()))
    menu = loud_part(prompt("menu"))
    for start in (RATE_HZ // 2, 2 * RATE_HZ, 4 * RATE_HZ):
        assert likeness(menu[start : start + RATE_HZ], heard) > 0.9
    switch.until_at_rest()
