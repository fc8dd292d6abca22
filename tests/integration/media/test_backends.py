from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from softswitch.core.errors import MediaError
from softswitch.media.loops.found import find_loops
from softswitch.media.worker.aio import AioBackend
from softswitch.media.worker.backends import choose_backend
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.rows import PACKET_OCTETS, Rows
from tests.integration.media.rig import Wire
from tests.own_network import own
from tests.unit.media.rig import LOOPS

pytestmark = pytest.mark.network

ADDRESS = own("45.1")


class Cables:
    """A backend whose rows are connected to one far socket each."""

    def __init__(self, backend: str, rows: int) -> None:
        backend, _, in_loops = backend.partition(" ")
        self.state = Rows(rows, (find_loops().loops or LOOPS) if in_loops else None)
        self._wire = Wire()
        self._wire.open()
        self.io: IoBackend = choose_backend(self.state, wanted=backend)
        self.near = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) for _ in range(rows)]
        self.far = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) for _ in range(rows)]
        for row, (near, far) in enumerate(zip(self.near, self.far, strict=True)):
            near.bind((ADDRESS, 0))
            far.bind((ADDRESS, 0))
            near.connect(far.getsockname())
            far.connect(near.getsockname())
            self.io.attach(row, near)

    def settle(self) -> None:
        """Wait until all that was sent has arrived."""
        self._wire.settle()

    def receive(self) -> dict[int, bytes]:
        self.settle()
        found, lengths, missed = self.io.receive(np.arange(self.state.capacity))
        assert not {*found.tolist()} & {*missed.tolist()}
        return {
            row: self.state.octets[row, :n].tobytes() for row, n in zip(found.tolist(), lengths.tolist(), strict=True)
        }

    def send(self, packets: dict[int, bytes]) -> list[int]:
        for row, packet in packets.items():
            self.state.octets[row, : len(packet)] = np.frombuffer(packet, np.uint8)
        rows = np.array([*packets], np.intp)
        failed = self.io.send(rows, rows, np.array([len(p) for p in packets.values()], np.int64))
        self.settle()
        return [int(row) for row in failed]

    def close(self) -> None:
        self.io.close()
        self._wire.close()
        for sock in (*self.near, *self.far):
            sock.close()


@pytest.fixture(params=["uring", "uring in loops", "aio", "epoll"])
def cables(request: pytest.FixtureRequest) -> Iterator[Cables]:
    made = Cables(request.param, 6)
    yield made
    made.close()


def test_each_row_gets_its_own_packet_one_a_sweep(cables: Cables) -> None:
    for row in (1, 3, 4):
        cables.far[row].send(b"first %d" % row)
        cables.far[row].send(b"second %d" % row)
    assert cables.receive() == {row: b"first %d" % row for row in (1, 3, 4)}
    assert cables.receive() == {row: b"second %d" % row for row in (1, 3, 4)}
    assert cables.receive() == {}


def test_packets_leave_by_the_listeners_socket(cables: Cables) -> None:
    assert cables.send({0: b"zero", 5: b"five"}) == []
    assert (cables.far[0].recv(99), cables.far[5].recv(99)) == (b"zero", b"five")


def test_a_source_may_be_sent_to_another_listener(cables: Cables) -> None:
    cables.state.octets[2, :5] = np.frombuffer(b"hello", np.uint8)
    failed = cables.io.send(np.array([4], np.intp), np.array([2], np.intp), np.array([5], np.int64))
    assert failed.size == 0
    cables.settle()
    assert cables.far[4].recv(99) == b"hello"


def test_a_packet_as_long_as_the_room_shows_that_it_was_cut(cables: Cables) -> None:
    cables.far[0].send(bytes(5000))
    assert len(cables.receive()[0]) == PACKET_OCTETS


def test_a_detached_row_is_left_alone(cables: Cables) -> None:
    cables.far[2].send(b"unheard")
    cables.far[3].send(b"heard")
    cables.settle()
    cables.io.detach(2)
    rows = np.array([0, 1, 3], np.intp)
    found, _, _ = cables.io.receive(rows)
    assert found.tolist() == [3]


def test_an_unreachable_port_is_told_and_the_others_are_sent_to(cables: Cables) -> None:
    cables.far[1].close()
    cables.send({1: b"lost"})
    assert cables.send({0: b"a", 1: b"b", 2: b"c"}) == [1]
    assert (cables.far[0].recv(9), cables.far[2].recv(9)) == (b"a", b"c")
    cables.send({1: b"lost"})
    cables.far[0].send(b"still")
    assert cables.receive() == {0: b"still"}


@pytest.mark.parametrize("kind", ["uring", "uring in loops"])
def test_a_ring_keeps_to_its_rows_sockets_whatever_descriptors_are_given_to_others(kind: str) -> None:
    cables = Cables(kind, 3)
    for far in cables.far:
        far.send(b"sound")
    os.close(cables.near[1].detach())
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind((ADDRESS, 0))
    other.sendto(b"of another call", other.getsockname())
    assert cables.receive() == dict.fromkeys(range(3), b"sound")
    cables.io.detach(1)
    assert cables.receive() == {}
    assert cables.io.broken() == [1]
    other.close()
    del cables.near[1]
    cables.close()


def test_a_descriptor_closed_too_early_costs_only_its_own_row() -> None:
    cables = Cables("aio", 6)
    for far in cables.far:
        far.send(b"sound")
    os.close(cables.near[2].detach())
    os.close(cables.near[3].detach())
    assert sorted(cables.receive()) == [0, 1, 4, 5]
    assert cables.io.broken() == [2, 3]
    assert cables.io.broken() == []
    cables.send(dict.fromkeys(range(6), b"back"))
    assert cables.io.broken() == [2, 3]
    assert all(cables.far[row].recv(9) == b"back" for row in (0, 1, 4, 5))
    cables.near[2:4] = []
    cables.close()


@pytest.mark.parametrize("kind", ["uring", "uring in loops", "aio"])
def test_a_sweep_may_be_larger_than_what_the_system_takes_at_once(kind: str) -> None:
    cables = Cables(kind, 1100)
    for _ in range(3):
        for far in cables.far:
            far.send(b"sound")
        assert sorted(cables.receive()) == list(range(1100))
        assert cables.send(dict.fromkeys(range(1100), b"back")) == []
    assert all(far.recv(9) == b"back" for far in cables.far)
    cables.close()


def test_where_the_machine_is_unknown_epoll_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "abacus")
    monkeypatch.setattr(sys, "byteorder", "big")
    io = choose_backend(Rows(2))
    assert io.name == "epoll"
    io.close()
    with pytest.raises(MediaError, match="abacus"):
        choose_backend(Rows(2), wanted="aio")


def test_contexts_are_given_back() -> None:
    def in_use() -> int:
        with open("/proc/sys/fs/aio-nr") as number:
            return int(number.read())

    before = in_use()
    backends = [AioBackend(Rows(2)) for _ in range(20)]
    for each in backends:
        each.close()
        each.close()
    assert in_use() < before + 20 * 512
