"""Keys that phones tell by INFO: for whoever leads the caller, and for the partner in a call.

What the media hears goes the same way, so that there is one key whatever way it came. Some phones tell a key twice, by
INFO and as a telephone event: once the media has heard a leg's keys, its INFOs tell nothing new.
"""

from __future__ import annotations

from collections.abc import Callable

from softswitch.calls import inputs
from softswitch.calls.state import CallsState
from softswitch.core.errors import SipError
from softswitch.directory.key_policy import BY_INFO
from softswitch.sip.key_info import parse_key_info
from softswitch.sip.ua.actions import InfoArrived


class KeyInfoDesk:
    """Takes INFOs within calls, and says which of the keys that the media heard are new.

    Nothing of it is a fact: after a restart a key may be taken twice, once, where a phone tells it in both ways.

    Args:
        calls: the calls; only read.
        send_keys: sends a leg keys.
        decide: takes inputs of the calls.
        log: tells an event for people.
    """

    def __init__(
        self,
        calls: CallsState,
        send_keys: Callable[[str, str], None],
        decide: Callable[[inputs.Input], object],
        log: Callable[..., None],
    ) -> None:
        self._calls = calls
        self._send_keys = send_keys
        self._decide = decide
        self._log = log
        self._told: dict[str, str] = {}
        """By leg, the last key that was told by INFO, while the media has heard none."""
        self._heard: set[str] = set()
        """Legs whose keys the media has heard."""

    def arrived(self, action: InfoArrived) -> None:
        """Take an INFO; one that is about something else than a key is passed over."""
        leg = action.session.owner
        try:
            key = parse_key_info(action.content_type, action.body)
        except SipError as error:
            self._log("info.refused", leg=leg, reason=str(error))
            return
        known = self._calls.legs.get(leg)
        if key is None or not key.digit or leg in self._heard or known is None:
            return
        if known.dtmf not in BY_INFO:
            self._log("info.refused", leg=leg, reason=f"the trunk's dtmf is {known.dtmf}")
            return
        self._told[leg] = key.digit
        self._decide(inputs.KeyPressed(leg, key.digit))
        partner = self._calls.conversations[known.conversation_id].peer_of(leg)
        if partner:
            self._send_keys(partner.leg, key.digit)

    def is_new(self, leg: str, digit: str) -> bool:
        """Note a key that the media heard; tell whether it was not told by INFO just before."""
        if leg in self._heard:
            return True
        self._heard.add(leg)
        return self._told.pop(leg, "") != digit

    def forget(self, leg: str) -> None:
        """Forget a leg that is over."""
        self._told.pop(leg, None)
        self._heard.discard(leg)
