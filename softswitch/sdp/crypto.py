"""The ``crypto`` attribute: keys of SRTP in a description (RFC 4568).

A line is of use where its suite is one of :data:`SUITES` and it gives one key without an MKI and asks for nothing else:
lines that ask for more (several keys, MKI, session parameters) are read over, as §6 lets an answerer do. The key's text
is not looked into here, because descriptions are kept with their keys sealed
(:mod:`softswitch.sdp.key_vault`).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SUITES: Final = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
"""Crypto suites in our order of preference, with the octets of master key and salt together (§6.2, RFC 7714 §14)."""
SECURE_PROFILES: Final = frozenset({"RTP/SAVP", "RTP/SAVPF"})

_LINE: Final = re.compile(r"(\d{1,9})\s+(\S+)\s+inline:([^|;\s]+)((?:\|[^\s;]*)?)((?:\s+\S+)*)\s*", re.IGNORECASE)
_LIFETIME: Final = re.compile(r"(?:\|(?:2\^)?\d+)?")
_HARMLESS: Final = re.compile(r"(?:\s+(?:-\S*|WSH=\d+))*", re.IGNORECASE)
"""Session parameters that change nothing for the receiver of the offer (§6.3)."""


class Crypto(NamedTuple):
    """One way of encryption that a side offers, or the one that it takes."""

    tag: int
    suite: str
    """One of :data:`SUITES`."""
    key: str
    """Master key and salt of the side that wrote it: base64, or what stands for it in a kept description."""


def parse_crypto(value: str) -> Crypto | None:
    """Read the attribute's value; None where it is malformed or asks for what there is not."""
    match = _LINE.fullmatch(value)
    if match is None:
        return None
    tag, suite, key, limits, parameters = match.groups()
    suite = suite.upper()
    if suite not in SUITES or not _LIFETIME.fullmatch(limits) or not _HARMLESS.fullmatch(parameters):
        return None
    return Crypto(int(tag), suite, key)


def crypto_attribute(crypto: Crypto) -> str:
    """Write the attribute without ``a=``."""
    return f"crypto:{crypto.tag} {crypto.suite} inline:{crypto.key}"
