"""Facts that belong to another conversation than the one that an input is about."""

from __future__ import annotations

from typing import Any

from softswitch.core.immutable import immutable


@immutable
class Elsewhere:
    """A fact of another conversation, in the order in which all of them are to be applied."""

    conversation_id: str
    fact: Any
