"""The client's side of digest authentication (RFC 2617, RFC 7616), for the simulated phone and by itself."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_PAIR: Final = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))')
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256"}


def _digest(algorithm: str, text: str) -> str:
    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def read_challenge(value: str) -> dict[str, str]:
    """Read the parameters of a Digest challenge; names in lower case, empty for another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(rest)}


class Credentials:
    """A user's name and password, and the last challenge, whose nonce is used again with a higher count.

    Args:
        user: the user name.
        password: the password.
        algorithm: the one to choose where several are offered.
        reuse_nonce: whether later requests carry credentials from the start; else each waits to be challenged.
    """

    def __init__(self, user: str, password: str, *, algorithm: str = "MD5", reuse_nonce: bool = True) -> None:
        self.user = user
        self.password = password
        self._algorithm = algorithm
        self._reuse_nonce = reuse_nonce
        self._challenge: dict[str, str] = {}
        self._count = 0

    def learn(self, challenges: list[str]) -> bool:
        """Take over the challenge of our algorithm; returns whether it says ``stale=true``."""
        read = [found for found in map(read_challenge, challenges) if found]
        usable = [c for c in read if c.get("algorithm", "MD5").upper() == self._algorithm]
        if usable and usable[0].get("nonce") != self._challenge.get("nonce"):
            self._challenge, self._count = usable[0], 0
        return bool(usable) and usable[0].get("stale", "").lower() == "true"

    def forget_unless_reused(self) -> None:
        """Drop the challenge after a request is done, for a phone that does not keep nonces."""
        if not self._reuse_nonce:
            self._challenge = {}

    def authorization(self, method: str, uri: str) -> str:
        """Return the value of an Authorization header, or an empty string while no challenge is known."""
        challenge = self._challenge
        if not challenge:
            return ""
        self._count += 1
        count, cnonce = f"{self._count:08x}", f"c{self._count:07x}"
        secret = _digest(self._algorithm, f"{self.user}:{challenge['realm']}:{self.password}")
        request = _digest(self._algorithm, f"{method}:{uri}")
        parts = {"username": self.user, "realm": challenge["realm"], "nonce": challenge["nonce"], "uri": uri}
        plain = {"algorithm": self._algorithm}
        if "auth" in challenge.get("qop", "").split(","):
            parts["response"] = _digest(
                self._algorithm, f"{secret}:{challenge['nonce']}:{count}:{cnonce}:auth:{request}"
            )
            parts["cnonce"] = cnonce
            plain |= {"qop": "auth", "nc": count}
        else:
            parts["response"] = _digest(self._algorithm, f"{secret}:{challenge['nonce']}:{request}")
        if "opaque" in challenge:
            parts["opaque"] = challenge["opaque"]
        quoted = [f'{name}="{value}"' for name, value in parts.items()]
        return "Digest " + ", ".join(quoted + [f"{name}={value}" for name, value in plain.items()])
