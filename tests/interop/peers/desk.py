"""A softphone as somebody has it on the desk: its calls one after the other, and what it hears now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tests.interop.conftest import TONES_HZ
from tests.interop.peers.audio import RATE_HZ, read_wav, share_of
from tests.interop.peers.baresip import Baresip
from tests.waiting import PATIENCE_S, until

HEARD, NOT_HEARD = 0.6, 0.03
"""The least share of the power in what a phone hears of one other; the most of one whom it does not hear."""
LISTENED_S = 1.5
"""What was heard last is judged by so much of it."""


class Desk:
    """A phone whose calls are counted, so that the next one is waited for."""

    def __init__(self, phone: Baresip) -> None:
        self.phone = phone
        self._rang = self._talked = self._closed = 0

    def rings(self) -> None:
        """Wait until the next call comes."""
        self._rang += 1
        self.phone.until("CALL_INCOMING", count=self._rang, timeout_s=PATIENCE_S)

    def rang_no_more(self) -> None:
        """See that no call has come but those that were waited for."""
        self.phone.ask("reginfo")  # what came before has been read with the answer
        assert len(self.phone.seen("CALL_INCOMING")) == self._rang

    def takes(self) -> None:
        """Take the next call that comes."""
        self.rings()
        self.phone.command("accept")
        self.talks()

    def declines(self) -> None:
        """Refuse the next call that comes."""
        self.rings()
        self.phone.command("hangup")
        self.is_let_go()

    def dials(self, number: str) -> None:
        """Call a number that is answered by itself."""
        self.phone.command("dial", number)
        self.talks()

    def keys(self, code: str) -> None:
        """Dial a code that is carried out at once."""
        self.dials(code)
        self.is_let_go()

    def talks(self) -> None:
        """Wait until the next call is answered."""
        self._talked += 1
        self.phone.until("CALL_ESTABLISHED", count=self._talked, timeout_s=PATIENCE_S)

    def is_let_go(self) -> None:
        """Wait until the other end has ended a call."""
        self._closed += 1
        self.phone.until("CALL_CLOSED", count=self._closed, timeout_s=PATIENCE_S)

    def hangs_up(self) -> None:
        """End the current call."""
        self.phone.command("hangup")
        self.is_let_go()


def heard_lately(phone: Baresip, seconds: float = LISTENED_S) -> npt.NDArray[np.float64]:
    """Return the last of what a phone heard, in whichever call; nothing where it has not heard so much yet."""
    newest = max(phone.recordings(), key=lambda path: path.stat().st_mtime_ns, default=None)
    if newest is None or newest.stat().st_size < 1000:
        return np.zeros(0)
    size = int(seconds * RATE_HZ)
    heard = read_wav(newest)[-size:]
    return heard if len(heard) == size else np.zeros(0)


def shares(phone: Baresip) -> dict[str, float]:
    """Return the share of each extension's tone in what a phone heard last."""
    heard = heard_lately(phone)
    return {extension: share_of(heard, tone_hz) for extension, tone_hz in TONES_HZ.items()}


def hears(phone: Baresip, extensions: Sequence[str]) -> bool:
    least = HEARD / max(1, len(extensions))
    found = shares(phone)
    return all((share > least) if one in extensions else (share < NOT_HEARD) for one, share in found.items())


def assert_hears(phone: Baresip, *extensions: str) -> None:
    """A phone hears these and nobody else, in a while."""
    until(lambda: hears(phone, extensions), lambda: (extensions, shares(phone)))


def hears_music(phone: Baresip) -> bool:
    """Tell whether a phone hears something that has a little of everything, and nobody of the others."""
    heard = heard_lately(phone)
    return len(heard) > 0 and float(np.abs(heard).max()) > 500 and max(shares(phone).values()) < 0.5


def all_hear_all(phones: Mapping[str, Baresip]) -> None:
    for extension, phone in phones.items():
        assert_hears(phone, *(phones.keys() - {extension}))
