"""How many calls of one source are counted, whatever else goes on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softswitch.app.source_calls import SourceCalls
from softswitch.calls.state import CallsState, Leg
from softswitch.calls.tables import LegState
from softswitch.sip.flow import Flow

HOSTS = ("198.51.100.7", "198.51.100.8", "2001:db8:0:7::1", "2001:db8:0:7::2", "2001:db8:0:8::1")
SAME = {"2001:db8:0:7::1": "seven", "2001:db8:0:7::2": "seven"}
STEPS = st.lists(st.tuples(st.sampled_from(("begin", "trunk", "ring", "end", "vanish")), st.sampled_from(HOSTS)))


def leg(step: str, host: str, number: int = 0) -> Leg:
    side = "callee" if step == "ring" else "picker" if number % 2 else "caller"
    trunk = "pstn" if step == "trunk" else ""
    flow = Flow("udp", ("198.51.100.1", 5060), (host, 5060))
    return Leg(str(number), "c", side, "", "", "", flow, "", "", 70, trunk=trunk)


@given(STEPS, st.integers(1, 3))
def test_whatever_begins_and_ends_a_source_may_have_so_many_calls_and_all_again_when_none_is_left(
    steps: list[tuple[str, str]], most: int
) -> None:
    state = CallsState()
    guard = SourceCalls(state, most, (), lambda event, **keys: None)
    for number, (step, host) in enumerate(steps):
        counted = [one for one in state.legs.values() if one.side != "callee" and one.is_live and not one.trunk]
        theirs = [one for one in counted if SAME.get(one.flow.remote[0], one.flow.remote[0]) == SAME.get(host, host)]
        assert guard.may_call(host) == (len(theirs) < most)
        if step in {"begin", "trunk", "ring"}:
            state.legs[str(number)] = leg(step, host, number)
        elif theirs and step == "end":
            theirs[0].state = LegState.ENDED
        elif theirs:
            state.legs = {name: one for name, one in state.legs.items() if one is not theirs[0]}
    for one in state.legs.values():
        one.state = LegState.ENDED
    assert all(guard.may_call(host) for host in HOSTS)


def test_a_source_at_its_limit_is_told_once_until_it_was_below() -> None:
    state, told = CallsState(), list[tuple[str, dict[str, object]]]()
    guard = SourceCalls(state, 1, (), lambda event, **keys: told.append((event, keys)))
    for _ in range(2):
        state.legs["a"] = leg("begin", HOSTS[0])
        assert [guard.may_call(HOSTS[0]) for _ in range(3)] == [False] * 3
        del state.legs["a"]
        assert guard.may_call(HOSTS[0])
    assert told == [("source.calls_full", {"source": HOSTS[0], "most": 1})] * 2
