"""TLS and WebSocket as phones and browsers use them, against the program that people run."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.interop.conftest import PhoneMaker
from tests.interop.peers.browser import Browser, description, header
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.interop.test_baresip_calls import assert_hears, talk_for
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network

LISTEN = ("udp:127.0.0.1:5060", "tls:127.0.0.1:5061", "ws:127.0.0.1:8088", "wss:127.0.0.1:8443", "tls:[::1]:5061")
TLS_PHONE = "127.0.0.1:5061;transport=tls"


@pytest.fixture(scope="module")
def switch(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchProcess]:
    """A switch with every transport and the certificate of its first run."""
    with ends_well(SwitchProcess(space, tmp_path_factory.mktemp("encrypted"), listen=LISTEN)) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_stays(switch: SwitchProcess) -> Iterator[None]:
    yield
    switch.until_nobody_is_registered()


def trusted(switch: SwitchProcess) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=switch.directory / "var" / "tls" / "certificate.pem")


def test_a_phone_on_tls_and_one_on_udp_hear_each_other(switch: SwitchProcess, phone: PhoneMaker) -> None:
    vera, boris = phone("103", registrar=TLS_PHONE), phone("102")
    sources = {row["extension"]: row["source"] for row in switch.registrations()}
    assert sources["103"].startswith("tls:127.0.0.1:")
    talk_for(boris, vera, 3.0, number="103")
    boris.command("hangup")
    vera.until("CALL_CLOSED")
    assert_hears(vera, 620, seconds=3)
    assert_hears(boris, 850, seconds=3)
    conversation = switch.call_of("102")["conversation_id"]
    capture = switch.directory / "call.pcap"
    ladder = switch.cli("trace", conversation, "--pcap", str(capture))
    assert " INVITE (SDP) " in ladder
    assert " 200 OK " in ladder
    assert b"Authorization: (not shown)" in capture.read_bytes()
    assert b"response=" not in capture.read_bytes()
    talk_for(vera, boris, 0.5)
    boris.command("hangup")
    switch.until_at_rest()


@pytest.mark.parametrize("url", ["ws://127.0.0.1:8088/", "wss://127.0.0.1:8443/"])
def test_a_browser_registers_calls_and_is_called_and_is_gone_with_its_connection(
    url: str, switch: SwitchProcess, space: Namespace, phone: PhoneMaker
) -> None:
    boris = phone("102")
    with Browser(space, url, "101", trusted(switch) if url.startswith("wss") else None) as browser:
        assert browser.register().startswith("SIP/2.0 200")
        sources = {row["extension"]: row["source"] for row in switch.registrations()}
        assert sources["101"].startswith(url.replace("//", "")[:9])
        sdp = description("127.0.0.1", 40000)
        uri = "sip:102@127.0.0.1"
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(browser.ask, "INVITE", uri, body=sdp)
            boris.until("CALL_INCOMING")
            boris.command("accept")
            answer = asking.result(PATIENCE_S)
        assert answer.startswith("SIP/2.0 200")
        target = header(answer, "Contact").strip("<>")
        assert target.endswith(";transport=ws")
        browser.send(browser.ack(answer, target, cseq=2, branch="z9hG4bKack"))
        boris.until("CALL_ESTABLISHED")
        boris.command("hangup")
        bye = browser.receive()
        assert bye.startswith("BYE sip:101@b101.invalid;transport=ws SIP/2.0")
        _reply(browser, bye, 200)
        boris.command("dial", "101")
        invite = browser.receive()
        assert invite.startswith("INVITE sip:101@b101.invalid;transport=ws SIP/2.0")
        _reply(browser, invite, 486)
        assert browser.receive().startswith("ACK ")
        boris.until("CALL_CLOSED", count=2)
        switch.until_at_rest()


def _reply(browser: Browser, request: str, status: int) -> None:
    kept = [line for line in request.split("\r\n") if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))]
    lines = [line + ";tag=b" if line.startswith("To:") and "tag=" not in line else line for line in kept]
    browser.send(f"SIP/2.0 {status} x\r\n" + "\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n")
