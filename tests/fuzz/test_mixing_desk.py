"""Malformed packets among good ones: the desk neither fails nor lets anything else be heard."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

import numpy as np
import pytest

from softswitch.media.engine import Format, Stream
from softswitch.media.worker.ledger import Ledger
from softswitch.media.worker.mixing.desk import Desk
from softswitch.media.worker.mixing.plan import Party
from softswitch.media.worker.relay import Relay
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import AUDIO, TELEPHONE_EVENT, Rows, To
from tests.fuzz.conftest import scale
from tests.unit.media.rig import MemoryBackend, Way, either_way  # noqa: F401

LEGS = 6
FORMATS = (
    Format("PCMU", 8000, 1, 0, 0),
    Format("PCMA", 8000, 1, 8, 8),
    Format("G722", 8000, 1, 9, 9),
    Format("CN", 8000, 1, 13, 13),
    Format("telephone-event", 8000, 1, 101, 101),
)


@dataclass
class DeskLeg:
    """What the desk asks of a leg."""

    row: int
    stream: Stream
    may_receive: bool = True
    may_send: bool = True
    track: None = None


def malformed(rolled: random.Random) -> bytes:
    """Return a packet of a phone gone mad."""
    kind = rolled.choice((0, 8, 9, 13, 101, rolled.randrange(256)))
    first = rolled.choice((0x80, 0x80, 0x80, rolled.randrange(256)))
    head = struct.pack(
        "!BBHII",
        first,
        kind,
        rolled.getrandbits(16),
        rolled.getrandbits(32),
        rolled.choice((1, 2, rolled.getrandbits(32))),
    )
    return (head + rolled.randbytes(rolled.choice((0, 1, 4, 79, 80, 160, 161, 700, 2040))))[: rolled.randrange(1, 2060)]


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("seed", range(scale(4)))
def test_malformed_packets_harm_nobody_and_the_silent_stay_silent(seed: int) -> None:
    rolled = random.Random(seed)
    state = Rows(LEGS, Way.loops)
    ledger, routes, backend = Ledger(state), Routes(state), MemoryBackend(state)
    stream = Stream("10.0.0.1", 4000, 4001, "10.0.0.1", FORMATS, receive=True, send=True)
    legs = {state.take(): DeskLeg(row, stream) for row in range(LEGS)}
    for row in legs:
        state.kinds[row, [0, 8, 9, 13]] = AUDIO
        state.kinds[row, 101] = TELEPHONE_EVENT
        state.sending[row, To.CONNECTED] = 1
        ledger.open(row, sequence=1, timestamp=1)
    relay = Relay(
        state,
        routes,
        ledger,
        backend,  # type: ignore[arg-type]  # attaches nothing
        on_event=lambda *_: None,
        on_report=lambda *_: None,
        on_strange=lambda *_: None,
        send_unlatched=lambda *_: True,
    )
    desk = Desk(state, ledger, backend, lambda *_: True)  # type: ignore[arg-type]  # as above
    mad, quiet = [0, 1, 2], [3, 4, 5]
    parties = [Party(mad, mad), Party(quiet, quiet)]
    desk.set_parties(parties, legs, now=0.0)  # type: ignore[arg-type]  # all that is asked of a leg
    relay.sound = desk
    for frame in range(280):
        now = 0.02 * frame
        relay.take({row: [malformed(rolled) for _ in range(rolled.randrange(5))] for row in mad}, now=now)
        desk.tick(now=now)
        ledger.settle()
    for row in mad:
        sequences = [struct.unpack_from("!H", packet, 2)[0] for packet in backend.sent[row]]
        assert sequences == [(sequences[0] + place) & 0xFFFF for place in range(280)]
    heard = {packet[12:] for row in quiet for packet in backend.sent[row]}
    assert heard == {bytes([0xFF]) * 160}, "mu-law's silence and nothing else"
    assert np.all(state.refused[quiet] == 0)
