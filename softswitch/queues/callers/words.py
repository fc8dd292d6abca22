"""What a phase of the talk with a caller sounds like, as texts in right grammar."""

from __future__ import annotations

from softswitch.directory.site import Queue
from softswitch.queues.callers import dialogue
from softswitch.queues.router.state import Entry
from softswitch.speech import phrases


def texts_of(entry: Entry, queue: Queue, *, position: int, wait_s: int | None) -> list[str]:
    """Return what is said in the entry's phase, one text after the other; nothing where music plays.

    Args:
        entry: the caller.
        queue: in whose language.
        position: in the line, from 1.
        wait_s: the estimated wait, or None where nothing is known.
    """
    code = queue.language
    if entry.phase == dialogue.TELLING:
        told = [phrases.queue_position(code, position)] if queue.announce_position else []
        if queue.announce_wait and wait_s is not None:
            told.append(phrases.expected_wait(code, minutes=round(wait_s / 60)))
        return told
    if entry.phase == dialogue.OFFERING:
        return [_press(code, "callback_offer", queue.callback_key)]
    if entry.phase == dialogue.CONFIRMING:
        number = phrases.digits(code, entry.typed or entry.number)
        told = [f"{phrases.fixed(code, 'callback_number')} {number}"]
        told.append(_press(code, "to_confirm", dialogue.CONFIRM_KEY))
        return [*told, _press(code, "to_enter_another", dialogue.ANOTHER_KEY)]
    return [phrases.fixed(code, "enter_number")] if entry.phase == dialogue.TYPING and not entry.typed else []


def farewell(queue: Queue) -> list[str]:
    """Return what a caller hears who will be called back."""
    return [phrases.fixed(queue.language, "callback_taken"), phrases.fixed(queue.language, "goodbye")]


def _press(code: str, phrase: str, key: str) -> str:
    return f"{phrases.fixed(code, phrase)} {phrases.digits(code, key)}".strip()
