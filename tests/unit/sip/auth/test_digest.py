from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.core.errors import SipError
from softswitch.sip.auth.digest import (
    MD5,
    SHA_256,
    Credentials,
    ha1_md5,
    ha1_sha256,
    parse_credentials,
    parse_digest,
    response_of,
    verify,
    write_credentials,
)

# The worked example of RFC 2617 §3.5.
MUFASA = (
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
    'response="6629FAE49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
MUFASA_HA1 = ha1_md5("Mufasa", "testrealm@host.com", "Circle Of Life")
# The worked example of RFC 7616 §3.9.1.
MUFASA_256 = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
    'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"'
)


def test_the_examples_of_the_rfcs_are_verified() -> None:
    assert verify(parse_credentials(MUFASA), MUFASA_HA1, "GET", MD5)
    ha1 = ha1_sha256("Mufasa", "http-auth@example.org", "Circle of Life")
    assert verify(parse_credentials(MUFASA_256), ha1, "GET", SHA_256)


def test_any_other_password_method_or_algorithm_fails() -> None:
    credentials = parse_credentials(MUFASA)
    assert not verify(credentials, ha1_md5("Mufasa", "testrealm@host.com", "x"), "GET", MD5)
    assert not verify(credentials, MUFASA_HA1, "PUT", MD5)
    assert not verify(credentials, MUFASA_HA1, "GET", SHA_256)


def test_a_client_without_qop_is_verified() -> None:
    plain = Credentials("Mufasa", "testrealm@host.com", "n", "/", "")
    right = replace(plain, response=response_of(MUFASA_HA1, "GET", plain))
    assert verify(right, MUFASA_HA1, "GET", MD5)
    assert right.count == 1


def test_an_unknown_algorithm_or_qop_never_matches() -> None:
    for strange in (MUFASA.replace("qop=auth", "qop=auth-int"), MUFASA + ", algorithm=MD5-sess"):
        credentials = parse_credentials(strange)
        assert not verify(credentials, MUFASA_HA1, "GET", MD5)
    unknown = replace(parse_credentials(MUFASA), algorithm="NEW", response="")
    assert not verify(unknown, MUFASA_HA1, "GET", "NEW")


def test_credentials_are_read_whatever_their_case_and_spacing() -> None:
    value = 'dIGEST USERNAME = "a \\"b\\"" ,realm="r",nonce=n,uri="sip:x",response=ABC,'
    value += 'Algorithm=md5,qop="auth",nc=1,cnonce=""'
    assert parse_credentials(value) == Credentials('a "b"', "r", "n", "sip:x", "abc", MD5, "auth", "", "1")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Digest",
        "Basic abc",
        'Digest username="a"',
        MUFASA + ", realm=x",
        MUFASA.replace("nc=00000001", "nc=zz"),
        MUFASA.replace("nc=00000001, ", ""),
        MUFASA.replace('cnonce="0a4f113b", ', ""),
        MUFASA.replace("nc=00000001", "nc=000000001"),
        MUFASA + ", opaque",
        MUFASA + ' "',
        MUFASA.removesuffix('"'),
    ],
)
def test_malformed_credentials_are_refused(value: str) -> None:
    with pytest.raises(SipError):
        parse_credentials(value)


def test_written_credentials_are_read_again() -> None:
    for value in (MUFASA, MUFASA_256):
        credentials = parse_credentials(value)
        assert parse_credentials(write_credentials(credentials)) == credentials
    plain = Credentials("a", "r", "n", "u", "0")
    assert parse_credentials(write_credentials(plain, opaque="o")) == plain
    assert parse_digest(write_credentials(plain, opaque="o"))["opaque"] == "o"
