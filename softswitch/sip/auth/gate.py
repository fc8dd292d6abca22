"""The gate: a request comes with credentials that hold, or gets a challenge (RFC 3261 §22.2).

A user agent answers 401; so does this switch for calls too, being the end of both legs and no proxy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from softswitch.core.errors import SipError
from softswitch.core.ids import Entropy
from softswitch.core.immutable import immutable
from softswitch.sip.auth.digest import MD5, SHA_256, Credentials, hash_hex, parse_credentials, verify
from softswitch.sip.auth.nonce import NonceCounts, NonceMaker, NonceState
from softswitch.sip.grammar import quote
from softswitch.sip.message import Header, Request
from softswitch.sip.uri import parse_uri


@immutable
class Verified:
    """The credentials hold."""

    user: str


@immutable
class Challenge:
    """The request is to be answered with 401 and these headers."""

    headers: tuple[Header, ...]
    stale: bool = False
    """The password was right, the nonce too old or used: the phone tries again without asking anybody."""
    failed: bool = False
    """Credentials came and were wrong: worth counting."""


class DigestGate:
    """Checks credentials and makes challenges.

    Args:
        realm: the SIP domain.
        nonces: makes and knows the nonces.
        entropy: for new nonces.
        counts: what was used already; its own if None.
    """

    def __init__(self, realm: str, nonces: NonceMaker, entropy: Entropy, counts: NonceCounts | None = None) -> None:
        self.realm = realm
        self._nonces = nonces
        self._entropy = entropy
        self._counts = NonceCounts(nonces.lifetime_s) if counts is None else counts

    @cached_property
    def _nobody(self) -> Mapping[str, str]:
        """An HA1 that is as costly to check against as a true one, and nobody's."""
        secret = self._nonces.make(0.0, self._entropy)
        return {MD5: hash_hex(MD5, secret), SHA_256: hash_hex(SHA_256, secret)}

    def credentials(self, request: Request) -> Credentials | None:
        """Return the request's Digest credentials for our realm, or None; what is malformed counts as none."""
        for value in request.get_all("Authorization"):
            try:
                found = parse_credentials(value)
            except SipError:
                continue
            if found.realm == self.realm:
                return found
        return None

    def check(
        self,
        request: Request,
        ha1_by_algorithm: Mapping[str, str] | None,
        *,
        user: str,
        wall_s: float,
        offer_sha256: bool = False,
    ) -> Verified | Challenge:
        """Verify or challenge; an unknown user and a wrong password get the same answer after the same work.

        Args:
            request: what came.
            ha1_by_algorithm: the user's HA1 for ``MD5`` and, if wanted, ``SHA-256``; None if nobody is called so.
            user: the SIP user name that the HA1 belongs to; credentials of another name fail.
            wall_s: the wall clock.
            offer_sha256: whether a second challenge asks for SHA-256.
        """
        credentials = self.credentials(request)
        if credentials is None:
            return self._challenge(wall_s, offer_sha256=offer_sha256)
        nobody = self._nobody  # for whoever comes first the same work, too
        known = nobody if ha1_by_algorithm is None else ha1_by_algorithm
        algorithm = credentials.algorithm
        ha1 = known.get(algorithm) or nobody.get(algorithm, "")
        right = verify(credentials, ha1, request.method, algorithm)
        state = self._nonces.check(credentials.nonce, wall_s)
        right = right and algorithm in known and ha1_by_algorithm is not None and credentials.user == user
        if not right or not _same_target(credentials.uri, request.uri):
            return self._challenge(wall_s, failed=True, offer_sha256=offer_sha256)
        if state is not NonceState.FRESH or not self._counts.accept(
            credentials.nonce, credentials.count, wall_s=wall_s
        ):
            return self._challenge(wall_s, stale=True, offer_sha256=offer_sha256)
        return Verified(user)

    def _challenge(self, wall_s: float, *, stale: bool = False, failed: bool = False, offer_sha256: bool) -> Challenge:
        nonce = self._nonces.make(wall_s, self._entropy)
        algorithms = (MD5, SHA_256) if offer_sha256 else (MD5,)
        mark = ", stale=true" if stale else ""
        head = f'Digest realm={quote(self.realm)}, nonce="{nonce}"'
        headers = tuple(("WWW-Authenticate", f'{head}, algorithm={a}, qop="auth"{mark}') for a in algorithms)
        return Challenge(headers, stale, failed)


def _same_target(digest_uri: str, request_uri: str) -> bool:
    """Tell whether both address the same user, or the signed one none: some programs sign only the server's address.

    Hosts are not compared. A phone may sign its proxy's name and ask for ours, and whoever relays another's
    credentials chooses the Request-URI's host as well; what is called is its user part.
    """
    if digest_uri == request_uri:
        return True
    try:
        signed, asked = parse_uri(digest_uri), parse_uri(request_uri)
    except SipError:
        return False
    return signed.scheme == asked.scheme and signed.user in {"", asked.user}
