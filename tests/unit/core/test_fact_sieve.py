"""The facts of some types, out of many turns."""

from __future__ import annotations

import msgpack
import pytest

from softswitch.core.errors import JournalError
from softswitch.core.fact_sieve import FactSieve
from softswitch.core.facts import Record, encode_turn, fact


@fact("test.sifted")
class Sifted:
    user: str
    since_s: float = 0.0
    names: tuple[str, ...] = ()


@fact("test.passed_through")
class PassedThrough:
    number: int


def turn(first: int, *made: object) -> list[Record]:
    return [Record(number, 1.5, f"c{number}", each) for number, each in enumerate(made, first)]


def test_the_facts_of_its_types_are_read_in_their_order() -> None:
    turns = [turn(1, Sifted("anna", 2.5), PassedThrough(3)), turn(3, PassedThrough(4)), turn(4, Sifted("Борис"))]
    encoded = [encode_turn(each) for each in turns]
    sifted = [record for each in turns for record in each if isinstance(record.fact, Sifted)]
    assert [record.fact.user for record in FactSieve([Sifted]).records(encoded)] == ["anna", "Борис"]
    assert [record.sequence for record in FactSieve([Sifted]).records(encoded)] == [each.sequence for each in sifted]
    assert len(FactSieve([Sifted, PassedThrough]).records(encoded)) == 4
    assert FactSieve([Sifted]).records([]) == []


def test_an_array_within_a_field_is_a_list() -> None:
    (record,) = FactSieve([Sifted]).records([encode_turn(turn(1, Sifted("anna", 1.0, ("a", "b"))))])
    assert record == Record(1, 1.5, "c1", Sifted("anna", 1.0, ["a", "b"]))  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("fields", "read"),
    [(("anna",), Sifted("anna")), (("anna", 2.0, [], "new", 5), Sifted("anna", 2.0, []))],  # type: ignore[arg-type]
)
def test_facts_of_older_and_newer_programs_are_read(fields: tuple[object, ...], read: Sifted) -> None:
    encoded = msgpack.packb([(1, 1.5, "c1", "test.sifted", 9, fields)])
    assert [record.fact for record in FactSieve([Sifted]).records([encoded])] == [read]


@pytest.mark.parametrize(
    "octets",
    [
        b"\x92\x01\x02",
        b"\x91\x96\x01",
        b"\x91\x93\x01\x02\x03",
        b"text",
        msgpack.packb([(1, None, "", "a", 1, ())]),
        msgpack.packb([(1, 1.5, "", "test.sifted", 1, ())]),
        msgpack.packb([(1, 1.5, "", "test.sifted", 1, "anna")]),
    ],
)
def test_octets_that_are_no_turn_are_refused(octets: bytes) -> None:
    with pytest.raises(JournalError, match="not the records of turns"):
        FactSieve([Sifted]).records([encode_turn(turn(1, PassedThrough(1))), octets])
