"""Deciding what is noted about a conversation: tags, and a note of each user who takes part in it.

It belongs to the conversation, so it goes wherever that goes: whoever has the call next reads what those before wrote.
"""

from __future__ import annotations

from typing import Any, Final

from softswitch.calls.control_inputs import NoteWritten, TagsChosen
from softswitch.calls.information_facts import InformationNoted, InformationTagged
from softswitch.calls.refusals import live_leg, refused, stands
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState

Facts = list[Any]

MOST_TAGS: Final = 20
MOST_OF_A_TAG: Final = 50
"""Characters."""
MOST_NOTES: Final = 10
MOST_OF_A_NOTE: Final = 1000
"""Characters."""


def tag(state: CallsState, given: TagsChosen) -> Facts:
    """Say what a conversation is about; the same tags again are no fact.

    Raises:
        CommandError: the leg's user does not take part in the call, or there are too many tags, or too long ones.
    """
    conversation, leg = _assigned(state, given.leg)
    tags = tuple(dict.fromkeys(filter(None, (one.strip() for one in given.tags))))
    if len(tags) > MOST_TAGS:
        raise refused(f"At most {MOST_TAGS} tags", "too-many-tags", "tags", status=422)
    for one in tags:
        if len(one) > MOST_OF_A_TAG:
            raise refused(
                f"A tag has at most {MOST_OF_A_TAG} characters: {one[:20]}...", "long-tag", "tags", status=422
            )
    return [] if tags == conversation.tags else [InformationTagged(leg.leg, tags)]


def note(state: CallsState, given: NoteWritten) -> Facts:
    """Write one's note, in the place of the one before; an empty text takes it away.

    Raises:
        CommandError: the leg's user does not take part in the call; the text is too long, or there are ten notes.
    """
    conversation, leg = _assigned(state, given.leg)
    text = given.text.strip()
    if len(text) > MOST_OF_A_NOTE:
        reason = f"A note has at most {MOST_OF_A_NOTE} characters, this one {len(text)}"
        raise refused(reason, "long-note", "text", status=422)
    own = next((one for one in conversation.notes if one.user == leg.user), None)
    if text == ("" if own is None else own.text):
        return []
    if own is None and len(conversation.notes) >= MOST_NOTES:
        raise refused(f"There are {MOST_NOTES} notes already", "too-many-notes", "text")
    return [InformationNoted(leg.user, text)]


def _assigned(state: CallsState, name: str) -> tuple[Conversation, Leg]:
    conversation, leg = live_leg(state, name)
    if not leg.user:
        raise refused(f"{name} is the leg of nobody here, and only users write down", "not-ours")
    if leg.state is not LegState.TALKING:
        raise refused(f"{name} {stands(conversation, leg)}: whoever has the call writes down", "not-assigned")
    return conversation, leg
