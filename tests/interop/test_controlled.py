"""Calls that are controlled from outside while real softphones carry them: what each of three hears in turn."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from softswitch.media.sound_files import MUSIC_ON_HOLD, SoundFile
from tests.interop.conftest import TONES_HZ, PhoneMaker
from tests.interop.peers.audio import RATE_HZ, likeness, longest_without, read_wav, share_of
from tests.interop.peers.baresip import Baresip
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import PROGRAM, SwitchProcess

pytestmark = pytest.mark.network

PHASE_S = 1.6
ANNA, BORIS, VERA = (TONES_HZ[number] for number in ("101", "102", "103"))


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_at_rest()
    switch.until_nobody_is_registered()


def order(switch: SwitchProcess, leg: str, command: str, **body: object) -> dict[str, Any]:
    answer: dict[str, Any] = switch.ask("POST", f"legs/{leg}/{command}", **body)
    return answer


def line(switch: SwitchProcess, user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = switch.ask("GET", f"users/{user}/calls")
    return found


def heard_in_turn(samples: npt.NDArray[np.float64]) -> list[float]:
    """Return the tones that were heard, one after the other, each at least three quarters of a second."""
    size = RATE_HZ // 4
    found: list[float] = []
    runs: list[float] = []
    for part in samples[: len(samples) // size * size].reshape(-1, size):
        tone = next((hz for hz in TONES_HZ.values() if np.abs(part).max() > 500 and share_of(part, hz) > 0.98), 0.0)
        runs = [*runs, tone] if runs and runs[-1] == tone else [tone]
        if tone and len(runs) == 3 and (not found or found[-1] != tone):
            found.append(tone)
    return found


def before(samples: npt.NDArray[np.float64], frequency_hz: float) -> npt.NDArray[np.float64]:
    """Return what was heard before a tone began."""
    size = RATE_HZ // 4
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    first = next(number for number, part in enumerate(parts) if share_of(part, frequency_hz) > 0.2)
    return samples[: first * size]


def heard(phone: Baresip) -> npt.NDArray[np.float64]:
    return read_wav(phone.heard())


def test_a_call_is_dialled_held_and_handed_over_after_a_consultation(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna, boris, vera = (phone(each, more=";answermode=auto", speaks_s=120.0) for each in ("101", "102", "103"))
    switch.cli("call", "dial", "anna", "102")
    boris.until("CALL_ESTABLISHED")
    [own] = line(switch, "anna")
    assert (own["state"], own["party"], own["user"], own["number"]) == ("talking", "102", "anna", "101")
    assert json.loads(switch.cli("call", "list", "anna", "--json")) == [own]
    time.sleep(PHASE_S)
    assert order(switch, own["leg"], "hold")["state"] == "held"
    time.sleep(PHASE_S)
    assert order(switch, own["leg"], "connect")["state"] == "talking"
    time.sleep(PHASE_S)
    order(switch, own["leg"], "consult", number="103")
    vera.until("CALL_ESTABLISHED")
    time.sleep(PHASE_S)
    assert line(switch, "anna")[0]["consultation"] == "advising"
    order(switch, own["leg"], "confirm")
    anna.until("CALL_CLOSED")
    time.sleep(PHASE_S)
    [there] = line(switch, "boris")
    assert there["party"] == "103"
    order(switch, there["leg"], "hangup")
    boris.until("CALL_CLOSED")
    vera.until("CALL_CLOSED")
    assert heard_in_turn(heard(anna)) == [BORIS, VERA]
    assert heard_in_turn(heard(boris)) == [ANNA, VERA]
    assert heard_in_turn(heard(vera)) == [ANNA, BORIS]
    music = longest_without(before(heard(boris), VERA), ANNA)[RATE_HZ // 4 : -RATE_HZ // 4]
    assert len(music) >= RATE_HZ // 2
    assert likeness(music, SoundFile(MUSIC_ON_HOLD, RATE_HZ).decode_all().astype(np.float64)) > 0.9
    record = switch.call_of("101")
    segments = [row for row in switch.records("segments") if row["conversation_id"] == record["conversation_id"]]
    assert len(segments) == 4
    assert all(row["ended_at"] is not None for row in segments)
    assert record["answered_at"] is not None


@pytest.mark.row("I-4")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("hold", "nothing.1"), 1, "There is no leg nothing.1 in a call now"),
        (("transfer", "nothing.1", "103"), 1, "There is no leg nothing.1 in a call now"),
        (("transfer", "nothing.1"), 2, "NUMBER: a number is required"),
        (("pickup", "anna", " "), 2, "NUMBER: a number is required"),
        (("pickup", "anna", "103"), 1, "No call rings at 103"),
        (("dial", "anna", "103"), 1, "No phone is registered there now"),
        (("dial", "nobody", "103"), 1, "There is no user nobody"),
        (("list", "nobody"), 1, "There is no user nobody"),
        (("dial", "anna", "103", "--route", "none"), 1, "There is no route none"),
        (("hold",), 2, "Missing argument 'leg'"),
        (("fly", "anna"), 2, "fly"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_bad_command_tells_what_is_wrong_and_changes_nothing(
    switch: SwitchProcess, space: Namespace, words: Sequence[str], code: int, said: str
) -> None:
    command = space.command([PROGRAM, "call", *words, "--config", str(switch.config)])
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert switch.status()["calls"] == 0
