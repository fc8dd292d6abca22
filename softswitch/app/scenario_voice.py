"""What the switch itself says to callers of scenarios, and the messages that others left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from softswitch.app.brain_settings import BrainSettings
from softswitch.calls.voicemail.state import Mailboxes, Message
from softswitch.core.errors import SpeechError
from softswitch.directory.site import Site
from softswitch.speech import phrases
from softswitch.speech.service import SpeechService
from softswitch.speech.speaker import NoSpeaker


class ScenarioVoice:
    """Phrases and messages, as scenarios name them.

    Args:
        settings: the recorded prompts, the usual language, where messages are.
        mailboxes: the messages.
        site: returns the site in force.
    """

    def __init__(self, settings: BrainSettings, mailboxes: Mailboxes, site: Callable[[], Site]) -> None:
        self._prompts = settings.prompts
        self._piper_voices = settings.piper_voices
        self._language = settings.language
        self._storage = settings.storage
        self._mailboxes = mailboxes
        self._site = site

    @cached_property
    def _speech(self) -> SpeechService:
        return SpeechService(Path(self._storage), NoSpeaker(), self._prompts)

    def spoken(self, text: str, language: str) -> Sequence[str] | None:
        """Return the sounds that say a text, or None where it has to be spoken first."""
        found = self._speech.at_hand(text, language or self._language)
        return None if found is None else [f"file:{path}" for path in found]

    def speech_order(self, text: str, language: str) -> Mapping[str, object]:
        """Return what an errand needs to have a text spoken."""
        return {
            "directory": self._storage,
            "piper_voices": dict(self._piper_voices),
            "text": text,
            "language": language or self._language,
        }

    def phrase(self, name: str, language: str) -> Sequence[str]:
        """Return the sounds of a fixed phrase; none where it has no such recording."""
        return self._said(language, lambda code: phrases.fixed(code, name))

    def counted_messages(self, count: int, greeting_key: str, language: str) -> Sequence[str]:
        """Return the sounds that say how many new messages there are, and by which key the greeting is recorded."""
        return self._said(
            language,
            lambda code: (
                f"{phrases.messages(code, count)} {phrases.fixed(code, 'to_record_greeting')} "
                f"{phrases.digits(code, greeting_key)}"
            ),
        )

    def greeting(self, box: str) -> Sequence[str]:
        """Return the sound of a box's own greeting; none where it has none."""
        path = self._mailboxes.greeting(box)
        return (self.kept_sound(path),) if path else ()

    def kept_sound(self, path: str) -> str:
        """Return a file in the storage directory as the media engine names sounds."""
        return f"file:{self._storage}/{path}"

    def _said(self, language: str, text: Callable[[str], str]) -> Sequence[str]:
        for code in (language, self._language):
            try:
                if code:
                    return self._prompts.sounds(code, text(code))
            except SpeechError:
                continue
        return ()

    def mailbox(self, box: str) -> Sequence[Message]:
        """Return the messages of a box."""
        return self._mailboxes.messages(box)

    def mailbox_pin(self, box: str) -> str:
        """Return the code of a box; an empty text where it has none."""
        site = self._site()
        found = site.users.get(box) or site.groups.get(box)
        return "" if found is None else found.voicemail_pin

    def box_at(self, extension: str) -> str:
        """Return the box of an extension; an empty text where there is none."""
        site = self._site()
        found = site.user_by_extension(extension) or site.group_by_extension(extension)
        return "" if found is None else found.name

    def message_sound(self, box: str, message: str) -> str:
        """Return a message as the media engine names sounds."""
        found = self._mailboxes.get(box, message)
        return self.kept_sound(found.path if found is not None else "")
