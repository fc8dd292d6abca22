"""Keys that callers press where a code may be meant: they are sealed before anything is decided of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from softswitch.calls.inputs import KeyPressed
from softswitch.calls.state import CallsState
from softswitch.core.ids import Entropy
from softswitch.core.sealed_keys import SealedKeys


class KeyGuard:
    """Seals keys.

    Args:
        calls: who is guided by whom.
        sealed: seals.
        hides: by kind of guide, whether keys of a conversation's caller may be secret now; guides that do not stand
            here ask for no codes.
        entropy: chance.
    """

    def __init__(
        self, calls: CallsState, sealed: SealedKeys, hides: Mapping[str, Callable[[str], bool]], entropy: Entropy
    ) -> None:
        self._calls = calls
        self._sealed = sealed
        self._hides = hides
        self._entropy = entropy

    def guarded(self, given: KeyPressed) -> KeyPressed:
        """Return a key as it may be kept."""
        conversation = self._calls.conversation_of(given.leg)
        if conversation is None or not conversation.guide:
            return given
        hides = self._hides.get(conversation.guide.partition(":")[0])
        if hides is None or not hides(conversation.conversation_id):
            return given
        return replace(given, key=self._sealed.seal(conversation.conversation_id, given.key, self._entropy.number(16)))
