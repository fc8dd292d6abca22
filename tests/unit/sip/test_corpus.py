"""Each message of the corpus gets exactly the verdict that the manifest gives; names are those of RFC 4475."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.check import check_request, check_response
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Request, Response
from softswitch.sip.parse import parse_message
from softswitch.sip.uri import Uri, parse_uri

CORPUS: Final = Path(__file__).parents[2] / "corpora" / "sip"
MANIFEST: Final = json.loads((CORPUS / "manifest.json").read_text())
VALID: Final[dict[str, Any]] = MANIFEST["valid"]
INVALID: Final[dict[str, Any]] = MANIFEST["invalid"]


def check(message: Request | Response) -> None:
    if isinstance(message, Request):
        check_request(message)
    else:
        check_response(message)


def told_uri(uri: Uri) -> dict[str, Any]:
    return {**uri._asdict(), "parameters": dict(uri.parameters)}


def told_address(address: Address) -> dict[str, Any]:
    parameters = dict(address.parameters)
    return {"display_name": address.display_name, "uri": str(address.uri), "parameters": parameters}


def told(message: Request | Response) -> dict[str, Any]:
    """Say everything that a manifest may ask about."""
    facts: dict[str, Any] = {
        "from": told_address(message.from_),
        "from_user": message.from_.uri.user,
        "to": told_address(message.to),
        "to_user": message.to.uri.user,
        "to_scheme": message.to.uri.scheme,
        "call_id": message.call_id,
        "cseq": list(message.cseq),
        "max_forwards": message.max_forwards,
        "expires": message.expires,
        "vias": [str(via) for via in message.vias],
        "via_count": len(message.vias),
        "branch": message.via.branch,
        "contacts": [told_address(contact) for contact in message.contacts],
        "contact_users": [contact.uri.user for contact in message.contacts],
        "headers": dict(message.headers),
        "sdp_octets": len(message.sdp.encode()),
        "body": message.body.decode("latin-1"),
    }
    if message.contacts:
        uri = message.contacts[0].uri
        facts |= {"contact_uri": told_uri(uri), "contact_transport": uri.transport}
    if isinstance(message, Request):
        return facts | {"method": message.method, "uri": told_uri(parse_uri(message.uri))}
    return facts | {"status": message.status, "reason": message.reason}


def asked(facts: object, means: object) -> object:
    """Return the part of ``facts`` that ``means`` speaks about: of a mapping its keys only, but all parameters."""
    if not (isinstance(means, dict) and isinstance(facts, dict)):
        return facts
    return {key: facts[key] if key == "parameters" else asked(facts[key], means[key]) for key in means}


def test_the_manifest_names_every_file() -> None:
    assert {path.stem for path in (CORPUS / "valid").glob("*.sip")} == VALID.keys()
    assert {path.stem for path in (CORPUS / "invalid").glob("*.sip")} == INVALID.keys()


@pytest.mark.parametrize("name", VALID)
def test_a_valid_message_means_what_the_manifest_says(name: str) -> None:
    message = parse_message((CORPUS / "valid" / f"{name}.sip").read_bytes())
    check(message)
    means = VALID[name]["means"]
    assert asked(told(message), means) == means


@pytest.mark.parametrize("name", VALID)
def test_a_valid_message_means_the_same_after_it_was_written_again(name: str) -> None:
    first = parse_message((CORPUS / "valid" / f"{name}.sip").read_bytes())
    again = parse_message(first.to_bytes())
    assert (again.start_line(), again.headers, again.body) == (first.start_line(), first.headers, first.body)
    assert told(again) == told(first)


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_message_is_refused_where_and_as_the_manifest_says(name: str) -> None:
    verdict = INVALID[name]
    data = (CORPUS / "invalid" / f"{name}.sip").read_bytes()
    if verdict["where"] == "parse":
        with pytest.raises(SipError) as refused:
            parse_message(data)
    else:
        message = parse_message(data)
        with pytest.raises(SipError) as refused:
            check(message)
    assert refused.value.status_hint == verdict["status"]
