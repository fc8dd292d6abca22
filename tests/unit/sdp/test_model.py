from __future__ import annotations

import pytest

from softswitch.sdp.model import PayloadFormat


@pytest.mark.parametrize(("encoding", "sound"), [("PCMU", True), ("telephone-event", False), ("CN", False)])
def test_events_and_comfort_noise_are_only_additions(encoding: str, sound: bool) -> None:
    assert PayloadFormat(96, encoding, 8000).carries_sound is sound
