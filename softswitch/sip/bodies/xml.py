"""XML as phones write and read it: escaped on the way out, no document type on the way in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from softswitch.core.errors import SipError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
MOST_OCTETS: Final = 16_384
"""A larger document is no phone's."""
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARED: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def text(value: str) -> str:
    """Write character data."""
    return _UNWRITABLE.sub("", value).translate(_ESCAPES)


def attribute(value: str) -> str:
    """Write an attribute's value with its quotes."""
    return f'"{text(value)}"'


def parse(body: bytes) -> Element:
    """Read a document.

    Raises:
        SipError: it is too large (413), declares a document type, or is no XML.
    """
    from xml.etree import ElementTree  # need not be there before a phone is answered

    if len(body) > MOST_OCTETS:
        raise SipError("the document is too large", 413)
    if _DECLARED.search(body) or b"\x00" in body:  # entities, and encodings that could hide them
        raise SipError("the document declares what we do not read")
    try:
        return ElementTree.fromstring(body)  # noqa: S314  # without a document type nothing can be expanded
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SipError(f"not XML: {error}") from error


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]
