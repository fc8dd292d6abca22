"""The desk is told only of what has changed; it has to come to what a desk knows that is told of everything."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.engine import Format, Hear, Stream
from softswitch.media.worker.key_track import KeyTrack
from softswitch.media.worker.leg import Leg, ReportState
from softswitch.media.worker.mixing.desk import Desk
from softswitch.media.worker.mixing.plan import Party
from softswitch.media.worker.rooms import Rooms
from softswitch.media.worker.track import MadeClip, Track
from tests.unit.media.rig import EVENT_101, PCMA, PCMU, Rig

G722 = Format("G722", 8000, 1, 9, 9)
UNKNOWN_TO_US = Format("G999", 8000, 1, 99, 99)
OFFERS = ((PCMU, EVENT_101), (PCMU,), (PCMA, PCMU, EVENT_101), (G722, EVENT_101), (UNKNOWN_TO_US, EVENT_101), (PCMA,))
NAMES = ("a", "b", "c", "d")


class House:
    """Legs, rooms, a desk, and what a tick does with them."""

    def __init__(self) -> None:
        self.rig = Rig(len(NAMES) + 1)
        self.legs: dict[str, Leg] = {}
        self.desk = self.new_desk()
        self.rooms = Rooms(self.legs, self.rig.state, self.rig.routes, self.desk)
        self.music = Track(100, [MadeClip("5")], repeat=True)
        self.parties: list[Party] = []
        self.alone: list[int] = []
        self.numbers = iter(range(10_000))

    def new_desk(self) -> Desk:
        backend: Any = self.rig.backend
        return Desk(self.rig.state, self.rig.ledger, backend, lambda *_: True)

    def open(self, name: str, rolled: Random) -> None:
        if name not in self.legs:
            row, no_socket = self.rig.leg(), None
            sockets: Any = no_socket
            self.legs[name] = Leg(name, "c", "10.0.0.9", 2 * row, row, sockets, sockets, ReportState(name))
            self.rooms.refresh(self.legs[name])

    def stream(self, name: str, rolled: Random) -> None:
        leg = self.legs.get(name)
        if leg is not None:
            at = rolled.choice(("10.0.0.1", ""))
            receive, send, keys = (rolled.random() < 0.8 for _ in range(3))
            offer, ptime_ms = rolled.choice(OFFERS), rolled.choice((10, 20, 60))
            leg.stream = Stream(at, 4000, 4001, at, offer, receive, send, ptime_ms, keys=keys)
            leg.latch.aim(at, 4000, at, now=0.0)
            self.rooms.refresh(leg)

    def latch(self, name: str, rolled: Random) -> None:
        leg = self.legs.get(name)
        if leg is not None:
            leg.latch.judge(("10.0.0.1", 4000), 1, 1, now=9.0, heard_at=lambda: 0.0)
            self.rooms.refresh(leg)

    def play(self, name: str, rolled: Random) -> None:
        leg = self.legs.get(name)
        if leg is not None:
            own = Track(next(self.numbers), [MadeClip("1")])
            leg.track = rolled.choice((own, self.music, KeyTrack("1", EVENT_101)))
            self.rooms.hear_track(leg)

    def stop(self, name: str, rolled: Random) -> None:
        leg = self.legs.get(name)
        if leg is not None:
            leg.track = None
            self.rooms.hear_track(leg)

    def room(self, name: str, rolled: Random) -> None:
        people = rolled.sample(NAMES, rolled.randrange(4))
        others = [tuple(one for one in people if one != listener) for listener in people]
        gains = [tuple(rolled.choice((1.0, 0.3)) for _ in heard) for heard in others]
        rows = [Hear(one, heard, loud) for one, heard, loud in zip(people, others, gains, strict=True) if heard]
        self.rooms.set_room(rolled.choice(("room", "hall")), rows)

    def close(self, name: str, rolled: Random) -> None:
        leg = self.legs.pop(name, None)
        if leg is not None:
            leg.track = leg.stream = None
            self.rooms.hear_track(leg)
            self.rooms.drop(leg)
            self.desk.drop(leg.row)
            self.rig.state.give_back(leg.row)

    def frame(self, name: str, rolled: Random) -> None:
        """Do what a tick does, and compare."""
        legs, retuned = {leg.row: leg for leg in self.legs.values()}, self.rooms.take_retuned()
        if self.rooms.changed:
            self.parties, self.alone = self.rooms.parties(), self.rooms.talking_to_us()
            self.desk.set_parties(self.parties, legs, now=1.0, pressing=self.alone, retuned=retuned)
        elif retuned:
            self.desk.retune(retuned, now=1.0)
        assert (self.parties, self.alone) == (self.rooms.parties(), self.rooms.talking_to_us())
        fresh = self.new_desk()
        fresh.set_parties(self.parties, legs, now=1.0, pressing=self.alone, retuned=legs.values())
        assert known_of(self.desk) == known_of(fresh)
        self.desk.tick(now=1.0)


def known_of(desk: Desk) -> dict[str, object]:
    """Return what a desk knows of who hears whom and what."""
    box = desk.jukebox
    sent_to = {row for plan in desk._plans for outlet in plan.outlets for row in outlet.rows.tolist()}
    sent_to |= {row for ears in box._ears.values() for row in ears}
    return {
        "listening": desk._listening,
        "codes": {row: desk._fittings.codes[row].tobytes() for row in sorted(desk._speaking)},
        "types": {row: (desk._sender._type[row], desk._sender._step[row]) for row in sorted(sent_to)},
        "plans": [
            (plan.rate_hz, [*plan.speakers], [(o.code, o.cells, [*o.rows]) for o in plan.outlets], [*plan.passed_over])
            for plan in desk._plans
        ],
        "tracks": box.tracks,
        "heard": box._heard,
        "users": box._users,
        "ears": {code: ears for code, ears in box._ears.items() if ears},
        "pressing": box._pressing,
        "deaf": sorted(box._deaf),
    }


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("open", "stream", "latch", "play", "stop", "room", "close", "frame")),
            st.sampled_from(NAMES),
        ),
        max_size=60,
    ),
    st.integers(0, 1 << 30),
)
def test_what_is_told_bit_by_bit_comes_to_what_is_told_at_once(steps: list[tuple[str, str]], seed: int) -> None:
    house, rolled = House(), Random(seed)
    for name in NAMES:
        house.open(name, rolled)
        house.stream(name, rolled)
    for what, name in (*steps, ("frame", "a")):
        getattr(house, what)(name, rolled)


def test_a_listener_whose_only_speaker_has_gone_hears_silence() -> None:
    house = House()
    house.open("a", Random(1))
    leg = house.legs["a"]
    leg.stream = Stream("10.0.0.1", 4000, 4001, "10.0.0.1", (PCMU,), receive=True, send=True)
    leg.latch.aim("10.0.0.1", 4000, "10.0.0.1", now=0.0)
    house.desk.set_parties([Party([], [leg.row], {leg.row: {}})], {leg.row: leg}, now=1.0)
    house.desk.tick(now=1.02)
    (packet,) = house.rig.backend.sent[leg.row]
    assert packet[12:] == bytes([0xFF]) * 160  # mu-law's silence
