"""A leg's encryption (RFC 3711): one context for packets to the phone, one for packets from it.

The rollover counter, the upper half of a packet's index, is on no wire: both ends count it. A phone whose leg has moved
to another worker in the middle of a call has counted some, and only its key tells how many: where the first packets fit
no key, a context is let count on, step by step, with packets that we make ourselves with the phone's key, until one
fits.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from pylibsrtp import Error, Policy, Session

from softswitch.core.errors import MediaError
from softswitch.media.engine import Srtp

_PROFILES: Final = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}
_WINDOW: Final = 1024
"""Packets by which one may be late."""
_SEARCHES: Final = 2
"""So many packets of a new context that fit no key are tried with other rollover counters."""
_MOST_ROLLOVERS: Final = 48
"""Each is 65,536 packets, 22 minutes: 17 hours in all."""
_STEP: Final = 0x6000
"""A context follows sequence numbers that go on by less than half of their range."""
_HEADER: Final = struct.Struct("!BBHII")


@dataclass(slots=True)
class Tally:
    """What came to a leg and was not the phone's, or came twice."""

    forged: int = 0
    replayed: int = 0


class Guard:
    """Encrypts and decrypts a leg's packets.

    Args:
        keys: of both directions, base64.
        tally: where refused packets are counted.

    Raises:
        MediaError: the keys do not fit the suite.
    """

    def __init__(self, keys: Srtp, tally: Tally) -> None:
        self._keys = keys
        self._tally = tally
        self._sending = _session(keys.suite, keys.send_key, Policy.SSRC_ANY_OUTBOUND)
        self._receiving = _session(keys.suite, keys.receive_key, Policy.SSRC_ANY_INBOUND)
        self._searches = _SEARCHES

    def follow(self, keys: Srtp) -> None:
        """Go on with other keys; a direction whose key stays counts on where it is.

        Raises:
            MediaError: the keys do not fit the suite.
        """
        before, self._keys = self._keys, keys
        if (keys.suite, keys.send_key) != (before.suite, before.send_key):
            self._sending = _session(keys.suite, keys.send_key, Policy.SSRC_ANY_OUTBOUND)
        if (keys.suite, keys.receive_key) != (before.suite, before.receive_key):
            self._receiving = _session(keys.suite, keys.receive_key, Policy.SSRC_ANY_INBOUND)
            self._searches = _SEARCHES

    def open(self, packet: bytes) -> bytes | None:
        """Decrypt a packet from the phone; None where it is not the phone's, or came before."""
        try:
            opened: bytes = self._receiving.unprotect(packet)
        except Error as error:
            if "replay" in str(error):
                self._tally.replayed += 1
                return None
            return self._search(packet)
        except ValueError:
            self._tally.forged += 1
            return None
        self._searches = 0
        return opened

    def open_report(self, packet: bytes) -> bytes | None:
        """Decrypt RTCP from the phone; None where it is not the phone's, or came before."""
        try:
            opened: bytes = self._receiving.unprotect_rtcp(packet)
        except (Error, ValueError) as error:
            if "replay" in str(error):
                self._tally.replayed += 1
            else:
                self._tally.forged += 1
            return None
        return opened

    def seal(self, packet: bytes) -> bytes | None:
        """Encrypt a packet to the phone; None where that cannot be: it is too long, or was sent before."""
        try:
            sealed: bytes = self._sending.protect(packet)
        except (Error, ValueError):
            return None
        return sealed

    def seal_report(self, packet: bytes) -> bytes | None:
        """Encrypt RTCP to the phone; None where that cannot be."""
        try:
            sealed: bytes = self._sending.protect_rtcp(packet)
        except (Error, ValueError):
            return None
        return sealed

    def _search(self, packet: bytes) -> bytes | None:
        """Look for the rollover counter that a packet fits, as long as none ever fitted."""
        if self._searches and len(packet) > _HEADER.size:
            self._searches -= 1
            found = _with_rollovers(self._keys, packet)
            if found is not None:
                self._receiving, opened = found
                self._searches = 0
                return opened
        self._tally.forged += 1
        return None


def _with_rollovers(keys: Srtp, packet: bytes) -> tuple[Session, bytes] | None:
    """Return a context that has counted as far as the packet's sender, with the packet opened; None for no fit."""
    _, kind, sequence, _, ssrc = _HEADER.unpack_from(packet)
    making = _session(keys.suite, keys.receive_key, Policy.SSRC_ANY_OUTBOUND)
    counting = _session(keys.suite, keys.receive_key, Policy.SSRC_ANY_INBOUND)
    index = 0
    for rollovers in range(1, _MOST_ROLLOVERS + 1):
        before = (rollovers << 16 | sequence) - 1
        while index < before:
            index = min(index + _STEP, before)
            made = _HEADER.pack(0x80, kind & 0x7F, index & 0xFFFF, 0, ssrc) + b"\0"
            counting.unprotect(making.protect(made))
        try:
            return counting, counting.unprotect(packet)
        except Error:
            continue
    return None


def _session(suite: str, key: str, direction: int) -> Session:
    try:
        policy = Policy(key=b64decode(key), ssrc_type=direction, srtp_profile=_PROFILES[suite])
        policy.window_size = _WINDOW
        return Session(policy)
    except (Error, KeyError, TypeError, ValueError) as error:
        raise MediaError(f"keys of {suite} that cannot be used") from error
