from __future__ import annotations

from pathlib import Path

from softswitch.app.journal_tools import shown_facts, verify_journal
from softswitch.app.shown_facts import ShownFact
from softswitch.calls.facts import ConversationStarted, DialogChanged, LegMediaOpened
from softswitch.core.facts import UnknownFact, encode, fact
from softswitch.journal.segments import SegmentWriter


@fact("test.kept_secret")
class KeptSecret:
    ha1_md5: str


def journal(directory: Path) -> None:
    writer = SegmentWriter(directory / "journal")
    writer.append(
        [
            encode(1, 1_800_000_000.5, "c1", ConversationStarted("101", "102", from_name="Анна")),
            encode(2, 1_800_000_001.0, "c2", LegMediaOpened("c2.1", 16384)),
            encode(3, 1_800_000_002.0, "c1", DialogChanged("c1.1", ("Authorization: Digest abc", 7))),
            encode(5, 1_800_000_003.0, "", KeptSecret("0123")),
        ]
    )
    writer.close()


def test_facts_are_lines_that_a_person_can_read(tmp_path: Path) -> None:
    journal(tmp_path)
    lines = [str(item) for item in shown_facts(tmp_path)]
    assert lines[0] == (
        "1 2027-01-15T08:00:00.500Z c1 conversation.started "
        'from_number="101" to_number="102" from_name="Анна" from_user="" trunk="" kind="call" guide=""'
    )
    assert lines[1] == '2 2027-01-15T08:00:01.000Z c2 leg.media_opened leg="c2.1" port=16384'


def test_secrets_are_hidden(tmp_path: Path) -> None:
    journal(tmp_path)
    text = "\n".join(str(item) for item in shown_facts(tmp_path))
    assert 'values=["Authorization: [hidden]", 7]' in text
    assert 'ha1_md5="[hidden]"' in text
    assert "0123" not in text


def test_one_conversation_is_shown_alone_with_the_gaps_of_all(tmp_path: Path) -> None:
    journal(tmp_path)
    shown = list(shown_facts(tmp_path, conversation_id="c1"))
    assert [item.sequence for item in shown if isinstance(item, ShownFact)] == [1, 3]
    assert "never kept: facts 4 to 4" in str(shown[-1])


def test_showing_begins_anywhere(tmp_path: Path) -> None:
    journal(tmp_path)
    shown = list(shown_facts(tmp_path, from_sequence=3))
    assert [item.sequence for item in shown if isinstance(item, ShownFact)] == [3, 5]


def test_a_fact_that_nobody_knows_is_shown_with_numbered_fields(tmp_path: Path) -> None:
    import msgpack

    writer = SegmentWriter(tmp_path / "journal")
    writer.append([msgpack.packb((1, 0.0, "", "later.invented", 2, ("a", 5)))])
    writer.close()
    [shown] = shown_facts(tmp_path)
    assert str(shown) == '1 1970-01-01T00:00:00.000Z - later.invented 0="a" 1=5'
    assert UnknownFact.__name__ not in str(shown)


def test_verifying_counts_and_tells_the_gaps(tmp_path: Path) -> None:
    journal(tmp_path)
    found = verify_journal(tmp_path)
    assert (found.records, found.first_sequence, found.last_sequence, len(found.gaps)) == (4, 1, 5, 1)
