"""The agents' machine under random histories: nothing sticks, whatever is said in whatever order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import CommandError
from softswitch.core.facts import Record, decode, encode
from softswitch.directory.site import Group, Queue, Site, make_site
from softswitch.queues.agents import inputs
from softswitch.queues.agents.decide import decide
from softswitch.queues.agents.facts import AgentWorked
from softswitch.queues.agents.state import Agent, AgentsState, Presence
from softswitch.queues.agents.working import Work
from softswitch.simulation.world import make_user
from tests.fuzz.conftest import scale

USERS = ("anna", "boris")
QUEUES = ("support", "sales", "vip")
STATUSES = ("ready", "online", "unavailable", "all_calls", "outbound", "dnd", "break", "lunch", "blocked", "wrap_up")
WRAP_UPS: tuple[dict[str, Any], ...] = (
    {},
    {"wrap_up_s": 10.0},
    {"wrap_up_s": 45.0, "wrap_up_return": "previous"},
    {"wrap_up_limit": False},
    {"wrap_up_s": 30.0, "wrap_up_every": True},
)


class Bench:
    """The state, the clock it is told, and what must hold after each input."""

    def __init__(self, presets: tuple[str, str], wrap_ups: list[int]) -> None:
        self.site = _site(presets, wrap_ups)
        self.state = AgentsState()
        self.now = 1_000_000.0
        self.records: list[bytes] = []

    def say(self, given_: inputs.Input) -> None:
        before = self.state.values()
        try:
            made = decide(self.state, self.site, given_)
        except CommandError:
            assert self.state.values() == before, "what is refused changes nothing"
            return
        for fact in made:
            self.records.append(encode(len(self.records) + 1, self.now, "", fact))
            self.state.apply(decode(self.records[-1]))
            if isinstance(given_, inputs.Finished) and isinstance(fact, AgentWorked) and fact.step == "wraps_up":
                self.right_wrap_up(fact, given_)
        self.sound()

    def right_wrap_up(self, fact: AgentWorked, given_: inputs.Finished) -> None:
        """The longest rule of all lists that have the user, in words of its own (M-22, M-24)."""
        lists: list[Queue | Group] = [*self.site.queues.values(), *self.site.groups.values()]
        counts = [each for each in lists if given_.queue or each.wrap_up_every]
        assert counts
        if any(not each.wrap_up_limit for each in counts):
            assert fact.until_s == 0.0
        else:
            assert fact.until_s == given_.at_s + max(each.wrap_up_s for each in counts)

    def sound(self) -> None:
        """What must hold between two inputs."""
        for agent in self.state.agents.values():
            preset = self.site.preset_of(self.site.users[agent.user])
            assert agent.status in preset.statuses
            if agent.presence is Presence.AWAY:
                assert agent.status == preset.offline
                assert agent.work not in {Work.WRAP_UP, Work.BLOCKED}, "nobody is there to end it"
            if agent.work is Work.IDLE:
                assert not agent.planned, "what was planned has been done"
                assert not agent.work_queue
            assert bool(agent.work_until_s) <= (agent.work is Work.WRAP_UP)

    def passes(self, seconds: float) -> None:
        """Let time pass; every wrap-up with a limit ends at its moment."""
        until = self.now + seconds
        for agent in sorted(self.state.agents.values(), key=lambda each: each.work_until_s):
            if agent.work_until_s and agent.work_until_s <= until:
                self.now = max(self.now, agent.work_until_s)
                self.say(inputs.WorkDue(agent.user, self.now))
                assert agent.work is Work.IDLE, "a deadline did not leave"
        self.now = until


def _site(presets: tuple[str, str], wrap_ups: list[int]) -> Site:
    users = [replace(make_user(name, f"10{n}"), preset=presets[n]) for n, name in enumerate(USERS)]
    rules = [WRAP_UPS[number] for number in wrap_ups]
    queues = [Queue(name, f"70{n}", USERS, **rules[n]) for n, name in enumerate(QUEUES)]
    members = tuple((name, 1) for name in USERS)
    group = Group("desk", "600", "simultaneous", 20, None, 1, members, **rules[len(QUEUES)])
    return make_site("example.net", users, queues=queues, groups=(group,))


def input_of(agent: Agent | None, deed: str, user: str, number: int, now: float) -> inputs.Input | None:
    """Return what a deed says; what telephones cannot do does not happen."""
    queue, work = QUEUES[number % len(QUEUES)], Work.IDLE if agent is None else agent.work
    made: dict[str, inputs.Input] = {
        "came": inputs.PhoneCame(user, now),
        "gone": inputs.PhonesGone(user, "expired"),
        "choose": inputs.ChooseStatus(user, STATUSES[number % len(STATUSES)], "api"),
        "in": inputs.EnterQueues(user, queue if number % 2 else "", "api"),
        "out": inputs.LeaveQueues(user, queue if number % 2 else "", "api"),
        "offered": inputs.Offered(user, queue),
        "released": inputs.Released(user),
        "missed": inputs.Missed(user),
        "serves": inputs.Serves(user, queue),
        "finished": inputs.Finished(user, queue, now),
        "group": inputs.Finished(user, "desk", now),
        "own": inputs.Finished(user, "", now),
        "done": inputs.EndWrapUp(user, "api"),
        "unblock": inputs.Unblock(user, "api"),
        "due": inputs.WorkDue(user, now),
    }
    if deed == "finished" and work is not Work.SERVING:
        return None
    if deed in {"group", "own"} and work is not Work.IDLE:
        return None
    return made[deed]


DEEDS = (
    ("came", "came", "gone", "choose", "choose", "in", "out", "done", "unblock", "due", "group", "own")
    + ("offered",) * 3
    + ("released", "missed", "serves", "serves", "finished", "finished")
)
deeds = st.tuples(
    st.sampled_from([0.0, 1.0, 12.0, 50.0, 700.0]),
    st.sampled_from(USERS),
    st.sampled_from(DEEDS),
    st.integers(0, 2**10),
)


@settings(max_examples=scale(150, 100_000), deadline=None)
@given(
    st.tuples(st.sampled_from(["voximplant", "mango"]), st.sampled_from(["voximplant", "mango"])),
    st.lists(st.integers(0, len(WRAP_UPS) - 1), min_size=4, max_size=4),
    st.lists(deeds, max_size=50),
)
def test_no_agent_is_stuck_and_each_wrap_up_is_the_longest_of_all_lists(
    presets: tuple[str, str], wrap_ups: list[int], script: list[tuple[float, str, str, int]]
) -> None:
    bench = Bench(presets, wrap_ups)
    for seconds, user, deed, number in script:
        bench.passes(seconds)
        given_ = input_of(bench.state.agents.get(user), deed, user, number, bench.now)
        if given_ is not None:
            bench.say(given_)
    for user in list(bench.state.agents):
        for last in (
            inputs.Released(user),
            inputs.Finished(user, "support", bench.now),
            inputs.EndWrapUp(user, "api"),
            inputs.Unblock(user, "api"),
        ):
            if not isinstance(last, inputs.Finished) or bench.state.agents[user].work is Work.SERVING:
                bench.say(last)
        assert bench.state.agents[user].work is Work.IDLE, f"{user} is stuck"
    again = AgentsState()
    half = AgentsState()
    for number, data in enumerate(bench.records):
        record: Record = decode(data)
        again.apply(record)
        if number == len(bench.records) // 2:
            restored = AgentsState()
            restored.restore(half.values())
            half = restored
        half.apply(record)
    assert again.values() == half.values() == bench.state.values()
