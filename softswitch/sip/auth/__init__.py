"""Digest authentication without I/O: hashes, nonces, the server's gate and the client's answer."""

from softswitch.sip.auth.client import authorize
from softswitch.sip.auth.digest import (
    ALGORITHMS,
    MD5,
    SHA_256,
    Credentials,
    ha1_md5,
    ha1_sha256,
    parse_credentials,
    response_of,
    verify,
)
from softswitch.sip.auth.gate import Challenge, DigestGate, Verified
from softswitch.sip.auth.nonce import NonceCounts, NonceMaker, NonceState

__all__ = [
    "ALGORITHMS",
    "MD5",
    "SHA_256",
    "Challenge",
    "Credentials",
    "DigestGate",
    "NonceCounts",
    "NonceMaker",
    "NonceState",
    "Verified",
    "authorize",
    "ha1_md5",
    "ha1_sha256",
    "parse_credentials",
    "response_of",
    "verify",
]
