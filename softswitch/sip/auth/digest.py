"""Digest credentials: what is hashed, how it is written and read (RFC 2617 as RFC 3261 §22.4 uses it, RFC 8760)."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from softswitch.core.errors import SipError
from softswitch.core.immutable import immutable
from softswitch.sip.grammar import NAME_CHARACTER, QUOTED, quote, unquote

MD5: Final = "MD5"
SHA_256: Final = "SHA-256"
ALGORITHMS: Final = (MD5, SHA_256)
"""In the order of the challenges: old phones read the first only."""

_PAIR: Final = re.compile(rf'[ \t]*+({NAME_CHARACTER}++)[ \t]*+=[ \t]*+({QUOTED}|[^," \t]++)[ \t]*+(?:,|$)')
_PAIRS: Final = re.compile(rf'(?:[ \t]*+{NAME_CHARACTER}++[ \t]*+=[ \t]*+(?:{QUOTED}|[^," \t]++)[ \t]*+(?:,|$))*')
_NONCE_COUNT: Final = re.compile(r"[0-9a-fA-F]{1,8}")
_DIGEST_LENGTHS: Final = {MD5: 32, SHA_256: 64}


@immutable
class Credentials:
    """What an Authorization header of the scheme Digest says."""

    user: str
    realm: str
    nonce: str
    uri: str
    """The digest's own URI, mostly but not always the Request-URI."""
    response: str
    """In lower case."""
    algorithm: str = MD5
    """``MD5``, ``SHA-256``, or another one as it was written."""
    qop: str = ""
    """Empty for a client of RFC 2069."""
    cnonce: str = ""
    nonce_count: str = ""
    """Eight hexadecimal digits as they were written; empty without a qop."""

    @property
    def count(self) -> int:
        """The nonce count; 1 for a client that does not count."""
        return int(self.nonce_count, 16) if self.nonce_count else 1


def hash_hex(algorithm: str, text: str) -> str:
    """Return the hash of a text in lower-case hexadecimal; the algorithm is one of :data:`ALGORITHMS`."""
    data = text.encode("utf-8", "replace")
    if algorithm == MD5:
        return hashlib.md5(data, usedforsecurity=False).hexdigest()
    return hashlib.sha256(data).hexdigest()


def ha1_md5(user: str, realm: str, password: str) -> str:
    """Return H(A1) of RFC 2617 §3.2.2.2: all that a server needs to keep of a password."""
    return hash_hex(MD5, f"{user}:{realm}:{password}")


def ha1_sha256(user: str, realm: str, password: str) -> str:
    """Return H(A1) with the algorithm of RFC 8760."""
    return hash_hex(SHA_256, f"{user}:{realm}:{password}")


def parse_digest(value: str) -> dict[str, str]:
    """Parse ``Digest name=value, ...`` of a challenge or of credentials; names in lower case, values unquoted.

    Raises:
        SipError: it is malformed, of another scheme, or names something twice.
    """
    scheme, _, rest = value.strip(" \t").partition(" ")
    if scheme.lower() != "digest":
        raise SipError(f"not of scheme Digest: {scheme[:20]!r}")
    pairs = _PAIR.findall(rest) if _PAIRS.fullmatch(rest) else []
    found = {name.lower(): unquote(text) if "\\" in text else text.strip('"') for name, text in pairs}
    if len(found) < len(pairs) or (rest and not pairs):
        raise SipError("Digest parameters are malformed")
    return found


def parse_credentials(value: str) -> Credentials:
    """Parse the value of an Authorization or Proxy-Authorization header.

    Raises:
        SipError: it is malformed, of another scheme than Digest, or lacks what every client has to send.
    """
    found = parse_digest(value)
    try:
        user, realm, nonce = found["username"], found["realm"], found["nonce"]
        uri, response = found["uri"], found["response"].lower()
    except KeyError as missing:
        raise SipError(f"Digest without {missing}") from None
    qop, count = found.get("qop", "").lower(), found.get("nc", "")
    if qop and not (_NONCE_COUNT.fullmatch(count) and "cnonce" in found):
        raise SipError("Digest with qop has no cnonce or no nc")
    algorithm = found.get("algorithm", MD5)
    known = algorithm.upper()
    return Credentials(
        user,
        realm,
        nonce,
        uri,
        response,
        known if known in ALGORITHMS else algorithm,
        qop,
        found.get("cnonce", ""),
        count if qop else "",
    )


def response_of(ha1: str, method: str, credentials: Credentials) -> str:
    """Compute the response that these credentials should hold (RFC 2617 §3.2.2), with ``qop=auth`` or without qop."""
    algorithm = credentials.algorithm
    ha2 = hash_hex(algorithm, f"{method}:{credentials.uri}")
    if not credentials.qop:
        return hash_hex(algorithm, f"{ha1}:{credentials.nonce}:{ha2}")
    middle = f"{credentials.nonce}:{credentials.nonce_count}:{credentials.cnonce}:{credentials.qop}"
    return hash_hex(algorithm, f"{ha1}:{middle}:{ha2}")


def verify(credentials: Credentials, ha1: str, method: str, algorithm: str) -> bool:
    """Tell, in constant time, whether the response was made with the password behind ``ha1``.

    Args:
        credentials: what the client sent.
        ha1: of the same algorithm, lower-case hexadecimal.
        method: the request's.
        algorithm: which one ``ha1`` is of; credentials of another never match.
    """
    expected = response_of(ha1, method, credentials) if credentials.algorithm in ALGORITHMS else ""
    same = hmac.compare_digest(expected.encode(), credentials.response.encode())
    return same and bool(expected) and credentials.algorithm == algorithm and credentials.qop in {"", "auth"}


def write_credentials(credentials: Credentials, *, opaque: str = "") -> str:
    """Write the value of an Authorization header."""
    pairs = [
        f"username={quote(credentials.user)}",
        f"realm={quote(credentials.realm)}",
        f"nonce={quote(credentials.nonce)}",
        f"uri={quote(credentials.uri)}",
        f'response="{credentials.response}"',
        f"algorithm={credentials.algorithm}",
    ]
    if credentials.qop:
        pairs.append(f"cnonce={quote(credentials.cnonce)}, qop={credentials.qop}, nc={credentials.nonce_count}")
    if opaque:
        pairs.append(f"opaque={quote(opaque)}")
    return "Digest " + ", ".join(pairs)
