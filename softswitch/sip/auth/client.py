"""The client's side of digest: an Authorization for a challenge."""

from __future__ import annotations

from dataclasses import replace

from softswitch.core.errors import SipError
from softswitch.sip.auth.digest import (
    ALGORITHMS,
    MD5,
    Credentials,
    hash_hex,
    parse_digest,
    response_of,
    write_credentials,
)


def authorize(
    challenge_value: str, user: str, password: str, method: str, uri: str, *, cnonce: str = "", nonce_count: int = 1
) -> str:
    """Answer a challenge.

    Args:
        challenge_value: the value of a WWW-Authenticate or Proxy-Authenticate header.
        user: the SIP user name.
        password: as the user types it.
        method: of the request that will carry the answer.
        uri: its Request-URI.
        cnonce: random text of the client, needed where the challenge offers ``qop=auth``.
        nonce_count: how often this nonce was used, with this time.

    Returns:
        The value of an Authorization header.

    Raises:
        SipError: the challenge is malformed, or asks for an algorithm or a qop that we do not have.
    """
    asked = parse_digest(challenge_value)
    algorithm = asked.get("algorithm", MD5).upper()
    offered = [qop.strip(" \t").lower() for qop in asked.get("qop", "").split(",") if qop.strip(" \t")]
    if algorithm not in ALGORITHMS or not {"realm", "nonce"} <= asked.keys() or (offered and "auth" not in offered):
        raise SipError("a challenge that cannot be answered")
    made = Credentials(user, asked["realm"], asked["nonce"], uri, "", algorithm)
    if offered:
        made = replace(made, qop="auth", cnonce=cnonce, nonce_count=f"{nonce_count:08x}")
    ha1 = hash_hex(algorithm, f"{user}:{made.realm}:{password}")
    return write_credentials(replace(made, response=response_of(ha1, method, made)), opaque=asked.get("opaque", ""))
