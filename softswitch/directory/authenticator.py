"""Who proves to be a user: digest over the site's HA1s, with nonces that outlive a restart."""

from __future__ import annotations

import hmac
import os

from softswitch.core.errors import SipError
from softswitch.core.ids import Entropy
from softswitch.directory.site import User
from softswitch.sip.auth import MD5, SHA_256, Challenge, DigestGate, NonceMaker, Verified
from softswitch.sip.message import Request

__all__ = ["Authenticator", "Challenge", "Verified"]


class Authenticator:
    """Challenges and verifies requests.

    Args:
        key: secret octets that outlive the process, 32 of them.
        realm: the SIP domain.
        entropy: for new nonces; the system's where None is given.
    """

    def __init__(self, key: bytes, realm: str, entropy: Entropy | None = None) -> None:
        self._key = key
        self._gate = DigestGate(realm, NonceMaker(key), entropy or Entropy(os.urandom))

    def check(
        self, request: Request, *, user: User | None, wall_s: float, sha256_share: float = 0.0
    ) -> Verified | Challenge:
        """Verify that a request comes from ``user``, or make the challenge that it is answered with (401).

        A wrong password, another user's credentials and a user that does not exist get the same answer after the same
        work, so that nobody can find out by asking which extensions there are. Of names that nobody has, as many are
        offered SHA-256 as of users, and always the same ones.

        Args:
            request: what came.
            user: whom it must prove; None where nobody is called so.
            wall_s: the wall clock.
            sha256_share: how many of the users are offered SHA-256, from 0 to 1.
        """
        like_sha256 = sha256_share > 0 and self._place_of(request) < sha256_share
        if user is None:
            return self._gate.check(request, None, user="", wall_s=wall_s, offer_sha256=like_sha256)
        known = {MD5: user.ha1_md5}
        if user.sha256:
            known[SHA_256] = user.ha1_sha256
        return self._gate.check(request, known, user=user.extension, wall_s=wall_s, offer_sha256=user.sha256)

    def _place_of(self, request: Request) -> float:
        """Return where the name that a request claims stands among all names, from 0 to 1; nobody else can tell."""
        credentials = None if request.method == "REGISTER" else self._gate.credentials(request)
        try:
            address = request.to if request.method == "REGISTER" else request.from_
            name = address.uri.user if credentials is None else credentials.user
        except SipError:
            name = ""
        return (
            int.from_bytes(hmac.digest(self._key, f"stands for {name}".encode("utf-8", "replace"), "sha256")[:4])
            / 2**32
        )
