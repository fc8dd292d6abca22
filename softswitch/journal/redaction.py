"""Leaving secrets out of facts that are shown to people."""

from __future__ import annotations

import re
from typing import Final

from softswitch.core.sealed_keys import without_sealed

HIDDEN: Final = "[hidden]"

_SECRET_FIELD: Final = re.compile(r"password|secret|token|ha1|nonce_key", re.IGNORECASE)
_SECRETS_IN_TEXT: Final = (
    re.compile(r"((?:proxy-)?authorization\s*:\s*)[^\r\n]+(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE),  # RFC 3261 §22
    re.compile(r"(^a=crypto:\s*\d+\s+\S+\s+)[^\r\n]+", re.IGNORECASE | re.MULTILINE),  # RFC 4568 §9.1
    re.compile(r"(^k=)[^\r\n]+", re.MULTILINE),  # RFC 4566 §5.12
    re.compile(r"(sips?:[^:@\s;>]+:)[^@\s]+(?=@)", re.IGNORECASE),  # RFC 3261 §19.1.1: a password in a URI
)


def redacted(name: str, value: object) -> object:
    """Return a field's value without its secrets.

    Args:
        name: the field's name.
        value: what msgpack gives: None, bool, int, float, str, bytes, and tuples and lists of them.
    """
    if _SECRET_FIELD.search(name):
        return HIDDEN
    if isinstance(value, str):
        return _redacted_text(value)
    if isinstance(value, bytes):
        return _redacted_text(value.decode(errors="replace"))
    if isinstance(value, tuple | list):
        return [redacted(name, part) for part in value]
    return value


def _redacted_text(text: str) -> str:
    for pattern in _SECRETS_IN_TEXT:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return without_sealed(text)
