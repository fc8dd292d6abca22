"""What must hold of queues at every moment: no agent without a call, no entry without its conversation."""

from __future__ import annotations

from softswitch.app.invariants import Breach
from softswitch.calls.state import CallsState
from softswitch.queues.agents.state import AgentsState
from softswitch.queues.agents.working import Work
from softswitch.queues.router.state import RouterState


def found_breaches(state: RouterState, agents: AgentsState, calls: CallsState) -> list[Breach]:
    """Return which agents are reserved or serve without a call, and which entries have lost theirs."""
    found = []
    entries = state.entries
    for user, agent in agents.agents.items():
        slot = state.slot(user)
        if agent.work in {Work.RINGING, Work.SERVING} and slot.entry not in entries:
            found.append(Breach("agent", user, f"{agent.work.value} without an entry"))
        elif slot.entry and slot.entry not in entries:
            found.append(Breach("agent", user, f"reserved for {slot.entry}, which is over"))
    for number, entry in entries.items():
        if entry.conversation_id and entry.conversation_id not in calls.conversations:
            found.append(Breach("entry", str(number), f"{entry.state.value} in {entry.conversation_id}"))
    return found
