"""The journal as commands show it: facts as lines, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from softswitch.app import quality_watch
from softswitch.app.shown_facts import ShownFact, shown
from softswitch.app.writer_process import JOURNAL_FOLDER
from softswitch.calls import (
    conference_facts,
    control_facts,
    guide_facts,
    information_facts,
    quality_facts,
    supervision_facts,
    transfer_facts,
)
from softswitch.calls import facts as call_facts
from softswitch.calls.recording import facts as recording_facts
from softswitch.calls.voicemail import facts as voicemail_facts
from softswitch.directory import bans, host_names, location, messages, publications, subscriptions
from softswitch.journal import facts as journal_facts
from softswitch.journal.archive import retired_through
from softswitch.journal.reading import Gap, Summary, read_journal, verify
from softswitch.queues.agents import facts as agent_facts
from softswitch.queues.forwards import facts as forward_facts
from softswitch.queues.groups import facts as group_facts
from softswitch.queues.login_menu import facts as login_menu_facts
from softswitch.queues.notices import facts as notice_facts
from softswitch.queues.pages import facts as page_facts
from softswitch.queues.rooms import facts as room_facts
from softswitch.queues.router import facts as queue_facts
from softswitch.scenario import facts as scenario_facts

FACT_MODULES = (
    call_facts,
    guide_facts,
    transfer_facts,
    control_facts,
    information_facts,
    quality_facts,
    recording_facts,
    conference_facts,
    supervision_facts,
    room_facts,
    page_facts,
    journal_facts,
    location,
    bans,
    agent_facts,
    forward_facts,
    group_facts,
    login_menu_facts,
    queue_facts,
    notice_facts,
    scenario_facts,
    subscriptions,
    publications,
    messages,
    host_names,
    voicemail_facts,
    quality_watch,
)
"""Importing them is what makes their facts known to the decoder."""


def shown_facts(directory: Path, *, conversation_id: str = "", from_sequence: int = 1) -> Iterator[ShownFact | Gap]:
    """Read the journal of a storage directory, with its gaps.

    Args:
        directory: the storage directory.
        conversation_id: only facts of this conversation; empty: of all.
        from_sequence: the first fact.
    """
    journal = directory / JOURNAL_FOLDER
    for item in read_journal(journal, max(from_sequence, retired_through(journal) + 1)):
        if isinstance(item, Gap):
            yield item
        elif not conversation_id or item.conversation_id == conversation_id:
            yield shown(item)


def verify_journal(directory: Path) -> Summary:
    """Read the whole journal of a storage directory and tell what it lacks."""
    journal = directory / JOURNAL_FOLDER
    return verify(journal, retired_through(journal) + 1)
