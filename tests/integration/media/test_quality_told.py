"""How good legs sound is judged with each report of a leg, and told once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.media.rig import PlaneRig
from tests.integration.media.talkers import PCMU, Talker, everybody, talk

pytestmark = pytest.mark.network


@pytest.fixture
def rig() -> Iterator[PlaneRig]:
    with PlaneRig("") as made:
        yield made


def test_each_leg_is_judged_within_some_seconds_and_told_once(rig: PlaneRig) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (700,)) as boris:
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 10.0)
        told = dict(rig.plane.qualities())
        assert told.keys() == {"c.1", "c.2"}
        assert all(quality.mos_in > 4.2 for quality in told.values())
        assert rig.plane.qualities() == []
