"""Keys of SRTP in descriptions that are kept: never in clear.

Between the wire and everything else a description changes its form: a phone's keys are *sealed* (encrypted with a key
of the installation), and ours are not written at all but *named*: ``inline:@LEG`` stands for a key that is made of the
installation's key, the leg's name and the suite. So facts, state, logs and dumps hold no key, and yet a brain that
folds them finds all keys again. Only what goes to a phone or to a media worker is revealed.

Sealing is AES-SIV (RFC 5297): it needs no nonce, and the same key gives the same text.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from functools import cached_property
from typing import TYPE_CHECKING, Final

from softswitch.core.errors import SdpError
from softswitch.sdp.crypto import SUITES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_MARK: Final = "a=crypto:"
_LINE: Final = re.compile(r"(a=crypto:[ \t]*\d+[ \t]+)(\S+)([ \t]+inline:)([^|;\s]+)([^\r\n]*)(\r?\n|$)", re.IGNORECASE)
_ANY_LINE: Final = re.compile(r"a=crypto:[^\r\n]*(?:\r?\n|$)", re.IGNORECASE)
_KEPT: Final = re.compile(r"(a=crypto:[ \t]*\d+[ \t]+)(\S+)([ \t]+inline:)([~@][^|;\s]+)", re.IGNORECASE)
_SEALED, _NAMED = "~", "@"


class KeyVault:
    """Seals and reveals keys.

    Args:
        secret: the installation's key; the same one as long as anything is kept.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @cached_property
    def _sealing(self) -> bytes:
        return _derived(self._secret, "seal")

    @cached_property
    def _naming(self) -> bytes:
        return _derived(self._secret, "name")

    def seal(self, sdp: str, *, wanted: bool = True) -> str:
        """Return a phone's description as it may be kept.

        Args:
            sdp: as it came.
            wanted: whether its keys are of any use; if not, its ``crypto`` lines are left out, like those that are
                malformed, or whose key has not the suite's length.
        """
        if _MARK not in sdp:
            return sdp
        return _ANY_LINE.sub(lambda match: self._sealed(match[0]) if wanted else "", sdp)

    def seal_message(self, message: bytes) -> bytes:
        """Return a message of ours as it may be kept; :meth:`reveal_message` gives the same octets again."""
        if _MARK.encode() not in message:
            return message
        text = _LINE.sub(self._seal_line, message.decode("latin-1"))
        return text.encode("latin-1")

    def reveal(self, sdp: str) -> str:
        """Return a kept description as it goes over the wire.

        Raises:
            SdpError: it was sealed with another key.
        """
        return _KEPT.sub(self._reveal_line, sdp) if _MARK in sdp else sdp

    def reveal_message(self, message: bytes) -> bytes:
        """Return a kept message with its keys.

        Raises:
            SdpError: it was sealed with another key.
        """
        if _MARK.encode() not in message:
            return message
        return _KEPT.sub(self._reveal_line, message.decode("latin-1")).encode("latin-1")

    def key(self, suite: str, kept: str) -> bytes:
        """Return master key and salt.

        Args:
            suite: one of :data:`softswitch.sdp.crypto.SUITES`.
            kept: how the key stands in a kept description.

        Raises:
            SdpError: it was sealed with another key, or is none.
        """
        octets = SUITES[suite]
        if kept.startswith(_NAMED):
            return hmac.digest(self._naming, f"{suite} {kept[1:]}".encode(), "sha512")[:octets]
        from cryptography.exceptions import InvalidTag

        try:
            key = self._siv.decrypt(b64decode(kept.removeprefix(_SEALED), validate=True), [suite.encode()])
        except (InvalidTag, Base64Error, ValueError) as error:
            raise SdpError("a key that this installation has not sealed") from error
        return key

    @cached_property
    def _siv(self) -> AESSIV:
        """Loaded when the first key comes: phones wait for a brain that starts."""
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self._sealing)

    def _sealed(self, line: str) -> str:
        match = _LINE.fullmatch(line)
        return "" if match is None else self._seal_line(match)

    def _seal_line(self, match: re.Match[str]) -> str:
        suite = match[2].upper()
        try:
            key = b64decode(match[4], validate=True)
        except (Base64Error, ValueError):
            return ""
        if len(key) != SUITES.get(suite, -1):
            return ""
        sealed = _SEALED + b64encode(self._siv.encrypt(key, [suite.encode()])).decode()
        return f"{match[1]}{match[2]}{match[3]}{sealed}{match[5]}{match[6]}"

    def _reveal_line(self, match: re.Match[str]) -> str:
        key = b64encode(self.key(match[2].upper(), match[4])).decode()
        return f"{match[1]}{match[2]}{match[3]}{key}"


def named_key(leg: str) -> str:
    """Return what stands for our key of a leg in a kept description."""
    return _NAMED + leg


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, f"softswitch srtp {purpose}".encode(), "sha512")
