"""The ``crypto`` attribute (RFC 4568), and how its keys are kept."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import LocalProtocolError, SdpError
from softswitch.sdp import Origin, PayloadFormat, make_answer, make_offer, parse_sdp, remote_audio, write_sdp
from softswitch.sdp.crypto import SUITES, Crypto, parse_crypto
from softswitch.sdp.key_vault import KeyVault, named_key

KEY = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"  # the example of RFC 4568 §4.1
SUITE = "AES_CM_128_HMAC_SHA1_80"
PCMU = PayloadFormat(0, "PCMU", 8000)
VAULT = KeyVault(b"installation")


def description(*lines: str, profile: str = "RTP/SAVP") -> str:
    head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    return head + f"m=audio 4000 {profile} 0\r\n" + "".join(f"a={line}\r\n" for line in lines)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (f"1 {SUITE} inline:{KEY}", Crypto(1, SUITE, KEY)),
        (f"1 {SUITE} inline:{KEY}|2^20", Crypto(1, SUITE, KEY)),
        (f"27 aes_cm_128_hmac_sha1_32 inline:{KEY}|1048576", Crypto(27, "AES_CM_128_HMAC_SHA1_32", KEY)),
        (f"1  {SUITE}  inline:{KEY} -FOO WSH=64 ", Crypto(1, SUITE, KEY)),
        ("2 AEAD_AES_256_GCM inline:x", Crypto(2, "AEAD_AES_256_GCM", "x")),
        (f"1 {SUITE} inline:{KEY}|2^20|1:4", None),
        (f"1 {SUITE} inline:{KEY};inline:{KEY}", None),
        (f"1 {SUITE} inline:{KEY} UNENCRYPTED_SRTP", None),
        (f"1 {SUITE} inline:{KEY} KDR=1", None),
        (f"1 F8_128_HMAC_SHA1_80 inline:{KEY}", None),
        (f"x {SUITE} inline:{KEY}", None),
        (f"1 {SUITE} {KEY}", None),
        ("", None),
    ],
)
def test_lines_of_use_are_read_and_others_passed_over(value: str, read: Crypto | None) -> None:
    assert parse_crypto(value) == read


def test_an_encrypted_stream_is_taken_where_wanted_and_only_there() -> None:
    line = f"crypto:1 {SUITE} inline:{KEY}"
    for profile, must in (("RTP/SAVP", True), ("RTP/SAVPF", True), ("RTP/AVP", False)):
        parsed = parse_sdp(description(line, profile=profile))
        audio = remote_audio(parsed, encrypted=True)
        assert audio is not None
        assert (audio.crypto, audio.must_encrypt) == ((Crypto(1, SUITE, KEY),), must)
        assert (remote_audio(parsed) is None) == must
    assert remote_audio(parse_sdp(description()), encrypted=True) is None


def test_of_two_streams_the_one_with_a_key_is_taken() -> None:
    both = (
        description("sendrecv", profile="RTP/AVP") + f"m=audio 4002 RTP/SAVP 0\r\na=crypto:1 {SUITE} inline:{KEY}\r\n"
    )
    ports = [remote_audio(parse_sdp(both), encrypted=wanted) for wanted in (False, True)]
    assert [audio and audio.port for audio in ports] == [4000, 4002]


# How vendors write an offer that may be encrypted. Yealink: administrator guide of the T38G, "Secure Real-Time
# Transport Protocol". Poly: UC software guide, sec.srtp.offer, sec.srtp.sessionParams.*. Snom: service.snom.com,
# "user_savp" off. Zoiper: sipwise/rtpengine#736.
OFFERS = {
    "yealink": (
        (
            "RTP/SAVP",
            f"1 {SUITE} inline:{KEY}",
            f"2 AES_CM_128_HMAC_SHA1_32 inline:{KEY}",
            f"3 F8_128_HMAC_SHA1_80 inline:{KEY}",
        ),
    ),
    "poly": (
        ("RTP/AVP",),
        ("RTP/SAVP", f"1 {SUITE} inline:{KEY} UNENCRYPTED_SRTCP", f"2 {SUITE} inline:{KEY}"),
    ),
    "snom": (("RTP/AVP", f"1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),),
    "zoiper": (("RTP/SAVP", f"5 AES_256_CM_HMAC_SHA1_80 inline:{KEY}", f"1 {SUITE} inline:{KEY}"),),
}


@pytest.mark.parametrize(
    ("vendor", "taken", "plain"),
    [
        ("yealink", (0, Crypto(1, SUITE, KEY)), None),
        ("poly", (1, Crypto(2, SUITE, KEY)), 0),
        ("snom", (0, Crypto(1, "AES_CM_128_HMAC_SHA1_32", KEY)), 0),
        ("zoiper", (0, Crypto(1, SUITE, KEY)), None),
    ],
)
def test_each_vendors_form_of_an_encrypted_offer_is_answered_in_kind(
    vendor: str, taken: tuple[int, Crypto], plain: int | None
) -> None:
    head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    streams = [
        f"m=audio {4000 + 2 * number} {profile} 0\r\n" + "".join(f"a=crypto:{line}\r\n" for line in lines)
        for number, (profile, *lines) in enumerate(OFFERS[vendor])
    ]
    offer = parse_sdp(head + "".join(streams))
    audio = remote_audio(offer, encrypted=True)
    assert audio is not None
    assert (audio.index, audio.crypto[0]) == taken
    answer = make_answer(offer, Origin(2, 1, "192.0.2.2"), "192.0.2.2", 5000, [PCMU], crypto=audio.crypto[0])
    assert [bool(media.port) for media in answer.media] == [number == audio.index for number in range(len(streams))]
    assert answer.media[audio.index].protocol == OFFERS[vendor][audio.index][0]
    in_clear = remote_audio(offer)
    assert (in_clear and in_clear.index) == plain


def test_an_offer_names_its_keys_and_the_answer_the_one_that_is_taken() -> None:
    ways = [Crypto(1, SUITE, KEY), Crypto(2, "AEAD_AES_128_GCM", "abc")]
    offer = make_offer(Origin(1, 1, "192.0.2.1"), "192.0.2.1", 4000, [PCMU], crypto=ways, must_encrypt=True)
    assert offer.media[0].protocol == "RTP/SAVP"
    assert f"a=crypto:1 {SUITE} inline:{KEY}\r\na=crypto:2 AEAD_AES_128_GCM inline:abc\r\n" in write_sdp(offer)
    taken = make_answer(
        offer, Origin(2, 1, "192.0.2.2"), "192.0.2.2", 5000, [PCMU], crypto=Crypto(2, ways[1].suite, "k")
    )
    assert taken.media[0].protocol == "RTP/SAVP"
    assert taken.media[0].attributes[-1] == "crypto:2 AEAD_AES_128_GCM inline:k"
    with pytest.raises(SdpError):
        make_answer(offer, Origin(2, 1, "192.0.2.2"), "192.0.2.2", 5000, [PCMU])
    with pytest.raises(LocalProtocolError):
        make_offer(Origin(1, 1, "192.0.2.1"), "192.0.2.1", 4000, [PCMU], must_encrypt=True)


@given(st.sampled_from(sorted(SUITES)), st.binary(min_size=44, max_size=44))
def test_a_key_is_sealed_and_revealed_and_stands_nowhere_between(suite: str, octets: bytes) -> None:
    key = octets[: SUITES[suite]]
    text = b64encode(key).decode()
    clear = description("ptime:20", f"crypto:3 {suite} inline:{text}|2^31", "sendrecv")
    kept = VAULT.seal(clear)
    assert text not in kept
    assert VAULT.reveal(kept) == clear
    assert VAULT.seal(clear) == kept
    audio = remote_audio(parse_sdp(kept), encrypted=True)
    assert audio is not None
    assert VAULT.key(suite, audio.crypto[0].key) == key
    message = b"SIP/2.0 200 OK\r\nX: \xff\r\n\r\n" + clear.encode()
    assert text.encode() not in VAULT.seal_message(message)
    assert VAULT.reveal_message(VAULT.seal_message(message)) == message


def test_keys_of_no_use_are_not_kept_at_all() -> None:
    clear = description("ptime:20", f"crypto:1 {SUITE} inline:{KEY}", "sendrecv")
    assert VAULT.seal(clear, wanted=False) == description("ptime:20", "sendrecv")
    for bad in ("short", KEY[:-4], f"~{KEY}", "@c.1", f"{KEY[:-1]}!"):
        assert VAULT.seal(description(f"crypto:1 {SUITE} inline:{bad}")) == description()
    assert VAULT.seal(description("sendrecv")) == description("sendrecv")


def test_a_named_key_is_the_same_each_time_and_another_for_each_leg_and_suite() -> None:
    keys = {VAULT.key(suite, named_key(leg)) for suite in SUITES for leg in ("c.1", "c.2")}
    assert len(keys) == 2 * len(SUITES)
    assert VAULT.key(SUITE, "@c.1") == KeyVault(b"installation").key(SUITE, "@c.1")
    assert VAULT.key(SUITE, "@c.1") != KeyVault(b"another").key(SUITE, "@c.1")
    shown = VAULT.reveal(description(f"crypto:1 {SUITE} inline:@c.1"))
    assert f"inline:{b64encode(VAULT.key(SUITE, '@c.1')).decode()}\r\n" in shown
    assert len(b64decode(shown.partition("inline:")[2])) == 30


def test_what_another_installation_sealed_is_not_revealed() -> None:
    kept = KeyVault(b"another").seal(description(f"crypto:1 {SUITE} inline:{KEY}"))
    with pytest.raises(SdpError, match="not sealed"):
        VAULT.reveal(kept)
