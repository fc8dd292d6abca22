"""Legs come and go all the time, each with a tone of its own: no tone is ever heard in another conversation."""

from __future__ import annotations

import random

import pytest

from tests.integration.media.rig import Phone, PlaneRig
from tests.own_network import own

pytestmark = pytest.mark.network

SWITCH = own("43.1")


class Talk:
    """A conversation of two phones, each of which says the conversation's number all the time."""

    def __init__(self, rig: PlaneRig, number: int) -> None:
        self._rig = rig
        self.number = number
        word = f"conversation {number}".encode()
        self.phones = [Phone(own("43.2"), ssrc=number + 1, payload=word) for _ in range(2)]
        self._legs = [f"{number}.{leg}" for leg in (1, 2)]
        self._where = [rig.open(leg, SWITCH) for leg in self._legs]
        for leg, phone in zip(self._legs, self.phones, strict=True):
            rig.stream(leg, phone.at)
        rig.hear(self._legs[0], self._legs[1])
        rig.hear(self._legs[1], self._legs[0])

    def speak(self) -> None:
        for phone, where in zip(self.phones, self._where, strict=True):
            phone.send(where)

    def heard(self) -> list[bytes]:
        return [payload for phone in self.phones for payload in phone.payloads()]

    def hang_up(self) -> None:
        """Close the legs while the phones still send, as phones do."""
        self.speak()
        for leg in self._legs:
            self._rig.close(leg)
        self.speak()
        for phone in self.phones:
            phone.sock.close()


def test_open_and_close_churn_never_crosses_conversations(backend: str) -> None:
    rng = random.Random(7)
    with PlaneRig(backend, range(23000, 23100)) as rig:
        talks: list[Talk] = []
        heard = 0
        for turn in range(600):
            if len(talks) < 20:
                talks.append(Talk(rig, turn))
            if turn % 4 == 0:
                for talk in talks:
                    talk.speak()
            rig.turn()
            for talk in talks:
                words = talk.heard()
                heard += len(words)
                assert set(words) <= {f"conversation {talk.number}".encode()}
            if rng.random() < 0.7:
                talks.pop(rng.randrange(len(talks))).hang_up()
        for talk in talks:
            talk.hang_up()
        assert heard > 2000
        assert rig.backend.broken() == []
        assert len(rig.pool) == rig.pool.size
