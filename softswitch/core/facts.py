"""Facts: whatever changes in the switch, as small frozen dataclasses that outlive the process.

A fact type is declared with :func:`fact`, which gives it a stable name and a version. A record is one msgpack array::

    [sequence, wall_s, conversation_id, name, version, [field, field, ...]]

The records of one turn of the brain lie together as an array of them, with consecutive numbers.

Fields stand in the order of declaration. A newer version may only append fields, each with a default, so that older
records can be read; a fact of a name nobody knows is kept as :class:`UnknownFact` and stops nothing.

State is a fold of facts: ``apply(state, fact)`` changes its single writer's state in place and draws nothing from
clock or chance, so the same facts always give the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from typing import Any, Final, TypeVar, dataclass_transform

import msgpack
import msgspec

from softswitch.core.errors import JournalError
from softswitch.core.immutable import immutable

FactT = TypeVar("FactT")


@dataclass(frozen=True, slots=True)
class FactType:
    """What the registry knows of one fact type."""

    name: str
    version: int
    cls: type
    field_names: tuple[str, ...]
    values_of: Callable[[Any], tuple[Any, ...]]
    required: int


@dataclass(frozen=True, slots=True)
class UnknownFact:
    """A fact of a type that this program does not know, kept as it was."""

    name: str
    version: int
    values: tuple[Any, ...]


@immutable
class Record:
    """A fact with its place in the one order of all facts."""

    sequence: int
    wall_s: float
    conversation_id: str
    fact: Any


_BY_NAME: dict[str, FactType] = {}
_BY_CLASS: dict[type, FactType] = {}


@dataclass_transform(frozen_default=True)
def fact(name: str, version: int = 1) -> Callable[[type[FactT]], type[FactT]]:
    """Declare a fact type: a frozen dataclass with slots and a stable name.

    Fields may be None, bool, int, float, str, bytes and tuples of them: what msgpack gives back unchanged.

    Args:
        name: ``noun.past_verb``, e.g. ``leg.answered``; never changed once released.
        version: raised when a field is appended.
    """

    def declare(cls: type[FactT]) -> type[FactT]:
        made = immutable(cls)
        if name in _BY_NAME:
            raise JournalError(f"two fact types are named {name}")
        names = tuple(field.name for field in fields(made))  # type: ignore[arg-type]  # made is a dataclass
        required = sum(
            field.default is MISSING and field.default_factory is MISSING
            for field in fields(made)  # type: ignore[arg-type]  # as above
        )
        known = FactType(name, version, made, names, reader_of(names), required)
        _BY_NAME[name] = _BY_CLASS[made] = known
        return made

    return declare


def reader_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a fast reader of these fields, as a tuple whatever their number."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda made: (only(made),)
    return attrgetter(*names)


def type_of(made: object) -> FactType:
    """Return the registered type of a fact.

    Raises:
        JournalError: the class was never declared with :func:`fact`.
    """
    try:
        return _BY_CLASS[type(made)]
    except KeyError:
        raise JournalError(f"{type(made).__name__} is not a fact type") from None


def name_of_class(cls: type) -> str:
    """Return the name under which a class was declared with :func:`fact`."""
    return _BY_CLASS[cls].name


def encode(sequence: int, wall_s: float, conversation_id: str, made: object) -> bytes:
    """Encode one record (see the module's head for its form)."""
    return encode_alone(Record(sequence, wall_s, conversation_id, made))


def encode_alone(record: Record) -> bytes:
    """Encode one record; as :func:`encode_turn` does, but for the array around."""
    return encode_turn((record,))[1:]


def encode_turn(records: Sequence[Record]) -> bytes:
    """Encode the records of a turn together.

    Half a surrogate pair, which JSON from outside may hold and UTF-8 cannot, becomes ``?``.

    Raises:
        JournalError: a fact's class was never declared with :func:`fact`.
    """
    by_class = _BY_CLASS
    rows = []
    try:
        for record in records:
            made = record.fact
            known = by_class[type(made)]
            rows.append((record.sequence, record.wall_s, record.conversation_id, known.name, known.version, made))
        return _PACK(rows)
    except KeyError:
        for record in records:
            type_of(record.fact)
        raise
    except UnicodeEncodeError:
        plain = [(*row, type_of(made).values_of(made)) for *row, made in rows]
        packed: bytes = msgpack.Packer(unicode_errors="replace").pack(plain)
        return packed


_PACK: Final[Callable[[object], bytes]] = msgspec.msgpack.Encoder().encode
"""Writes the octets that msgpack's own packer writes, in less than half the time."""
_UINT_OCTETS: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}  # msgpack: uint 8 to uint 64
_FLOAT64: Final = 0xCB
_SHORT_STRING: Final = 0b101
"""msgpack: the upper bits of the head of a string of up to 31 octets; the lower ones count them."""


def name_in(data: bytes) -> str:
    """Read a record's fact name without decoding the rest; empty when it does not stand where it mostly does."""
    try:
        at = 2 + _UINT_OCTETS.get(data[1], 0)
        if data[at] != _FLOAT64:
            return ""
        conversation_id = at + 9
        name = conversation_id + 1 + (data[conversation_id] & 0x1F)
        if data[conversation_id] >> 5 != _SHORT_STRING or data[name] >> 5 != _SHORT_STRING:
            return ""
        return data[name + 1 : name + 1 + (data[name] & 0x1F)].decode()
    except (IndexError, UnicodeDecodeError):
        return ""


def decode(data: bytes | memoryview) -> Record:
    """Decode one record.

    Raises:
        JournalError: the octets are not a record.
    """
    try:
        sequence, wall_s, conversation_id, name, version, values = msgpack.unpackb(
            data, use_list=False, strict_map_key=False
        )
    except (
        ValueError,
        TypeError,
        msgpack.exceptions.ExtraData,
        msgpack.exceptions.FormatError,
    ) as error:
        raise JournalError(f"not a record: {error}") from error
    known = _BY_NAME.get(name)
    if known is None or len(values) < known.required:
        return Record(sequence, wall_s, conversation_id, UnknownFact(name, version, values))
    if len(values) > len(known.field_names):  # of a newer program
        values = values[: len(known.field_names)]
    return Record(sequence, wall_s, conversation_id, known.cls(*values))
