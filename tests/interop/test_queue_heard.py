"""What callers of queues hear over real SIP, word for word, in Russian and English, and how callbacks come in order."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from softswitch.media.sound_files import SoundFile
from softswitch.queues.callers import dialogue
from softswitch.speech import phrases
from softswitch.speech.prompts import Prompts
from tests.interop.conftest import TONES_HZ, PhoneMaker
from tests.interop.peers.audio import RATE_HZ, loud_part, place_of, read_wav
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess, ends_well

pytestmark = pytest.mark.network

Sound = npt.NDArray[np.float64]
QUEUES = {"ru": "700", "en": "701"}
PATIENCE_S = 120.0
"""How long a busy machine may take for anything."""
NAMES = {"ru": "russian", "en": "english"}
CALLERS = {"ru": "102", "en": "103"}
SITE = """\
users:
  - {name: anna, extension: "101", password: secret-101, preset: mango}
  - {name: boris, extension: "102", password: secret-102}
  - {name: vera, extension: "103", password: secret-103}
queues:
  - {name: russian, extension: "700", members: [{user: anna}], callback: {key: "2"}, to_agent: {beep: true},
     announce: {at_once: true, wait: true, language: ru}}
  - {name: english, extension: "701", members: [{user: anna}], callback: {key: "2"},
     announce: {at_once: true, wait: true, language: en}}
trunks:
  - {name: west, host: 127.0.2.1, port: 5090, transport: udp}
numbers:
  - {number: "5700", queue: russian}
  - {number: "5701", queue: english}
"""


@pytest.fixture
def switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    with ends_well(SwitchProcess(space, folder, site=SITE)) as found:
        yield found


def recordings(language: str, texts: Sequence[str]) -> list[Sound]:
    """Return the sounds of texts, a piece for each recorded word or sentence."""
    files = [path for text in texts for path in Prompts().files(language, text)]
    return [SoundFile(str(path), RATE_HZ).decode_all().astype(np.float64) for path in files]


def waiting(switch: SwitchProcess, language: str) -> dict[str, Any]:
    """Return the one who waits in a queue."""
    line = switch.ask("GET", f"queues/{NAMES[language]}")["waiting_entries"]
    found: list[dict[str, Any]] = [each for each in line if each["position"]]
    (entry,) = found
    return entry


def until_hears(switch: SwitchProcess, language: str, phase: str) -> None:
    """Wait until the one who waits has come to a phase of the talk with them."""
    deadline = time.monotonic() + PATIENCE_S
    while (heard := waiting(switch, language)["phase"]) != phase:
        assert time.monotonic() < deadline, f"{language}: {heard}"
        time.sleep(0.1)


def told(switch: SwitchProcess, language: str) -> list[Sound]:
    """What the one hears who waits in a queue; how long the first talks took hangs on the machine."""
    minutes = round(waiting(switch, language)["estimated_wait_s"] / 60)
    return recordings(language, [phrases.queue_position(language, 1), phrases.expected_wait(language, minutes=minutes)])


def menu(language: str, number: str) -> list[Sound]:
    """What somebody hears who has asked to be called back, until they confirm the number, which ends the question."""
    read_back = f"{phrases.fixed(language, 'callback_number')} {phrases.digits(language, number)}"
    confirm = f"{phrases.fixed(language, 'to_confirm')} {phrases.digits(language, '1')}"
    return recordings(language, [read_back, confirm])


def farewell(language: str) -> list[Sound]:
    return recordings(language, [phrases.fixed(language, "callback_taken"), phrases.fixed(language, "goodbye")])


def ends_of(sounds: list[Sound], heard: Sound) -> list[int]:
    """Return where in what was heard each of some sounds ends, in their order, up to the first that was not heard."""
    ends: list[int] = []
    begins = 0
    for sound in sounds:
        spoken = loud_part(sound)
        place = place_of(spoken[: RATE_HZ // 2], heard[begins:], 0.9)
        if place is None:
            break
        ends.append(begins + place + len(spoken))
        begins += place + len(spoken) // 2
    return ends


def until_heard(phone: Baresip, sounds: list[Sound], *, then_music: bool = False) -> Sound:
    """Wait until all of it was heard in the last call, and music then; a phone's file holds it a while later."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        heard = loud_part(read_wav(phone.heard()))
        ends = ends_of(sounds, heard)
        if len(ends) == len(sounds) and not (then_music and len(heard) < ends[-1] + RATE_HZ):
            return heard
        lasted_s = len(heard) / RATE_HZ
        assert time.monotonic() < deadline, f"{len(ends)} of {len(sounds)} pieces were heard in {lasted_s} s"
        time.sleep(0.3)


