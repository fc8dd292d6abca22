"""Finding the way through a scenario: the first step of a block, and the step that follows another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softswitch.scenario.model import Block, Placed, Scenario


def first_in(block: Block) -> Placed | None:
    """Return the first step of a block, or None where it has none."""
    return block.steps[0] if block.steps else None


def following(scenario: Scenario, path: str) -> Placed | None:
    """Return the step after one: the next of its block, else the one after the step that holds the block."""
    return _after(scenario.steps, path, None)


def _after(block: Block, path: str, beyond: Placed | None) -> Placed | None:
    for place, placed in enumerate(block.steps):
        follower = block.steps[place + 1] if place + 1 < len(block.steps) else beyond
        if placed.path == path:
            return follower
        if path.startswith(f"{placed.path}."):
            for name, inner in placed.step.blocks().items():
                if path.startswith(f"{placed.path}.{name}."):
                    return _after(inner, path, follower)
    return None
