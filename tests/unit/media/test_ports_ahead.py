from __future__ import annotations

from collections.abc import Iterator

import pytest

from softswitch.core.errors import MediaError
from softswitch.media.worker import ports_ahead
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.ports_ahead import PortsAhead
from softswitch.media.worker.sockets import Bound, bind_pair

HERE, THERE = "127.0.0.1", "127.0.0.2"


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[PortsAhead]:
    """Ports of a range of 64 pairs, four of them in stock for each address; sockets are closed at the end."""
    bound: list[Bound] = []

    def bind(address: str, pool: PortPool) -> Bound:
        bound.append(bind_pair(address, pool))
        return bound[-1]

    monkeypatch.setattr(ports_ahead, "bind_pair", bind)
    yield PortsAhead(PortPool(range(41000, 41128)))
    for each in bound:
        each.catch_all.close()
        each.reports.close()


def test_nothing_is_held_ready_where_no_leg_was_opened(ahead: PortsAhead) -> None:
    ahead.fill()
    assert not ahead.everything()


def test_the_address_of_a_leg_gets_a_stock_that_is_told_once(ahead: PortsAhead) -> None:
    ahead.note_use(HERE)
    ahead.fill()
    [(address, ports)] = ahead.take_untold()
    assert (address, len(set(ports))) == (HERE, 4)
    assert not ahead.take_untold()
    assert ahead.everything() == [(HERE, ports)]


def test_a_pair_is_given_once_and_is_bound_where_it_says(ahead: PortsAhead) -> None:
    ahead.note_use(HERE)
    ahead.fill()
    [(_, [port, *_])] = ahead.take_untold()
    bound = ahead.take(HERE, port)
    assert bound.catch_all.getsockname() == (HERE, port)
    assert bound.reports.getsockname() == (HERE, port + 1)
    with pytest.raises(MediaError, match=f"port {port} of {HERE}"):
        ahead.take(HERE, port)


def test_the_stock_is_filled_when_half_of_it_is_gone(ahead: PortsAhead) -> None:
    ahead.note_use(HERE)
    ahead.fill()
    [(_, ports)] = ahead.take_untold()
    ahead.take(HERE, ports[0])
    ahead.fill()
    assert not ahead.take_untold()
    ahead.take(HERE, ports[1])
    ahead.fill()
    [(_, fresh)] = ahead.take_untold()
    assert len(fresh) == 2
    assert not set(fresh) & set(ports)


def test_the_stock_is_made_whole_where_there_is_time(ahead: PortsAhead) -> None:
    ahead.note_use(HERE)
    ahead.fill()
    [(_, ports)] = ahead.take_untold()
    ahead.take(HERE, ports[0])
    ahead.fill(whole=True)
    [(_, fresh)] = ahead.take_untold()
    assert len(fresh) == 1
    ahead.fill(whole=True)
    assert not ahead.take_untold()


def test_an_address_that_is_not_ours_has_no_stock_and_the_others_have_theirs(ahead: PortsAhead) -> None:
    ahead.note_use("192.0.2.9")
    ahead.note_use(THERE)
    ahead.fill()
    assert [address for address, _ in ahead.everything()] == [THERE]


def test_a_small_range_is_not_kept_in_stock() -> None:
    ahead = PortsAhead(PortPool(range(41000, 41030)))
    ahead.note_use(HERE)
    ahead.fill()
    assert not ahead.everything()
