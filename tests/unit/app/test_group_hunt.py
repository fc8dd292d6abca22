"""The order in which a scenario's group rings is drawn anew for each call, by the weights."""

from __future__ import annotations

from collections import Counter

import pytest

from softswitch.app.group_hunt import GroupHunt
from softswitch.calls.destinations import Phone
from softswitch.core.ids import Entropy, new_conversation_id
from softswitch.directory.site import Group, make_site
from softswitch.queues.groups.hunt import Member

RUNS = 20_000


class Everybody:
    """Members who are all free."""

    def member(self, conversation_id: str, user: str) -> Member:
        return Member("", 0.0)

    def phones(self, user: str) -> tuple[Phone, ...]:
        return ()


@pytest.mark.row("S-30", "S-31")
def test_each_call_draws_its_own_order_and_keeps_to_it() -> None:
    weights = {"anna": 4, "boris": 1, "vera": 1, "gleb": 1}
    group = Group("sales", "600", "weighted_random", 20.0, None, 1, tuple(weights.items()))
    site = make_site("example.net", groups=[group])
    hunt = GroupHunt(lambda: site, Everybody())
    entropy = Entropy(lambda octets: bytes(number * 7 % 251 for number in range(octets)))
    places = [Counter[str]() for _ in weights]
    for call in range(RUNS):
        conversation_id = new_conversation_id(1_800_000_000 + 0.7 * call, entropy)
        memory = hunt.begin(conversation_id, "sales")
        order = memory[2].split(",")
        assert hunt.begin(conversation_id, "sales") == memory
        assert memory[-1] == order[0]
        for place, name in enumerate(order):
            places[place][name] += 1
    assert places[0]["anna"] / RUNS == pytest.approx(4 / 7, abs=0.01)
    assert places[1]["anna"] / RUNS == pytest.approx(3 / 7 * 4 / 6, abs=0.01)
    for name in ("boris", "vera", "gleb"):
        assert places[0][name] / RUNS == pytest.approx(1 / 7, abs=0.01)
