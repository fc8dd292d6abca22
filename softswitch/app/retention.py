"""How long a recording is kept: the first rule that names its call decides, else what holds for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from softswitch.runtime.settings import RetentionRule

NAMED: Final = ("queue", "user", "trunk", "number")
"""By what a rule may name calls; several of them in one rule must all fit."""


def days_by_rule(rules: Sequence[RetentionRule], marks: Collection[tuple[str, str]]) -> int | None:
    """Return for how many days the first rule that fits keeps a call, 0 for ever; None where none fits.

    Args:
        rules: in the order of the settings.
        marks: kind and name of what the call has to do with, numbers without a plus sign.
    """
    for rule in rules:
        named = {(kind, text.removeprefix("+")) for kind in NAMED if (text := getattr(rule, kind))}
        if named.issubset(marks):
            return rule.keep_days
    return None
