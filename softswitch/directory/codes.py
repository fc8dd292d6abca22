"""Dialled codes: what a user dials to have something done, rather than to reach somebody.

The defaults can be changed in the site file's section ``codes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

DEFAULT_CODES: Final[Mapping[str, str]] = {
    "pick_up": "*8",
    "park": "*68",
    "retrieve": "*69",
    "intercom": "*80",
    "page": "*60",
    "queues_in": "*45",
    "queues_out": "*46",
    "choose_status": "*70",
    "forward_always": "*72",
    "forward_always_off": "*73",
    "forward_busy": "*90",
    "forward_busy_off": "*91",
    "forward_no_answer": "*92",
    "forward_no_answer_off": "*93",
    "forward_offline": "*94",
    "forward_offline_off": "*95",
    "do_not_disturb": "*78",
    "do_not_disturb_off": "*79",
    "record": "*3",
    "voicemail": "*97",
    "login_menu": "*98",
    "supervise": "*55",
    "echo": "*99",
}
"""The code of each action."""

FORWARDS: Final = tuple(f"forward_{kind}" for kind in ("always", "busy", "no_answer", "offline"))
"""Actions that forward calls; each has one that ends it, with ``_off`` at its end."""

WITH_ARGUMENT: Final = frozenset(
    {"pick_up", "choose_status", "park", "retrieve", "intercom", "page", "supervise", *FORWARDS}
)
"""Actions whose code is followed by digits: an extension, the number of a status."""

MAY_HAVE_ARGUMENT: Final = frozenset({"pick_up", "park"})
"""Actions whose code means something without those digits too."""

SERVED: Final = frozenset(DEFAULT_CODES) - {"record"}
"""Actions that this version carries out."""


class Dialled(NamedTuple):
    """What a code asks for."""

    action: str
    argument: str
    """The digits behind the code; empty where none may stand, or where they were left out."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left out."""
        return bool(self.argument) or self.action not in WITH_ARGUMENT - MAY_HAVE_ARGUMENT


def read_code(codes: Mapping[str, str], dialled: str) -> Dialled | None:
    """Return what was dialled where it is a code that is served; the longest code that fits counts.

    Args:
        codes: the code of each action.
        dialled: digits, ``*`` and ``#``.
    """
    found = None
    for action, code in codes.items():
        argument = dialled[len(code) :]
        fits = dialled.startswith(code) and action in SERVED and _may_stand(action, argument)
        if fits and (found is None or len(code) > len(codes[found.action])):
            found = Dialled(action, argument)
    return found


def _may_stand(action: str, argument: str) -> bool:
    """Tell whether that may stand behind a code, or be left out."""
    if action in MAY_HAVE_ARGUMENT:
        return not argument or argument.isdecimal()
    return not argument or action in WITH_ARGUMENT
