"""Who proves to be a user."""

from __future__ import annotations

import gc
import sys
from types import FrameType

import pytest

from softswitch.core.ids import Entropy
from softswitch.directory.authenticator import Authenticator, Challenge, Verified
from softswitch.directory.site import User
from softswitch.sip.auth import authorize, ha1_md5, ha1_sha256
from softswitch.sip.message import Request
from tests.unit.directory.builders import register

REALM = "softswitch.local"
KEY = b"k" * 32
NOW = 1_700_000_000.0
RIGHT = "s3cret"


def user(*, sha256: bool = False) -> User:
    return User("anna", "101", "Анна", ha1_md5("101", REALM, "s3cret"), ha1_sha256("101", REALM, "s3cret"), sha256)


def gate(key: bytes = KEY) -> Authenticator:
    return Authenticator(key, REALM, Entropy(lambda n: bytes(range(256)) * (n // 256 + 1)))


def answer(
    challenge: Challenge, *, which: int = 0, name: str = "101", password: str = RIGHT, count: int = 1
) -> Request:
    value = authorize(
        challenge.headers[which][1], name, password, "REGISTER", "sip:softswitch.local", cnonce="c", nonce_count=count
    )
    return register("<sip:101@192.0.2.50>", headers=[("Authorization", value)])


def challenged(authenticator: Authenticator, known: User | None, request: Request, wall_s: float = NOW) -> Challenge:
    verdict = authenticator.check(request, user=known, wall_s=wall_s)
    assert isinstance(verdict, Challenge)
    return verdict


def replace_method(request: Request, method: str) -> Request:
    return Request(method, request.uri, request.headers)


def test_the_right_password_is_accepted() -> None:
    authenticator = gate()
    challenge = challenged(authenticator, user(), register())
    assert authenticator.check(answer(challenge), user=user(), wall_s=NOW + 1) == Verified("101")


def test_a_users_phones_are_offered_sha256_only_where_the_site_says_so() -> None:
    assert len(challenged(gate(), user(), register()).headers) == 1
    authenticator = gate()
    challenge = challenged(authenticator, user(sha256=True), register())
    assert ["MD5" in value for _, value in challenge.headers] == [True, False]
    assert authenticator.check(answer(challenge, which=1), user=user(sha256=True), wall_s=NOW) == Verified("101")
    assert isinstance(authenticator.check(answer(challenge, which=1, count=2), user=user(), wall_s=NOW), Challenge)


@pytest.mark.parametrize(("name", "password"), [("101", "wrong"), ("102", "s3cret"), ("", "s3cret")])
def test_wrong_credentials_are_challenged_again_without_stale(name: str, password: str) -> None:
    authenticator = gate()
    challenge = challenged(authenticator, user(), register())
    again = challenged(authenticator, user(), answer(challenge, name=name, password=password))
    assert not again.stale
    assert "stale" not in again.headers[0][1]


def test_an_unknown_user_gets_the_answer_of_a_wrong_password() -> None:
    unknown = gate()
    wrong = gate()
    first_unknown = challenged(unknown, None, register())
    first_wrong = challenged(wrong, user(), register())
    assert first_unknown == first_wrong
    assert challenged(unknown, None, answer(first_unknown)) == challenged(
        wrong, user(), answer(first_wrong, password="wrong")
    )


def hashed(authenticator: Authenticator, known: User | None, request: Request) -> list[tuple[str, int]]:
    """Return what is called to answer a request, and how much of it is hashed: by that it takes its time."""
    done: list[tuple[str, int]] = []

    def note(frame: FrameType, event: str, arg: object) -> None:
        if event == "call":
            done.append((frame.f_code.co_qualname, len(frame.f_locals.get("text", ""))))

    gc.disable()  # what it calls is nobody's work
    sys.setprofile(note)
    try:
        verdict = authenticator.check(request, user=known, wall_s=NOW, sha256_share=1.0)
    finally:
        sys.setprofile(None)
        gc.enable()
    assert isinstance(verdict, Challenge)
    return done


@pytest.mark.parametrize("which", [0, 1])
def test_an_unknown_user_costs_the_work_of_a_wrong_password(which: int) -> None:
    authenticator = gate()
    challenge = challenged(authenticator, user(sha256=True), register())
    _, _, known, unknown = (  # the first two fill what is remembered of texts that were parsed before
        hashed(authenticator, each, answer(challenge, which=which, password="wrong"))
        for each in (user(sha256=True), None) * 2
    )
    assert ("hash_hex", len("REGISTER:sip:softswitch.local")) in known
    assert known == unknown


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_who_is_offered_sha256_may_be_nobody(method: str) -> None:
    def offered(name: str, share: float) -> int:
        request = register(user=name) if method == "REGISTER" else replace_method(register(user=name), method)
        verdict = authenticator.check(request, user=None, wall_s=NOW, sha256_share=share)
        assert isinstance(verdict, Challenge)
        return len(verdict.headers)

    authenticator = gate()
    names = [str(number) for number in range(1000, 1400)]
    assert {offered(name, 0.0) for name in names} == {1}
    assert {offered(name, 1.0) for name in names} == {2}
    quarter = [offered(name, 0.25) for name in names]
    assert 60 < quarter.count(2) < 140
    assert [offered(name, 0.25) for name in names] == quarter
    (first,) = authenticator.check(register(), user=None, wall_s=NOW).headers  # type: ignore[union-attr]  # a challenge
    value = authorize(first[1], "x", "guess", "REGISTER", "sip:softswitch.local", cnonce="c")
    for name, offers in zip(names[:40], quarter[:40], strict=True):
        guess = register(user=name, headers=[("Authorization", value.replace('"x"', f'"{name}"'))])
        verdict = authenticator.check(replace_method(guess, method), user=None, wall_s=NOW, sha256_share=0.25)
        assert isinstance(verdict, Challenge)
        assert (verdict.failed, len(verdict.headers)) == (True, offers)


def test_an_expired_nonce_gets_a_new_one_and_no_refusal() -> None:
    authenticator = gate()
    challenge = challenged(authenticator, user(), register())
    again = challenged(authenticator, user(), answer(challenge), NOW + 3600)
    assert again.stale
    assert authenticator.check(answer(again), user=user(), wall_s=NOW + 3601) == Verified("101")


def test_a_nonce_is_good_after_a_restart_with_the_same_key_alone() -> None:
    challenge = challenged(gate(), user(), register())
    assert gate().check(answer(challenge), user=user(), wall_s=NOW + 1) == Verified("101")
    assert isinstance(gate(b"x" * 32).check(answer(challenge), user=user(), wall_s=NOW + 1), Challenge)


@pytest.mark.parametrize(
    ("signed", "accepted"),
    [("sip:127.0.0.1:5060", True), ("sip:102@192.0.2.1;transport=udp", True), ("sip:103@softswitch.local", False)],
)
def test_the_signed_uri_may_name_the_server_alone_but_no_other_user(signed: str, *, accepted: bool) -> None:
    authenticator = gate()
    challenge = challenged(authenticator, user(), register())
    value = authorize(challenge.headers[0][1], "101", RIGHT, "INVITE", signed, cnonce="c")
    call = Request("INVITE", "sip:102@softswitch.local", [("Authorization", value)])
    verdict = authenticator.check(call, user=user(), wall_s=NOW)
    assert isinstance(verdict, Verified) is accepted
