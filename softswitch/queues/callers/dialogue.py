"""The talk of a queue with a caller who waits: what a key, the end of a sound or time leads to. Pure.

Music plays. Every ``announce_every_s``, where wanted also at once, the caller is told the place in the line; after
``callback_offer_s`` a callback is offered unasked, by its key at any time. The number is read back: 1 confirms it, 2
asks for another, which is typed and ended by ``#``. Everything but the confirmation leads back to the music, and a key
that means nothing to the phase changes nothing.
"""

from __future__ import annotations

from typing import Final

from softswitch.core.immutable import immutable
from softswitch.directory.site import Queue
from softswitch.queues.router.state import Entry

MUSIC, TELLING, OFFERING, CONFIRMING, TYPING = "music", "telling", "offering", "confirming", "typing"
CONFIRM_KEY, ANOTHER_KEY = "1", "2"
ANSWER_WITHIN_S: Final = 15.0
"""From the end of a question."""
SHORTEST_NUMBER: Final = 3
"""What is shorter is asked for again: nobody could be called back there."""
LONGEST_NUMBER: Final = 15


@immutable
class Move:
    """The caller hears something else, or is asked something."""

    phase: str
    typed: str
    until_s: float


@immutable
class CallBack:
    """The caller wants to be called back."""

    number: str


@immutable
class Exit:
    """The caller wants out of the line."""


Answer = Move | CallBack | Exit | None


def first(entry: Entry, queue: Queue, now: float) -> Move | None:
    """Return what a caller hears who has just come, where it is not the music that plays already."""
    if queue.announce_at_once and entry.is_waiting:
        return Move(TELLING, "", 0.0)
    music = to_music(entry, queue, now)
    return music if music.until_s else None


def files_of(entry: Entry, queue: Queue, now: float) -> tuple[str, ...]:
    """Return the sound file that follows what is told: those of the queue in turn, one each time."""
    if entry.phase != TELLING or not queue.announce_files:
        return ()
    time = round((now - entry.entered_s) / queue.announce_every_s) if queue.announce_every_s else 0
    return (queue.announce_files[time % len(queue.announce_files)],)


def to_music(entry: Entry, queue: Queue, now: float) -> Move:
    """Return to the music until there is something to tell."""
    moments = [now + queue.announce_every_s] if queue.announce_every_s else []
    if queue.callback_offer_s and not entry.offered_callback:
        moments.append(max(now, entry.entered_s + queue.callback_offer_s))
    return Move(MUSIC, "", min(moments, default=0.0))


def on_key(entry: Entry, queue: Queue, key: str, now: float) -> Answer:
    """Return what a key leads to."""
    if entry.phase == TYPING:
        return _typed(entry, key, now)
    if entry.phase == CONFIRMING:
        if key == CONFIRM_KEY:
            return CallBack(entry.typed or entry.number)
        return Move(TYPING, "", now + ANSWER_WITHIN_S) if key == ANOTHER_KEY else None
    if key == queue.exit_key:
        return Exit()
    if key == queue.callback_key:
        known = entry.number.lstrip("+").isdecimal()
        return Move(CONFIRMING, "", 0.0) if known else Move(TYPING, "", now + ANSWER_WITHIN_S)
    return None


def _typed(entry: Entry, key: str, now: float) -> Answer:
    if key == "#":
        usable = len(entry.typed) >= SHORTEST_NUMBER
        return Move(CONFIRMING, entry.typed, 0.0) if usable else Move(TYPING, "", now + ANSWER_WITHIN_S)
    if not key.isdecimal():
        return None
    return Move(TYPING, (entry.typed + key)[:LONGEST_NUMBER], now + ANSWER_WITHIN_S)


def on_sound_over(entry: Entry, queue: Queue, now: float) -> Answer:
    """Return what follows when the caller has heard something to its end."""
    if entry.phase in {TELLING, OFFERING}:
        return to_music(entry, queue, now)
    return Move(CONFIRMING, entry.typed, now + ANSWER_WITHIN_S) if entry.phase == CONFIRMING else None


def on_time(entry: Entry, queue: Queue, now: float) -> Answer:
    """Return what follows when a phase has lasted long enough."""
    if not entry.phase_until_s or now < entry.phase_until_s:
        return None
    if entry.phase != MUSIC:
        return to_music(entry, queue, now)
    due = queue.callback_offer_s and now >= entry.entered_s + queue.callback_offer_s
    return Move(OFFERING if due and not entry.offered_callback else TELLING, "", 0.0)
