"""baresip with SDES keys, forced over UDP and as of itself over TLS: what is heard, and where no key may stand."""

from __future__ import annotations

import os
import re
import signal
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.calls import facts
from softswitch.core.facts import Record
from softswitch.sdp.key_vault import KeyVault
from tests.interop.conftest import PhoneMaker
from tests.interop.peers.audio import RATE_HZ, is_tone, loud_part, read_wav
from tests.interop.peers.baresip import let_hear
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.interop.test_baresip_calls import assert_hears, talk_for
from tests.interop.test_recorded import listed, record, sound_of
from tests.interop.test_worker_killed import worker_of
from tests.waiting import until

pytestmark = pytest.mark.network

SITE = """\
users:
  - {name: anna, extension: "101", password: secret-101, srtp: required, srtp_without_tls: true}
  - {name: boris, extension: "102", password: secret-102, srtp: optional, srtp_without_tls: true}
  - {name: vera, extension: "103", password: secret-103}
"""
MUST, MAY = ";mediaenc=srtp-mand", ";mediaenc=srtp"
UNENCRYPTED_REPORTS = 4
"""Two for each time that a phone's media are set up."""
TLS_PHONE = "127.0.0.1:5061;transport=tls"


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    with ends_well(
        SwitchProcess(
            space,
            tmp_path_factory.mktemp("srtp"),
            site=SITE,
            listen=("udp:127.0.0.1:5060", "tls:127.0.0.1:5061"),
            more="[media]\nworkers = 2",
        )
    ) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def keys_of(switch: SwitchProcess) -> dict[str, set[bytes]]:
    """All keys of all legs so far, which only who has the installation's key can tell."""
    vault = KeyVault((switch.directory / "var" / "media.key").read_bytes())
    found: dict[str, set[bytes]] = {"ours": set(), "theirs": set()}
    for kept in records_of(switch):
        for text in (value for value in vars_of(kept.fact) if isinstance(value, str)):
            for suite, key in re.findall(r"a=crypto:\d+ (\S+) inline:([~@][^|\s]+)", text):
                found["ours" if key.startswith("@") else "theirs"].add(vault.key(suite, key))
    return found


def vars_of(fact: object) -> list[object]:
    return [getattr(fact, name) for name in getattr(fact, "__slots__", ())]


def assert_no_key_in_clear(switch: SwitchProcess, *texts: str) -> None:
    keys = keys_of(switch)
    assert keys["ours"]
    assert keys["theirs"]
    files = [path.read_bytes() for path in switch.directory.rglob("*") if path.is_file()]
    assert len(files) > 5
    for octets in (*files, *(text.encode() for text in texts)):
        for key in keys["ours"] | keys["theirs"]:
            assert key not in octets
            assert b64encode(key) not in octets


def closed_legs(switch: SwitchProcess) -> list[facts.LegMediaClosed]:
    return [record.fact for record in records_of(switch) if isinstance(record.fact, facts.LegMediaClosed)]


def assert_keys_fitted(leg: facts.LegMediaClosed) -> None:
    """All that the phone encrypted could be decrypted; with a wrong key nothing could.

    baresip 1.0 sends RTCP that it does not encrypt: "PING" before it sets its keys up (stream_start before
    stream_start_mediaenc in stream_update), "Adjo" after it let go of them (mes before rtp in stream_destructor). How
    many of them find the leg open is a matter of moments.
    """
    assert leg.packets_received > 10 * UNENCRYPTED_REPORTS
    assert leg.packets_forged <= UNENCRYPTED_REPORTS


def reoffers_answered(switch: SwitchProcess) -> int:
    return sum(isinstance(record.fact, facts.LegReinviteAnswered) for record in records_of(switch))


def records_of(switch: SwitchProcess) -> list[Record]:
    return switch.journal()


def assert_recorded(switch: SwitchProcess, conversation: str, left_hz: float, right_hz: float) -> None:
    """The call's only recording has the caller's tone left and the callee's right, from first to last."""
    (one,) = listed(switch, 1, conversation)
    rate, samples = sound_of(switch, one)
    for channel, hertz in ((0, left_hz), (1, right_hz)):
        heard = loud_part(samples[:, channel])
        assert len(heard) > len(samples) - 0.5 * rate
        assert is_tone(heard, hertz)


