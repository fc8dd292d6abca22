from __future__ import annotations

from softswitch.media import wire
from softswitch.media.engine import DigitPressed
from softswitch.media.worker.outbox import Outbox


def numbers(packed: list[bytes]) -> list[int]:
    return [wire.unpack(each)[0] for each in packed]


def test_events_are_numbered_and_taken_once() -> None:
    outbox = Outbox()
    outbox.emit(DigitPressed("c.1", "1"))
    outbox.emit(DigitPressed("c.1", "2"))
    assert numbers(outbox.take_fresh()) == [1, 2]
    assert outbox.take_fresh() == []


def test_events_are_kept_until_they_are_acknowledged() -> None:
    outbox = Outbox()
    for digit in "123":
        outbox.emit(DigitPressed("c.1", digit))
    outbox.take_fresh()
    outbox.forget(2)
    assert numbers(outbox.everything()) == [3]
    outbox.forget(3)
    assert len(outbox) == 0


def test_telling_everything_includes_what_is_fresh() -> None:
    outbox = Outbox()
    outbox.emit(DigitPressed("c.1", "1"))
    assert numbers(outbox.everything()) == [1]
    assert outbox.take_fresh() == []
