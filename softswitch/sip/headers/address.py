"""Addresses: From, To, Contact, Route, Record-Route and their kin (RFC 3261 §20.10, §25.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from softswitch.core.errors import SipError
from softswitch.sip.grammar import (
    LONGEST_KEPT,
    NO_PARAMETERS,
    QUOTED,
    Parameters,
    is_token,
    parse_parameters,
    quote,
    split_commas,
    unquote,
    write_parameters,
)
from softswitch.sip.uri import Uri, parse_uri

_NAME_ADDR: Final = re.compile(
    # A display name without quotes should be tokens only; phones also write UTF-8, full stops and brackets there.
    rf'[ \t]*+({QUOTED}|[^"<>,;\\]*+)[ \t]*+<([^<>]*+)>[ \t]*+(;.*)?',
    re.DOTALL,
)


class Address(NamedTuple):
    """A display name, a URI and the header's own parameters."""

    uri: Uri
    display_name: str = ""
    parameters: Parameters = NO_PARAMETERS

    @property
    def tag(self) -> str | None:
        """The tag parameter, or None."""
        return self.parameters.get("tag")

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{write_parameters(self.parameters)}"


_ANY: Final = Address(Uri("*", text="*"))


def parse_address(value: str) -> Address:
    """Parse one name-addr or addr-spec with parameters.

    Raises:
        SipError: it is malformed.
    """
    if len(value) > LONGEST_KEPT:
        return _parse_whole.__wrapped__(value)
    head, tag_follows, tag = value.rpartition(";tag=")
    if not tag_follows or not (tag.isalnum() or is_token(tag)):
        return _parse_whole(value)
    uri, name, others = _parse_whole(head)
    parameters: Parameters = {"tag": tag}
    if others:
        if "tag" in others:
            raise SipError(f"two tags: {value[:80]!r}")
        parameters = {**others, "tag": tag}
    return tuple.__new__(Address, (uri, name, parameters))  # half the time of calling the class


@lru_cache(maxsize=16384)
def _parse_whole(value: str) -> Address:
    """Parse what a phone writes just the same from message to message."""
    match = _NAME_ADDR.fullmatch(value)
    if match is None:
        return _parse_addr_spec(value.strip(" \t"))
    name, uri, tail = match.groups()
    if name:
        name = unquote(name) if name[0] == '"' else name.strip(" \t")
    return Address(parse_uri(uri), name, NO_PARAMETERS if tail is None else parse_parameters(tail))


def _parse_addr_spec(value: str) -> Address:
    """Parse an address without brackets: its parameters are the header's, not the URI's (RFC 3261 §20.10)."""
    if value == "*":
        return _ANY
    uri, semicolon, tail = value.partition(";")
    if "?" in uri or "," in uri:  # these demand the brackets
        raise SipError(f"not an address: {value[:80]!r}")
    return Address(parse_uri(uri.rstrip(" \t")), "", parse_parameters(semicolon + tail))


def parse_address_list(value: str) -> list[Address]:
    """Parse a comma-separated list of addresses.

    Raises:
        SipError: the list or one of its addresses is malformed.
    """
    if value and "," not in value:
        return [parse_address(value)]
    return [parse_address(part) for part in split_commas(value)]
