from __future__ import annotations

import itertools
from typing import Final

import pytest

from softswitch.core.ids import Entropy
from softswitch.sip.auth import (
    MD5,
    SHA_256,
    Challenge,
    DigestGate,
    NonceMaker,
    Verified,
    authorize,
    ha1_md5,
    ha1_sha256,
)
from softswitch.sip.auth.digest import parse_digest
from softswitch.sip.message import Request

REALM: Final = "example.net"
URI: Final = "sip:example.net"
PASSWORD: Final = "secret"
NOON: Final = 1_800_000_000.0
KNOWN: Final = {MD5: ha1_md5("101", REALM, "secret")}
BOTH: Final = {**KNOWN, SHA_256: ha1_sha256("101", REALM, "secret")}


def gate(key: bytes = b"k" * 32) -> DigestGate:
    numbers = itertools.count()
    return DigestGate(REALM, NonceMaker(key), Entropy(lambda octets: bytes(next(numbers) % 251 for _ in range(octets))))


def request(authorization: str = "", uri: str = URI) -> Request:
    return Request("REGISTER", uri, [("Authorization", authorization)] if authorization else [])


def challenge(of: DigestGate, *, wall_s: float = NOON, which: int = 0, offer_sha256: bool = False) -> str:
    answer = of.check(request(), KNOWN, user="101", wall_s=wall_s, offer_sha256=offer_sha256)
    assert isinstance(answer, Challenge)
    return answer.headers[which][1]


def answered(value: str, *, user: str = "101", password: str = PASSWORD, uri: str = URI, count: int = 1) -> str:
    return authorize(value, user, password, "REGISTER", uri, cnonce="c", nonce_count=count)


def test_a_request_without_credentials_is_challenged_with_401_headers() -> None:
    answer = gate().check(request(), KNOWN, user="101", wall_s=NOON)
    assert isinstance(answer, Challenge)
    assert (answer.stale, answer.failed, len(answer.headers)) == (False, False, 1)
    name, value = answer.headers[0]
    assert name == "WWW-Authenticate"
    asked = parse_digest(value)
    assert (asked["realm"], asked["algorithm"], asked["qop"], "stale" in asked) == (REALM, "MD5", "auth", False)


def test_the_right_password_is_verified_once_per_count() -> None:
    of = gate()
    value = challenge(of)
    for count in (1, 2, 9):
        assert of.check(request(answered(value, count=count)), KNOWN, user="101", wall_s=NOON) == Verified("101")
    replayed = of.check(request(answered(value, count=9)), KNOWN, user="101", wall_s=NOON)
    assert isinstance(replayed, Challenge)
    assert (replayed.stale, replayed.failed) == (True, False)
    assert parse_digest(replayed.headers[0][1])["stale"] == "true"
    fresh = answered(replayed.headers[0][1])
    assert of.check(request(fresh), KNOWN, user="101", wall_s=NOON) == Verified("101")


def test_an_expired_nonce_is_stale_and_never_forbidden() -> None:
    of = gate()
    answer = of.check(request(answered(challenge(of))), KNOWN, user="101", wall_s=NOON + 1000)
    assert isinstance(answer, Challenge)
    assert answer.stale
    assert of.check(request(answered(answer.headers[0][1])), KNOWN, user="101", wall_s=NOON + 1000) == Verified("101")


def test_a_right_answer_to_another_installations_nonce_is_stale() -> None:
    answer = gate().check(request(answered(challenge(gate(b"x" * 32)))), KNOWN, user="101", wall_s=NOON)
    assert isinstance(answer, Challenge)
    assert (answer.stale, answer.failed) == (True, False)


def test_a_nonce_made_before_a_restart_is_good() -> None:
    assert gate().check(request(answered(challenge(gate()))), KNOWN, user="101", wall_s=NOON) == Verified("101")


