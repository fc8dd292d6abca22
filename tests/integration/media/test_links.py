"""Two legs that live in different workers hear each other, relayed or converted, also after the brain has died."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from softswitch.media.engine import Format, Hear, LegClosed, Stream, WorkerLost
from softswitch_codecs import BatchCodec, codec_class
from tests.integration.media.rig import EVENT, Phone
from tests.integration.media.test_worker_process import Brain, Process, collect, stream
from tests.own_network import own
from tests.waiting import until

pytestmark = pytest.mark.network

G722 = Format("G722", 8000, 1, 9, 9)


@pytest.fixture
def processes(backend: str) -> Iterator[list[Process]]:
    made = [Process(backend, range(24000, 24200)), Process(backend, range(24200, 24400))]
    yield made
    for each in made:
        each.end()


def brain_of(processes: Sequence[Process]) -> Brain:
    brain = Brain(processes[0])
    brain.add(1, processes[1])
    return brain


def pair(brain: Brain) -> dict[str, tuple[str, int]]:
    """Legs of two conversations: placed in two workers."""
    at = brain.open("c.1", "d.1")
    assert at["c.1"][1] < 24200 <= at["d.1"][1]
    return at


ROWS = (Hear("c.1", ("d.1",)), Hear("d.1", ("c.1",)))


def test_legs_of_two_workers_hear_each_other_and_nothing_is_left(processes: list[Process]) -> None:
    brain = brain_of(processes)
    with Phone(own("44.2"), payload=b"a" * 160) as a, Phone(own("44.3"), payload=b"b" * 160) as b:
        at = pair(brain)
        brain.engine.set_stream("c.1", stream(a))
        brain.engine.set_stream("d.1", stream(b))
        brain.engine.set_room("c", ROWS)
        brain.engine.flush()
        assert set(collect(b, 20, saying(brain, a, at["c.1"]))) == {b"a" * 160}
        assert set(collect(a, 20, saying(brain, b, at["d.1"]))) == {b"b" * 160}
        assert brain.engine.open_legs() == {"c.1", "d.1"}
        brain.engine.set_room("c", ())
        brain.engine.close("c.1")
        brain.engine.close("d.1")
        brain.engine.flush()
        brain.until(lambda: brain.count(LegClosed) == 2)
        brain.until(lambda: all(not worker.conversations for worker in brain.engine._workers.values()))
    brain.die()


def settle(brain: Brain) -> None:
    """Let the workers answer what links asked them."""
    until_s = time.monotonic() + 0.3
    brain.until(lambda: time.monotonic() > until_s)


def saying(brain: Brain, phone: Phone, to: tuple[str, int]) -> Callable[[], None]:
    """Let a phone say something, and the brain answer what links ask it."""

    def say() -> None:
        brain.turn()
        phone.send(to)

    return say


def test_a_new_brain_that_says_the_room_again_keeps_the_link(processes: list[Process]) -> None:
    first = brain_of(processes)
    with Phone(own("44.2"), payload=b"a" * 160) as a, Phone(own("44.3"), payload=b"b" * 160) as b:
        at = pair(first)
        first.engine.set_stream("c.1", stream(a))
        first.engine.set_stream("d.1", stream(b))
        first.engine.set_room("c", ROWS)
        first.engine.flush()
        collect(b, 3, saying(first, a, at["c.1"]))
        first.die()
        assert set(collect(b, 10, lambda: a.send(at["c.1"]))) == {b"a" * 160}
        second = brain_of(processes)
        second.until(lambda: len(second.states) == 2)
        assert second.engine.open_legs() == {"c.1", "d.1"}
        second.engine.set_stream("c.1", stream(a))
        second.engine.set_stream("d.1", stream(b))
        second.engine.set_room("c", ROWS)
        second.engine.flush()
        assert set(collect(b, 20, saying(second, a, at["c.1"]))) == {b"a" * 160}
        second.die()


def test_a_worker_that_dies_takes_its_end_and_the_other_end_is_closed(processes: list[Process]) -> None:
    brain = brain_of(processes)
    with Phone(own("44.2")) as a, Phone(own("44.3")) as b:
        at = pair(brain)
        brain.engine.set_stream("c.1", stream(a))
        brain.engine.set_stream("d.1", stream(b))
        brain.engine.set_room("c", ROWS)
        brain.engine.flush()
        collect(b, 1, saying(brain, a, at["c.1"]))
        processes[1].process.kill()
        brain.until(lambda: brain.count(WorkerLost) == 1)
        brain.engine.flush()
        brain.until(lambda: list(brain.engine._workers[0].conversations) == ["c.1"])
        assert [event for event in brain.events if isinstance(event, WorkerLost)] == [WorkerLost(1, ("d.1",))]
    brain.die()


def codec_of(encoding: str) -> BatchCodec:
    cls = codec_class(encoding)
    assert cls is not None
    return cls()


def tone(frequency_hz: float) -> Iterator[bytes]:
    """Give packets of a tone as PCMU."""
    codec = codec_of("PCMU")
    for number in itertools.count():
        moments = (np.arange(160) + 160 * number) / 8000
        sound = (8000 * np.sin(2 * np.pi * frequency_hz * moments)).astype(np.int16)
        yield codec.encode(sound[None, :])[0].tobytes()


def share_of_tone(payloads: Sequence[bytes], frequency_hz: float) -> float:
    """Return the share of the power of packets with G.722 that is near a frequency."""
    codec = codec_of("G722")
    octets = [np.frombuffer(payload, np.uint8)[None, :] for payload in payloads]
    sound = np.concatenate([codec.decode(each)[0] for each in octets]).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / 16000)
    near = np.abs(frequencies - frequency_hz) < 40
    return float(spectrum[near].sum() / spectrum[frequencies > 60].sum())


def test_legs_without_a_common_codec_hear_each_other_across_a_link(processes: list[Process]) -> None:
    brain = brain_of(processes)
    with Phone(own("44.2")) as a, Phone(own("44.3")) as b:
        at = pair(brain)
        brain.engine.set_stream("c.1", stream(a))
        wide = Stream(*b.at, 9, b.at[0], (G722, EVENT), receive=True, send=True)
        brain.engine.set_stream("d.1", wide)
        brain.engine.set_room("c", ROWS)
        brain.engine.flush()
        packets = tone(1000.0)
        heard: list[bytes] = []

        def say() -> None:
            brain.turn()
            a.send(at["c.1"], next(packets))

        def clear() -> bool:
            """Whether the last packets are the tone; where packets come late, sound jumps, on a busy machine."""
            heard.extend(collect(b, 20, say))
            return len(heard) >= 60 and share_of_tone(heard[-40:], 1000) > 0.9

        until(clear)
    brain.die()
