"""The names of header fields: any case and the compact forms become one canonical spelling (RFC 3261 §7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COMPACT: Final = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
}
"""One-letter names and what they stand for (the IANA registry of SIP header fields)."""

_KNOWN: Final = (
    *COMPACT.values(),
    *("Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Authentication-Info"),
    *("Authorization", "CSeq", "Call-Info", "Content-Disposition", "Content-Language", "Date", "Diversion"),
    *("Error-Info", "Expires", "History-Info", "In-Reply-To", "MIME-Version", "Max-Forwards", "Min-Expires"),
    *("Min-SE", "Organization", "P-Asserted-Identity", "P-Called-Party-ID", "P-Preferred-Identity", "Path"),
    *("Priority", "Privacy", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "RSeq"),
    *("Reason", "Record-Route", "Replaces", "Reply-To", "Require", "Retry-After", "Route", "Server"),
    *("Service-Route", "Subscription-State", "SIP-ETag", "SIP-If-Match", "Timestamp", "Unsupported"),
    *("User-Agent", "WWW-Authenticate", "Warning", "X-Conversation"),
)
_MOST_CACHED: Final = 4096
_LONGEST_CACHED: Final = 64
_canonical: dict[str, str] = {name: name for name in _KNOWN}
SEEN: Final[Mapping[str, str]] = _canonical
"""Spellings that need no work, for a parser in a hurry."""
_canonical.update({name.lower(): name for name in _KNOWN})
_canonical.update(COMPACT)
_canonical.update({letter.upper(): name for letter, name in COMPACT.items()})


def canonical(name: str) -> str:
    """Return the one spelling of a header's name, e.g. ``Call-ID`` for ``call-id``, ``CALL-ID`` and ``i``.

    A name nobody knows gets capitals at its start and after each hyphen. What was seen is cached up to a bound, so
    that no peer can fill the memory with names.
    """
    found = _canonical.get(name)
    if found is not None:
        return found
    found = _canonical.get(name.lower())
    if found is None:
        found = "-".join(part.capitalize() for part in name.split("-"))
    if len(_canonical) < _MOST_CACHED and len(name) <= _LONGEST_CACHED:
        _canonical[name] = found
    return found
