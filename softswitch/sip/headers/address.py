"""Addresses: From, To, Contact, Route, Record-Route and their kin (RFC 3261 §20.10, §25.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from softswitch.core.errors import SipError
from softswitch.sip.headers.values import (
    Parameters,
    parse_parameters,
    quote,
    split_commas,
    unquote,
    write_parameters,
)
from softswitch.sip.uri import Uri, parse_uri


@dataclass(frozen=True, slots=True)
class Address:
    """A display name, a URI and the header's own parameters."""

    uri: Uri
    display_name: str = ""
    parameters: Parameters = field(default_factory=dict)

    @property
    def tag(self) -> str | None:
        """The tag parameter, or None."""
        return self.parameters.get("tag")

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{write_parameters(self.parameters)}"


def parse_address(value: str) -> Address:
    """Parse one name-addr or addr-spec with parameters; the caller may not change what it gets.

    Raises:
        SipError: it is malformed.
    """
    return _parse_address(value)


@lru_cache(maxsize=4096)
def _parse_address(value: str) -> Address:
    value = value.strip()
    if value == "*":
        return Address(Uri("*", text="*"))
    start = value.find("<")
    quoted_start = value.startswith('"')
    if quoted_start:  # a display name may hold an angle bracket
        start = _after_quoted(value)
        start = value.find("<", start)
    if start < 0:
        if quoted_start:
            raise SipError(f"an address without a URI: {value[:80]!r}")
        # addr-spec: parameters belong to the header, not to the URI (RFC 3261 §20.10)
        uri, _, tail = value.partition(";")
        return Address(parse_uri(uri), "", parse_parameters(tail))
    end = value.find(">", start)
    if end < 0:
        raise SipError(f"an angle bracket does not close: {value[:80]!r}")
    tail = value[end + 1 :].strip()
    if tail and not tail.startswith(";"):
        raise SipError(f"unexpected text after an address: {tail[:40]!r}")
    return Address(parse_uri(value[start + 1 : end]), unquote(value[:start].strip()), parse_parameters(tail))


def _after_quoted(value: str) -> int:
    """Return the index behind the quoted string that ``value`` starts with."""
    i = 1
    while i < len(value):
        if value[i] == "\\":
            i += 1
        elif value[i] == '"':
            return i + 1
        i += 1
    raise SipError("a quoted string does not end")


def parse_address_list(value: str) -> list[Address]:
    """Parse a comma-separated list of addresses."""
    return [parse_address(part) for part in split_commas(value)]
