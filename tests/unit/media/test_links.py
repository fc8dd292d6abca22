"""Links between workers: what they ask of the workers, and what becomes of them when a worker refuses or forgets."""

from __future__ import annotations

from collections.abc import Sequence

from softswitch.media.engine import EVERYBODY, Format, Hear, LegOpened, LegRefused, OpenLeg, Stream
from softswitch.media.links import Links

PCMU, PCMA = Format("PCMU", 8000, 1, 0, 0), Format("PCMA", 8000, 1, 8, 8)
EVENT = Format("telephone-event", 8000, 1, 101, 101)
HOME = {"a": 0, "b": 1, "c": 1}
PAIR = (Hear("a", ("b",)), Hear("b", ("a",)))
THREE = tuple(Hear(name, (EVERYBODY,)) for name in HOME)


class Workers:
    """Remember what they are asked."""

    def __init__(self) -> None:
        self.opened: list[tuple[int, str]] = []
        self.aimed: dict[str, Stream] = {}
        self.closed: list[str] = []
        self.seated: dict[int, Sequence[Hear]] = {}

    def open_end(self, worker: int, order: OpenLeg) -> None:
        self.opened.append((worker, order.leg))

    def aim_end(self, worker: int, name: str, stream: Stream) -> None:
        self.aimed[name] = stream

    def close_end(self, worker: int, name: str) -> None:
        self.closed.append(name)

    def seat(self, worker: int, room: str, rows: Sequence[Hear]) -> None:
        self.seated[worker] = rows


def linked(rows: Sequence[Hear]) -> tuple[Links, Workers]:
    workers = Workers()
    links = Links(workers)
    for leg in HOME:
        links.streamed(leg, stream(PCMA, EVENT) if leg == "a" else stream(PCMU, PCMA, EVENT))
    links.seat("room", rows, HOME)
    for port, (_, name) in enumerate(list(workers.opened)):
        assert links.takes(LegOpened(name, "127.0.0.1", 20000 + 2 * port))
    return links, workers


def stream(*formats: Format) -> Stream:
    return Stream("127.0.0.9", 4000, 4001, "127.0.0.9", formats, receive=True, send=True)


def spoken(workers: Workers) -> set[tuple[str, ...]]:
    return {tuple(form.encoding for form in each.formats) for each in workers.aimed.values()}


def test_the_ends_of_a_link_are_aimed_at_each_other_and_two_speak_what_both_phones_have() -> None:
    _, workers = linked(PAIR)
    one, other = (name for _, name in workers.opened)
    assert (workers.aimed[one].port, workers.aimed[other].port) == (20002, 20000)
    assert spoken(workers) == {("PCMA", "telephone-event")}


def test_where_more_than_two_hear_each_other_the_link_carries_samples_and_two_again_their_codec() -> None:
    links, workers = linked(THREE)
    assert spoken(workers) == {("L16", "telephone-event")}
    links.seat("room", PAIR, HOME)
    assert spoken(workers) == {("PCMA", "telephone-event")}
    assert not workers.closed


def test_one_who_is_muted_makes_a_pair_a_room_that_is_mixed() -> None:
    _, workers = linked((Hear("a", ("b",), (0.0,)), Hear("b", ("a",))))
    assert spoken(workers) == {("L16", "telephone-event")}


def test_an_end_that_is_refused_takes_the_other_with_it_and_is_tried_again_with_the_room() -> None:
    links, workers = linked(THREE)
    name = workers.opened[0][1]
    assert links.takes(LegRefused(name, "no-port"))
    assert sorted(workers.closed) == sorted(end for _, end in workers.opened)
    assert not links.knows(name)
    before = len(workers.opened)
    links.seat("room", THREE, HOME)
    assert len(workers.opened) == before + 2


def test_a_room_that_is_over_closes_the_ends_and_a_lost_worker_the_ends_at_the_others() -> None:
    links, workers = linked(THREE)
    links.worker_lost(1)
    assert sorted(workers.closed) == sorted(end for _, end in workers.opened)
    links.part("room")
    assert len(workers.closed) == 2


def test_events_of_legs_are_not_taken() -> None:
    links, _ = linked(PAIR)
    assert not links.takes(LegOpened("a", "127.0.0.1", 4000))
    assert links.takes(LegOpened("link of nobody", "127.0.0.1", 4000))
