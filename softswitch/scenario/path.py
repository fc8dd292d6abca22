"""Finding the way through a scenario: the first step of a block, and the step that follows each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.scenario.model import Block, Placed


def first_in(block: Block) -> Placed | None:
    """Return the first step of a block, or None where it has none."""
    return block.steps[0] if block.steps else None


def followers(block: Block, beyond: Placed | None = None) -> Iterator[tuple[str, Placed | None]]:
    """Give the path of each step with the step after it: the next of its block, else the one after who holds it."""
    for placed, after in zip(block.steps, (*block.steps[1:], beyond), strict=False):
        yield placed.path, after
        for inner in placed.step.blocks().values():
            yield from followers(inner, after)
