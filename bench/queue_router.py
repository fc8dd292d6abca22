"""What the queues' router takes: time for a decision with many agents and many callers, and a day of calls.

Usage: ``python -m bench.queue_router``. Asked for: with 10,000 callers waiting 99 of 100 decisions take less than 1 ms
of processor time, and at most three times as long as with 100; the memory that a waiting caller takes is told. Writes
``bench/results/queue_router.json`` beside printing.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from random import Random

from bench.measuring import report
from softswitch.core.facts import Record
from softswitch.queues.agents.facts import AgentEnteredQueue
from softswitch.queues.router import events
from softswitch.queues.router.apply import apply
from softswitch.queues.router.router import take
from softswitch.queues.router.rules import Member, QueueRules
from softswitch.queues.router.state import RouterState
from softswitch.simulation.queue_run import Arrival, QueueRun, Staff

AGENTS, QUEUES, EACH = 1000, 100, 10
"""Each agent serves ten of the hundred queues."""


class Crowd:
    """Agents who all serve, and callers who wait."""

    def __init__(self, waiting: int) -> None:
        self.state = RouterState()
        self.now = 1e9
        self.chance = Random(1)  # noqa: S311  # a reproducible run is wanted
        places = {n: [(n * 7 + k * 10) % QUEUES for k in range(EACH)] for n in range(AGENTS)}
        members = {q: tuple(Member(f"agent{n}") for n in places if q in places[n]) for q in range(QUEUES)}
        self.say(events.Configure(tuple(QueueRules(f"q{q}", q % 3, members=members[q]) for q in range(QUEUES))))
        for n, queues in places.items():
            for q in queues:
                apply(self.state, self.place(AgentEnteredQueue(f"agent{n}", f"q{q}", "bench"), ""))
            self.say(events.Turn(f"agent{n}", free=True, why=""))
        for number in range(AGENTS + waiting):
            self.now += 0.01
            self.say(events.Enter("", f"q{number % QUEUES}", ""))
        self.answer_all()

    def place(self, fact: object, conversation_id: str) -> Record:
        return Record(0, self.now, conversation_id, fact)

    def say(self, event: events.Event) -> float:
        began = time.thread_time()  # a busy machine's pauses are not the router's
        for _ in take(self.state, event, self.now, self.place):
            pass
        return time.thread_time() - began

    def answer_all(self) -> None:
        for number in list(self.state.ringing):
            for user in self.state.entries[number].offered[:1]:
                self.say(events.Answer(number, user, ""))

    def decisions(self, count: int) -> list[float]:
        """Let agents become free and callers come, in turn, as in a full hour; time each event that decides."""
        taken = []
        serving = [entry.entry for entry in self.state.entries.values() if entry.user]
        for _ in range(count):
            number = serving.pop(self.chance.randrange(len(serving)))
            user = self.state.entries[number].user
            self.now += 0.05
            self.say(events.Finish(number))
            taken.append(self.say(events.Turn(user, free=True, why="")))
            taken.append(self.say(events.Enter("", f"q{self.chance.randrange(QUEUES)}", "")))
            serving += self.state.ringing
            self.answer_all()
        return taken


def decision_times(waiting: int) -> dict[str, float]:
    """Measure decisions at a number of callers who wait."""
    tracemalloc.start()
    crowd = Crowd(waiting)
    octets, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    gc.collect()
    gc.freeze()
    taken = sorted(crowd.decisions(3000))
    return {
        "waiting": sum(map(len, (queue.line for queue in crowd.state.queues.values()))),
        "median_us": statistics.median(taken) * 1e6,
        "p99_us": taken[int(len(taken) * 0.99)] * 1e6,
        "max_us": taken[-1] * 1e6,
        "octets": octets,
    }


def whole_day() -> dict[str, float]:
    """Run 20,000 calls of a day through 30 queues with 200 agents."""
    chance = Random(2)  # noqa: S311  # as above
    moments = sorted(chance.uniform(0, 36_000) for _ in range(20_000))
    arrivals = [
        Arrival(at_s, f"q{chance.randrange(30)}", chance.expovariate(1 / 240), chance.expovariate(1 / 120))
        for at_s in moments
    ]
    staff = [Staff(f"agent{n}", tuple(f"q{(n + k) % 30}" for k in range(3)), 3.0, 15.0) for n in range(200)]
    members = {f"q{q}": tuple(Member(each.user) for each in staff if f"q{q}" in each.queues) for q in range(30)}
    rules = [QueueRules(name, members=listed) for name, listed in members.items()]
    began = time.process_time()
    result = QueueRun(rules, staff).run(arrivals)
    cpu_s = time.process_time() - began
    answered = [each for each in result.outcomes if each.how == "answered"]
    return {"calls": len(result.outcomes), "answered": len(answered), "cpu_s": cpu_s}


def main() -> None:
    """Measure and print."""
    few, many = decision_times(100), decision_times(10_000)
    grown = (many["octets"] - few["octets"]) / (many["waiting"] - few["waiting"])
    report(
        "queue_router",
        {
            "decision_100_waiting": few,
            "decision_10000_waiting": many,
            "p99_of_10000_waiting_by_p99_of_100": many["p99_us"] / few["p99_us"],
            "octets_per_waiting_entry": grown,
            "day": whole_day(),
        },
    )


if __name__ == "__main__":
    main()
