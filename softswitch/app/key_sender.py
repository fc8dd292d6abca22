"""Sends a leg the keys that others pressed: in its sound, or by INFO where its trunk wants them so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from softswitch.calls.state import CallsState
from softswitch.directory.key_policy import INFO
from softswitch.media.engine import MediaEngine
from softswitch.sip.key_info import KeyInfo, build_key_info
from softswitch.sip.ua.user_agent import Session


class KeySender:
    """Knows how each leg is told keys.

    Args:
        calls: the calls; only read.
        media: sends keys in the sound, or beside it.
        sessions: the sessions of legs.
        now: returns monotonic seconds.
        log: tells an event for people.
    """

    def __init__(
        self,
        calls: CallsState,
        media: MediaEngine,
        sessions: Mapping[str, Session],
        now: Callable[[], float],
        log: Callable[..., None],
    ) -> None:
        self._calls = calls
        self._media = media
        self._sessions = sessions
        self._now = now
        self._log = log

    def send(self, leg: str, digits: str) -> None:
        """Send a leg keys."""
        if self._wants_info(leg):
            for digit in digits:
                self._tell(leg, digit)
        else:
            self._media.send_keys(leg, digits)

    def pass_on(self, leg: str, digit: str) -> None:
        """Tell whoever talks with a leg of a key that the media heard, where the media does not."""
        conversation = self._calls.conversation_of(leg)
        partner = conversation and conversation.peer_of(leg)
        if partner and self._wants_info(partner.leg):
            self._tell(partner.leg, digit)

    def _wants_info(self, leg: str) -> bool:
        known = self._calls.legs.get(leg)
        return known is not None and known.dtmf == INFO

    def _tell(self, leg: str, digit: str) -> None:
        session = self._sessions.get(leg)
        content_type, body = build_key_info(KeyInfo(digit))
        if session is None or not session.info((("Content-Type", content_type),), body, now=self._now()):
            self._log("key.not_sent", leg=leg, reason="the trunk takes no INFO now")
