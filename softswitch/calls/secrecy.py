"""Keys of SRTP at the brain's border: sealed on their way in and into snapshots, revealed on their way out.

What comes from phones passes here before anything is decided of it, and what is kept of dialogs before it becomes a
fact, so that no key ever stands in clear in state, facts or what is made of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from softswitch.calls.state import CallsState
from softswitch.core.errors import SdpError
from softswitch.directory.encryption import OPTIONAL, REQUIRED
from softswitch.sdp.key_vault import KeyVault
from softswitch.sip.ua.actions import Acknowledged, Answered, Progressed, ReofferAnswered, Reoffered
from softswitch.sip.ua.snapshot import SessionSnapshot

_KEY: Final = "a=crypto:"
_KEY_OCTETS: Final = _KEY.encode()
DESCRIBED: Final = frozenset({Acknowledged, Answered, Progressed, ReofferAnswered, Reoffered})
"""The types of what the user agent tells that has a description in it."""


class Secrecy:
    """Seals and reveals.

    Args:
        vault: knows how.
        calls: whose legs say whether keys are wanted at all.
    """

    def __init__(self, vault: KeyVault, calls: CallsState) -> None:
        self.vault = vault
        self._calls = calls

    def sealed(self, action: Acknowledged | Answered | Progressed | ReofferAnswered | Reoffered) -> object:
        """Return what the user agent told, without keys in clear; those of a leg that is not encrypted are dropped."""
        if isinstance(action, ReofferAnswered) and _KEY in action.offered:
            action = replace(action, offered=self._as_kept(action))
        if _KEY not in action.sdp:
            return action
        leg = self._calls.legs.get(action.session.owner)
        return replace(action, sdp=self.offered(action.sdp, leg.srtp if leg is not None else ""))

    def offered(self, sdp: str, srtp: str) -> str:
        """Return what an INVITE offered, as it may be kept; ``srtp`` says what holds for the phone."""
        return self.vault.seal(sdp, wanted=srtp in {OPTIONAL, REQUIRED})

    def snapshot(self, made: SessionSnapshot) -> SessionSnapshot:
        """Return a snapshot as it may be kept."""
        if not (_KEY_OCTETS in made.accepted or _KEY_OCTETS in made.invite or _KEY_OCTETS in made.early):
            return made
        seal = self.vault.seal_message
        return made._replace(accepted=seal(made.accepted), invite=seal(made.invite), early=seal(made.early))

    def restored(self, kept: SessionSnapshot) -> SessionSnapshot:
        """Return a kept snapshot with its keys; as it is where another installation sealed them."""
        if not (kept.accepted or kept.invite or kept.early):
            return kept
        reveal = self.vault.reveal_message
        try:
            return kept._replace(accepted=reveal(kept.accepted), invite=reveal(kept.invite), early=reveal(kept.early))
        except SdpError:
            return kept

    def _as_kept(self, action: ReofferAnswered) -> str:
        """Return our own offer as the leg keeps it, so that it can be recognised."""
        leg = self._calls.legs.get(action.session.owner)
        kept = (leg.local_sdp, leg.pending_offer) if leg is not None else ()
        return next((one for one in kept if self.vault.reveal(one) == action.offered), "")
