from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.grammar import (
    NO_PARAMETERS,
    is_token,
    parse_host_port,
    parse_number,
    parse_parameters,
    quote,
    split_commas,
    unquote,
    write_parameters,
)


def test_a_token_holds_no_blank_no_separator_and_something() -> None:
    assert is_token("INVITE")
    assert is_token("-.!%*_+`'~9")
    assert not is_token("")
    assert not is_token("two words")
    assert not is_token("a:b")
    assert not is_token("ж")


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        ("", []),
        ("  ", []),
        (" one ", ["one"]),
        ("one, two ,three", ["one", "two", "three"]),
        ("one,, two,", ["one", "two"]),
        ('"a, b" <sip:x>, <sip:y,z>', ['"a, b" <sip:x>', "<sip:y,z>"]),
        ('"a \\", b", c', ['"a \\", b"', "c"]),
    ],
)
def test_lists_are_split_outside_of_quotes_and_brackets(value: str, elements: list[str]) -> None:
    assert split_commas(value) == elements


@pytest.mark.parametrize("value", ['"a, b', "<sip:a, b", "a, b>", '"a\\", b'])
def test_a_list_with_an_open_quote_or_bracket_is_refused(value: str) -> None:
    with pytest.raises(SipError):
        split_commas(value)


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        (";lr", {"lr": None}),
        (";tag=a;TAGS=b", {"tag": "a", "tags": "b"}),
        ("; tag = a ;\tlr ", {"tag": "a", "lr": None}),
        (';methods="INVITE, ACK; \\"x\\""', {"methods": 'INVITE, ACK; "x"'}),
        (';+sip.instance="<urn:uuid:1>";expires=60', {"+sip.instance": "<urn:uuid:1>", "expires": "60"}),
        (";tag=", {"tag": ""}),
        (";unheard-of", {"unheard-of": None}),
        (";received=2001:db8::1", {"received": "2001:db8::1"}),
    ],
)
def test_parameters_are_read(text: str, parameters: dict[str, str | None]) -> None:
    assert parse_parameters(text) == parameters


@pytest.mark.parametrize(
    "text",
    [";", ";;tag=a", ";tag=a;", ";tag=a;tag=b", ";Tag=a;tAG=b", ';tag="a', ";tag=a b", ";tag=a,b", "tag=a", ";=a"],
)
def test_malformed_parameters_are_refused(text: str) -> None:
    with pytest.raises(SipError):
        parse_parameters(text)


def test_parameters_that_nobody_gave_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        NO_PARAMETERS["tag"] = "a"  # type: ignore[index]  # that is the point


def test_written_parameters_are_read_again() -> None:
    parameters = {"tag": "a", "lr": None, "methods": 'A, "B"; \\', "empty": "", "blank": " "}
    assert parse_parameters(write_parameters(parameters)) == parameters


def test_quoting_and_unquoting_are_each_others_inverse() -> None:
    assert unquote(quote('a "b" \\ c')) == 'a "b" \\ c'
    assert unquote("plain") == "plain"
    assert unquote('"') == '"'


def test_a_quoted_string_never_holds_a_line_end() -> None:
    assert quote("a\r\nVia: x\0") == '"a  Via: x "'


def test_numbers_are_decimal_and_bounded() -> None:
    assert parse_number("0070", "it", most=255) == 70
    assert parse_number(" 7\t", "it", most=255) == 7
    assert parse_number("00000000000000000007", "it", most=255) == 7


@pytest.mark.parametrize("text", ["", "256", "-1", "+1", "1.0", "²", "٣", "1 2", "9" * 5000, "0x1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(SipError, match="it is not a number of at most 255"):
        parse_number(text, "it", most=255)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("example.net", "example.net", None),
        ("my_host : 5060 ", "my_host", 5060),
        ("192.0.2.1:0", "192.0.2.1", 0),
        ("[2001:db8::1]:5070", "[2001:db8::1]", 5070),
    ],
)
def test_host_and_port_are_read(text: str, host: str, port: int | None) -> None:
    assert parse_host_port(text) == (host, port)


@pytest.mark.parametrize("text", ["", ":5060", "a b", "a:", "a:65536", "a:1:2", "2001:db8::1", "[::1", "a:x"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(SipError):
        parse_host_port(text)
