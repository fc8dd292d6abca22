from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.headers.address import Address, parse_address, parse_address_list
from softswitch.sip.uri import Uri, parse_uri


@pytest.mark.parametrize(
    ("value", "name", "uri", "parameters"),
    [
        ("<sip:a@x>", "", "sip:a@x", {}),
        ('"Anna" <sip:a@x>;tag=1', "Anna", "sip:a@x", {"tag": "1"}),
        ('"Anna"<sip:a@x;lr>;tag=1;x', "Anna", "sip:a@x;lr", {"tag": "1", "x": None}),
        ('"a \\"b\\" <c>"\t<sip:a@x> ; tag = 1', 'a "b" <c>', "sip:a@x", {"tag": "1"}),
        ("Анна (5 отдел) <sip:a@x>", "Анна (5 отдел)", "sip:a@x", {}),
        ("sip:a@x;tag=1", "", "sip:a@x", {"tag": "1"}),
        (" sip:a@x ", "", "sip:a@x", {}),
        ("<tel:+7495>", "", "tel:+7495", {}),
        ('"" <sip:a@x>', "", "sip:a@x", {}),
    ],
)
def test_an_address_is_taken_apart(value: str, name: str, uri: str, parameters: dict[str, str | None]) -> None:
    assert parse_address(value) == Address(parse_uri(uri), name, parameters)


def test_a_star_is_an_address() -> None:
    assert parse_address(" * ").uri.text == "*"


@pytest.mark.parametrize(
    "value",
    [
        *("", "Anna", '"Anna"', "<sip:a@x", "sip:a@x>", "<>", '"Anna <sip:a@x>', "a, b <sip:a@x>", "a;b <sip:a@x>"),
        *("< sip:a@x>", "<sip:a@x> x", "<sip:a@x>tag=1", "<sip:a@x>;;", "sip:a@x?b=c", "sip:a@x,sip:b@x", "<sip:a@x>,"),
        *('"a" b <sip:a@x>', "<<sip:a@x>>", '"a\\" <sip:a@x>'),
    ],
)
def test_a_malformed_address_is_refused(value: str) -> None:
    with pytest.raises(SipError):
        parse_address(value)


def test_an_address_of_ours_is_written_so_that_it_is_read_again() -> None:
    address = Address(Uri("sip", "a", "x"), 'Anna "A", B', {"tag": "1", "methods": "INVITE, ACK"})
    assert str(address) == '"Anna \\"A\\", B" <sip:a@x>;tag=1;methods="INVITE, ACK"'
    again = parse_address(str(address))
    assert (again.display_name, again.parameters, again.tag) == (address.display_name, address.parameters, "1")
    assert Address(Uri("sip", "a", "x")).tag is None


def test_a_list_is_read() -> None:
    assert [str(each.uri) for each in parse_address_list('"a, b" <sip:a@x;lr>, <sip:b@x>')] == ["sip:a@x;lr", "sip:b@x"]
    assert parse_address_list("") == []
