from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.facts import Record
from softswitch.directory.subscriptions import (
    SubscriptionEnded,
    SubscriptionMade,
    SubscriptionRenewed,
    Subscriptions,
)

NAMES = st.sampled_from("abc")


def dialog(name: str, cseq: int = 1) -> tuple[object, ...]:
    flow = ("udp", "10.0.0.1", 5060, "10.0.0.2", 5060, 0)
    return (flow, f"call-{name}", "ours", "theirs", "<sip:a>", "<sip:b>", "sip:b", (), cseq, 1, "dialog")


def made(name: str, user: str = "anna", resource: str = "102", members: tuple[str, ...] = ()) -> SubscriptionMade:
    return SubscriptionMade(name, user, "dialog", resource, members, 3600.0, dialog(name), "sip:b", "Phone/1")


MADE = st.builds(made, NAMES, NAMES, st.sampled_from(["101", "102"]), st.sampled_from([(), ("101", "103")]))
RENEWED = st.builds(lambda name, cseq: SubscriptionRenewed(name, 9000.0, dialog(name, cseq)), NAMES, st.integers(0, 9))
ENDED = st.builds(SubscriptionEnded, NAMES, st.just("expired"))


def folded(facts: list[object], state: Subscriptions | None = None) -> Subscriptions:
    state = Subscriptions() if state is None else state
    for number, fact in enumerate(facts):
        state.apply(Record(number, 0.0, "", fact))
    return state


@given(st.lists(MADE | RENEWED | ENDED, max_size=20), st.integers(0, 20))
def test_a_snapshot_and_the_rest_give_what_all_facts_give(facts: list[object], at: int) -> None:
    straight = folded(facts)
    resumed = Subscriptions()
    values = msgpack.unpackb(msgpack.packb(folded(facts[:at]).values()), use_list=False)
    resumed.restore(values)
    folded(facts[at:], resumed)
    assert resumed.values() == straight.values()
    for watch in straight:
        for resource in watch.told_of:
            assert watch in resumed.about(watch.package, resource)
        assert watch in resumed.of_user(watch.user)
        assert watch in resumed.made_by(f"call-{watch.subscription}", "theirs")
    everybody = sum(resumed.count_of(user) for user in "abc")
    assert everybody == len(resumed)


def test_who_watches_a_list_watches_its_members() -> None:
    state = folded([made("a", resource="600", members=("101", "102"))])
    assert state.has("dialog", "101")
    assert not state.has("dialog", "600")
    folded([SubscriptionEnded("a", "unsubscribed")], state)
    assert not state.has("dialog", "101")
    assert len(state) == 0
