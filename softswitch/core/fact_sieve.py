"""Reading the facts of some types out of many turns, for who makes rows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from typing import Any, Final

import msgspec

from softswitch.core.errors import JournalError
from softswitch.core.facts import Record, name_of_class

_HEADS: Final = msgspec.msgpack.Decoder(list[list[tuple[int, float, str, str, int, msgspec.Raw]]]).decode
"""Reads the records of turns and leaves their fields as they are."""
_ARRAY_32: Final = Struct(">BI")


class FactSieve:
    """Reads facts of some types; the fields of others are not even looked at.

    Args:
        kinds: the types.
    """

    def __init__(self, kinds: Iterable[type]) -> None:
        self._readers: dict[str, Callable[[msgspec.Raw], Any]] = {
            name_of_class(kind): msgspec.msgpack.Decoder(kind).decode for kind in kinds
        }

    def records(self, turns: Sequence[bytes]) -> list[Record]:
        """Return the records of these types, in their order; an array within a field is a list.

        Args:
            turns: as :func:`~softswitch.core.facts.encode_turn` gave them.

        Raises:
            JournalError: some of the octets are not the records of a turn.
        """
        readers = self._readers
        try:
            return [
                Record(sequence, wall_s, conversation_id, readers[name](values))
                for turn in _HEADS(b"".join((_ARRAY_32.pack(0xDD, len(turns)), *turns)))
                for sequence, wall_s, conversation_id, name, _, values in turn
                if name in readers
            ]
        except (msgspec.MsgspecError, ValueError) as error:
            raise JournalError(f"not the records of turns: {error}") from error
