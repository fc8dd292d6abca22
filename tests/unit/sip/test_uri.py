from __future__ import annotations

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.uri import Uri, parse_uri


def test_a_sip_uri_is_taken_apart() -> None:
    uri = parse_uri("SIP:Anna:secret@Example.NET:5070;transport=TCP;lr?Subject=x")
    assert (uri.scheme, uri.user, uri.host, uri.port) == ("sip", "Anna", "example.net", 5070)
    assert uri.parameters == {"transport": "TCP", "lr": None}
    assert uri.headers == "Subject=x"
    assert uri.transport == "tcp"
    assert str(uri) == "SIP:Anna:secret@Example.NET:5070;transport=TCP;lr?Subject=x"


def test_a_uri_without_a_user_or_anything_else() -> None:
    assert parse_uri("sips:example.net") == Uri("sips", host="example.net", text="sips:example.net")
    assert parse_uri("sip:example.net").transport == "udp"


def test_the_last_at_sign_ends_the_user() -> None:
    assert parse_uri("sip:anna@home@example.net").user == "anna@home"


def test_other_schemes_are_carried() -> None:
    assert parse_uri("TEL:+7495;phone-context=x") == Uri(
        "tel", host="+7495;phone-context=x", text="TEL:+7495;phone-context=x"
    )
    assert str(Uri("tel", host="+7495")) == "tel:+7495"


def test_a_lone_last_semicolon_is_forgiven() -> None:
    assert parse_uri("sip:a@example.net;").parameters == {}
    assert parse_uri("sip:a@example.net;lr;").parameters == {"lr": None}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "sip",
            "sip:",
            ":x",
            "sip:@x",
            "sip::pw@x",
            "sip:a b@x",
            "sip:a@",
            "sip:a@x:",
            "sip:a@x:99999",
            "sip:a@[::1",
        ),
        *("sip:a@x;;lr", "sip:a@x;a=1;a=2", "sip:a@::1", "<sip:a@x>", 'sip:"a"@x', "sip:a@x\r\n", "sip:a\0@x", "1:x"),
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(SipError):
        parse_uri(text)


def test_a_uri_of_ours_is_written_with_its_escapes() -> None:
    uri = Uri("sip", "anna petrova@дом\r\n", "example.net", 5060, {"transport": "tcp", "a b": "c;d", "lr": None})
    text = "sip:anna%20petrova%40%D0%B4%D0%BE%D0%BC%0D%0A@example.net:5060;transport=tcp;a%20b=c%3Bd;lr"
    assert str(uri) == text
    again = parse_uri(text)
    assert (again.user, again.parameters) == (uri.user, uri.parameters)


def test_headers_are_written_again() -> None:
    assert str(Uri("sip", "a", "example.net", headers="Replaces=x")) == "sip:a@example.net?Replaces=x"


def test_a_parameter_is_set_in_a_copy() -> None:
    uri = parse_uri("sip:a@example.net;lr")
    assert str(uri.with_parameter("transport", "tcp")) == "sip:a@example.net;lr;transport=tcp"
    assert str(uri) == "sip:a@example.net;lr"
