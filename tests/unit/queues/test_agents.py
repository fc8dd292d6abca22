"""The people's state under any order of inputs: always a row of the preset, and the same when folded again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import CommandError
from softswitch.core.facts import Record, decode, encode
from softswitch.directory.site import Queue, make_site
from softswitch.queues.agents import inputs
from softswitch.queues.agents.decide import decide
from softswitch.queues.agents.state import AgentsState, Presence
from softswitch.simulation.world import make_user

NAMES = ("anna", "boris", "nobody")
SITE = make_site(
    "example.net",
    [make_user("anna", "101"), make_user("boris", "102")],
    queues=[Queue("support", "700", ("anna", "boris")), Queue("sales", "701", ("anna",))],
)
SMALLER = make_site("example.net", [make_user("anna", "101")], queues=[Queue("support", "700", ())])

users = st.sampled_from(NAMES)
queues = st.sampled_from(["", "support", "sales", "none"])
steps = st.one_of(
    st.builds(inputs.PhoneCame, users, st.just(0.0)),
    st.builds(inputs.PhonesGone, users, st.sampled_from(["expired", "unregistered"])),
    st.builds(inputs.ChooseStatus, users, st.sampled_from(["ready", "unavailable", "serving", "x"]), st.just("api")),
    st.builds(inputs.EnterQueues, users, queues, st.just("code")),
    st.builds(inputs.LeaveQueues, users, queues, st.just("code")),
    st.builds(inputs.SiteLoaded, st.just(0.0), st.dictionaries(users, st.booleans())),
)


@given(st.lists(st.tuples(st.booleans(), steps, st.floats(0, 900)), max_size=40))
def test_any_order_of_inputs_keeps_the_state_sound_and_folds_to_the_same(
    script: list[tuple[bool, inputs.Input, float]],
) -> None:
    state, now_s = AgentsState(), 1000.0
    records: list[Record] = []
    named: set[str] = set()
    for smaller, step, later_s in script:
        now_s += later_s
        site = SMALLER if smaller else SITE
        timed = _at(step, now_s)
        try:
            decided = decide(state, site, timed)
        except CommandError as error:
            named.add(error.field)
            continue
        for fact in decided:
            record = decode(encode(len(records) + 1, now_s, "", fact))
            records.append(record)
            state.apply(record)
        assert decide(state, site, timed) == [], "the same again changes nothing"
        check(state)
    assert named <= {"user", "status", "queue"}
    assert fold(records).values() == state.values()
    other = AgentsState()
    other.restore(state.values())
    assert other.values() == state.values()


def _at(step: inputs.Input, now_s: float) -> inputs.Input:
    if isinstance(step, inputs.PhoneCame):
        return inputs.PhoneCame(step.user, now_s)
    return inputs.SiteLoaded(now_s, step.live) if isinstance(step, inputs.SiteLoaded) else step


def fold(records: list[Record]) -> AgentsState:
    state = AgentsState()
    for record in records:
        state.apply(record)
    return state


def check(state: AgentsState) -> None:
    preset = SITE.presets()["voximplant"]
    for agent in state.agents.values():
        if agent.presence is Presence.PRESENT:
            assert preset.statuses[agent.status].set_by == "user"
            assert not agent.before
        else:
            assert agent.status == "offline"
