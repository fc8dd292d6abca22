"""Conferences as phones see them (RFC 4579): the factory that makes one, and the URI of each.

A phone's "network conference" key calls ``sip:conference@DOMAIN``; it gets into a new conference of its own, whose URI
the Contact of the answer tells, with ``isfocus``. By that URI the phone sends others there (REFER), they dial it, and
it is watched (``Event: conference``). A room of the site has its extension for a URI.
"""

from __future__ import annotations

from typing import Final

from softswitch.calls.state import CallsState, Conversation
from softswitch.directory.routing import CONFERENCE_FACTORY
from softswitch.directory.site import Room, Site
from softswitch.queues.rooms.guide import KIND as ROOM

_MADE: Final = f"{CONFERENCE_FACTORY}-"


def new_room_name(token: str) -> str:
    """Name a conference that the factory makes; ``token`` cannot be guessed."""
    return f"{_MADE}{token}"


def room_named(site: Site, name: str) -> Room | None:
    """Return a room of the site, or one that the factory made; None where it is neither."""
    found = site.rooms.get(name)
    return Room(name, name, tones=False) if found is None and name.startswith(_MADE) else found


def conversation_in(calls: CallsState, room: str) -> Conversation | None:
    """Return the conversation in a room, or None where nobody is there."""
    every = calls.conversations.values()
    return next((one for one in every if one.conference is not None and one.conference.room == room), None)


def focus_of(site: Site, conversation: Conversation) -> str:
    """Return the user part of a conference's URI, for callers who dialled it; empty where they reach something else."""
    kind, _, name = conversation.guide.partition(":")
    room = room_named(site, name) if kind == ROOM else None
    return "" if room is None else room.extension