def check_heard(phone: Baresip, sounds: list[Sound]) -> None:
    """All of it was heard in the last call, from beginning to end, and music in between."""
    assert len(until_heard(phone, sounds)) > sum(map(len, sounds)) + RATE_HZ // 4


def take(phone: Baresip, count: int) -> str:
    """Answer; return what the display shows of who calls."""
    ringing = phone.until("CALL_INCOMING", count=count, timeout_s=PATIENCE_S)
    phone.command("accept")
    return str(ringing.get("peerdisplayname"))


def check_beep(phone: Baresip) -> None:
    """Its user has heard nothing but the beep that an agent's talk begins with, in the call that has just ended.

    The caller of it sends no sound, so what the phone's own buffer holds of the beep's end is never heard.
    """
    deadline = time.monotonic() + PATIENCE_S
    while len(heard := read_wav(phone.heard())) < RATE_HZ // 25:
        assert time.monotonic() < deadline, "no beep was heard"
        time.sleep(0.3)
    loudest_hz = int(np.abs(np.fft.rfft(heard, RATE_HZ)).argmax())
    assert loudest_hz == pytest.approx(1000, abs=20)


@pytest.mark.timeout(900)
@pytest.mark.row("C-31", "C-32", "C-37")
def test_callers_hear_place_wait_and_callback_menu_in_their_language_and_are_called_back_in_order(
    switch: SwitchProcess, space: Namespace, phone: PhoneMaker, stack: ExitStack, tmp_path: Path
) -> None:
    anna = phone("101")
    callers = {language: phone(extension) for language, extension in CALLERS.items()}
    switch.ask("PUT", "users/anna/queues", logged_in=True)
    west = SippPhone(space, tmp_path, "84950000001", address="127.0.2.1", port=5090)
    stack.callback(west.close)
    for number, dialled in enumerate(("5700", "5701", "5700"), start=1):
        talk = west.starts("trunk_until_bye.xml", dial=dialled)
        shown = take(anna, number)
        queue = "english" if dialled == "5701" else "russian"
        assert re.fullmatch(rf"{queue} \d+:\d\d 84950000001", shown), "queue, wait, and who calls"
        anna.until("CALL_ESTABLISHED", count=number)
        if number < 3:  # by these talks the wait is estimated; the third keeps her busy
            anna.command("hangup")
            talk.finished()
    for language, caller in callers.items():
        caller.command("dial", QUEUES[language])
        caller.until("CALL_ESTABLISHED")
    first = {language: told(switch, language) for language in callers}
    for language, caller in callers.items():
        until_hears(switch, language, dialogue.MUSIC)  # again: the place has been said
        until_heard(caller, first[language], then_music=True)
        caller.command("sndcode", "2")
    for language in callers:
        until_hears(switch, language, dialogue.CONFIRMING)
    for language, caller in callers.items():
        until_heard(caller, [*first[language], *menu(language, CALLERS[language])])
        caller.command("sndcode", "1")
        caller.until("CALL_CLOSED")
        check_heard(caller, [*first[language], *menu(language, CALLERS[language]), *farewell(language)])
    anna.command("hangup")
    talk.finished()
    check_beep(anna)
    for number, caller in enumerate(callers.values(), start=4):
        take(anna, number)
        take(caller, 1)
        caller.until("CALL_ESTABLISHED", count=2)
        caller.until_hears(TONES_HZ["101"], 0.5)
        anna.command("hangup")
        caller.until("CALL_CLOSED", count=2)
    switch.until_at_rest()
    deadline = time.monotonic() + PATIENCE_S
    while any(row["ended_at"] is None for row in switch.records("queue_entries")):
        assert time.monotonic() < deadline, switch.records("queue_entries")
        time.sleep(0.1)
    done = sorted(
        (row for row in switch.records("queue_entries") if row["kind"] == "callback"),
        key=lambda row: row["answered_at"],
    )
    assert [(row["number"], row["end_how"]) for row in done] == [("102", "served"), ("103", "served")]