def test_two_phones_with_srtp_hear_each_other_are_recorded_and_no_key_stands_anywhere(
    switch: SwitchProcess, phone: PhoneMaker
) -> None:
    anna, boris = phone("101", more=MUST), phone("102", more=MAY)
    talk_for(anna, boris, 0.5)
    record(switch, "anna", 2.5, anna, boris)
    boris.command("hangup")
    anna.until("CALL_CLOSED")
    assert_hears(anna, 620, seconds=2.5)
    assert_hears(boris, 440, seconds=2.5)
    switch.until_at_rest()
    conversation = switch.call_of("101")["conversation_id"]
    assert_recorded(switch, conversation, 440, 620)
    capture = switch.directory / "call.pcap"
    shown = switch.cli("trace", conversation, "--pcap", str(capture)) + switch.cli("journal", "show")
    assert b"inline:(not shown)" in capture.read_bytes()
    assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 [hidden]" in shown
    assert_no_key_in_clear(switch, shown)
    for leg in closed_legs(switch)[-2:]:
        assert_keys_fitted(leg)
        assert leg.packets_replayed == 0


@pytest.mark.parametrize("caller", ["101", "103"])
def test_a_phone_with_srtp_and_one_without_hear_each_other_and_are_recorded(
    switch: SwitchProcess, phone: PhoneMaker, caller: str
) -> None:
    phones = {"101": phone("101", more=MUST), "103": phone("103")}
    callee = "103" if caller == "101" else "101"
    talk_for(phones[caller], phones[callee], 0.3, number=callee)
    record(switch, "vera", 2.0, *phones.values())
    phones[caller].command("hangup")
    phones[callee].until("CALL_CLOSED")
    assert_hears(phones["101"], 850, seconds=1.8)
    assert_hears(phones["103"], 440, seconds=1.8)
    switch.until_at_rest()
    sides = (440, 850) if caller == "101" else (850, 440)
    assert_recorded(switch, switch.call_of(caller)["conversation_id"], *sides)


def test_over_tls_keys_are_offered_as_a_matter_of_course(switch: SwitchProcess, phone: PhoneMaker) -> None:
    vera, boris = phone("103", more=MAY, registrar=TLS_PHONE), phone("102", more=MAY)
    talk_for(boris, vera, 1.5, number="103")
    vera.command("hangup")
    boris.until("CALL_CLOSED")
    assert_hears(vera, 620, seconds=1)
    assert_hears(boris, 850, seconds=1)
    switch.until_at_rest()


def test_a_phone_without_srtp_may_not_call_where_it_is_required(switch: SwitchProcess, phone: PhoneMaker) -> None:
    anna = phone("101")
    phone("102", more=MAY)
    anna.command("dial", "102")
    closed = anna.until("CALL_CLOSED")
    assert "488" in str(closed["param"])
    switch.until_at_rest()


def test_brain_and_worker_may_die_under_an_encrypted_call(
    switch: SwitchProcess, phone: PhoneMaker, tmp_path: Path
) -> None:
    anna, boris = phone("101", more=MUST), phone("102", more=MAY)
    talk_for(anna, boris, 1.5)
    processes = switch.status()["processes"]
    os.kill(next(one["pid"] for one in processes if one["role"] == "brain"), signal.SIGKILL)
    switch.until_ready_again()
    before = {leg.leg for leg in closed_legs(switch)}
    answered = reoffers_answered(switch)
    ports = [record.fact.port for record in records_of(switch) if isinstance(record.fact, facts.LegMediaOpened)]
    # Not both workers: a call waits for the next one for ten seconds, and on a busy machine a start may take longer.
    os.kill(worker_of(switch, ports[-1]), signal.SIGKILL)
    until(lambda: reoffers_answered(switch) >= answered + 2, lambda: switch.log()[-3000:])
    switch.until_ready_again()
    let_hear(1.8, anna, boris)
    lost = [record for record in records_of(switch) if isinstance(record.fact, facts.LegMediaLost)]
    assert len(lost) >= 2
    boris.command("hangup")
    anna.until("CALL_CLOSED")
    # Not until all is at rest: the new brain says the ends of the last seconds again, that of the test before among
    # them, whose phones are gone, and waits for an answer for 32 s.
    until(lambda: sum(leg.leg not in before for leg in closed_legs(switch)) >= 2, lambda: switch.log()[-3000:])
    for one, hertz in ((anna, 620), (boris, 440)):
        heard = loud_part(read_wav(one.heard()))
        assert is_tone(heard[:RATE_HZ], hertz)
        assert is_tone(heard[-RATE_HZ:], hertz)
    for leg in closed_legs(switch):
        if leg.leg not in before:
            assert_keys_fitted(leg)