@pytest.mark.parametrize("wall_s", [NOON, NOON + 1000])
def test_a_wrong_password_and_an_unknown_user_get_the_same_plain_challenge(wall_s: float) -> None:
    of = gate()
    wrong = of.check(request(answered(challenge(of), password="guess")), KNOWN, user="101", wall_s=wall_s)
    unknown = of.check(request(answered(challenge(of), user="999")), None, user="", wall_s=wall_s)
    for answer in (wrong, unknown):
        assert isinstance(answer, Challenge)
        assert (answer.stale, answer.failed) == (False, True)
        assert "stale" not in answer.headers[0][1]
    assert isinstance(wrong, Challenge)
    assert isinstance(unknown, Challenge)
    told = [{**parse_digest(answer.headers[0][1]), "nonce": ""} for answer in (wrong, unknown)]
    assert told[0] == told[1]


def test_another_users_name_with_ones_own_password_fails() -> None:
    of = gate()
    made = answered(challenge(of)).replace('username="101"', 'username="102"')
    answer = of.check(request(made), KNOWN, user="101", wall_s=NOON)
    assert isinstance(answer, Challenge)
    assert answer.failed


def test_a_wrong_password_does_not_use_up_a_nonce() -> None:
    of = gate()
    value = challenge(of)
    of.check(request(answered(value, password="guess", count=7)), KNOWN, user="101", wall_s=NOON)
    assert of.check(request(answered(value)), KNOWN, user="101", wall_s=NOON) == Verified("101")


def test_sha_256_comes_second_and_is_taken_from_those_who_have_it() -> None:
    of = gate()
    value = challenge(of, which=1, offer_sha256=True)
    assert parse_digest(value)["algorithm"] == "SHA-256"
    assert of.check(request(answered(value)), BOTH, user="101", wall_s=NOON) == Verified("101")
    refused = of.check(request(answered(value, count=2)), KNOWN, user="101", wall_s=NOON)
    assert isinstance(refused, Challenge)
    assert refused.failed


def test_an_unknown_algorithm_is_challenged() -> None:
    of = gate()
    made = answered(challenge(of)).replace("algorithm=MD5", "algorithm=SHA-512-256")
    assert isinstance(of.check(request(made), KNOWN, user="101", wall_s=NOON), Challenge)


@pytest.mark.parametrize("uri", [URI, "sip:EXAMPLE.net;transport=tcp", "sip:example.net:5060", "sip:192.0.2.1"])
def test_a_digest_uri_may_differ_in_host_port_and_parameters(uri: str) -> None:
    of = gate()
    assert of.check(request(answered(challenge(of), uri=uri)), KNOWN, user="101", wall_s=NOON) == Verified("101")


@pytest.mark.parametrize("uri", ["sip:101@example.net", "sips:example.net", "nonsense"])
def test_a_digest_uri_of_another_user_or_scheme_fails(uri: str) -> None:
    of = gate()
    answer = of.check(request(answered(challenge(of), uri=uri)), KNOWN, user="101", wall_s=NOON)
    assert isinstance(answer, Challenge)
    assert answer.failed


@pytest.mark.parametrize(
    ("signed", "works"), [("sip:192.0.2.1", True), ("sip:600@x", True), ("sip:700@example.net", False)]
)
def test_a_digest_uri_names_the_called_user_or_none(signed: str, works: bool) -> None:
    of = gate()
    called = request(answered(challenge(of), uri=signed), uri="sip:600@example.net")
    assert isinstance(of.check(called, KNOWN, user="101", wall_s=NOON), Verified) is works


def test_credentials_for_others_and_malformed_ones_count_as_none() -> None:
    of = gate()
    made = request()
    made.add("Authorization", "Basic abc")
    made.add("Authorization", "Digest nonsense")
    made.add("Authorization", 'Digest username="101", realm="elsewhere", nonce="n", uri="sip:x", response="0"')
    assert of.credentials(made) is None
    answer = of.check(made, KNOWN, user="101", wall_s=NOON)
    assert isinstance(answer, Challenge)
    assert not answer.failed
    made.add("Authorization", answered(challenge(of)))
    assert of.check(made, KNOWN, user="101", wall_s=NOON) == Verified("101")
